#!/usr/bin/env python3
"""make bench: measures Varve against the pipe and the floor in one run, and writes docs/performance.md.

BENCH_GB     payload of the topic (1.5)          BENCH_ROUNDS  how often each contender runs (3)
BENCH_ONLY   names of contenders, with commas     BENCH_GROWTH_GB  read so much in one go for the memory curve (0: not)
BENCH_BIN    folder of the programs (.build/release)
"""
import contextlib
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "Tests", "servers"), os.path.join(ROOT, "Tests", "python")]

from benchmark import contenders, report, single  # noqa: E402
from benchmark.contenders import Settings  # noqa: E402
from supervisor import up  # noqa: E402
from supervisor.process import stop_all  # noqa: E402

EVENT_BYTES = 688.1
CONTENDERS = {
    "pipe": contenders.pipe,
    "floor": contenders.floor,
    "varve, value, local": lambda place: contenders.varve_local(place, Settings("value")),
    "varve, envelope, local": lambda place: contenders.varve_local(place, Settings("envelope")),
    "varve, Parquet, local": lambda place: contenders.varve_local(place, Settings("parquet")),
    "varve, value, S3": lambda place: contenders.varve_s3(place, Settings("value")),
    "varve, envelope, S3": lambda place: contenders.varve_s3(place, Settings("envelope")),
}


def main() -> None:
    size = float(os.environ.get("BENCH_GB", "1.5"))
    growth = float(os.environ.get("BENCH_GROWTH_GB", "0"))
    rounds = int(os.environ.get("BENCH_ROUNDS", "3"))
    only = [name for name in os.environ.get("BENCH_ONLY", "").split(",") if name]
    with servers(size, growth) as place:
        facts = {"machine": report.machine(), "rounds": rounds, "load_before": os.getloadavg()[0],
                 "events": place.events, "payload_bytes": place.payload_bytes, "results": {}}
        measure_all(place, facts, rounds, only)
        for name in ("thousand_objects", "requests_per_object", "binary", "start_up"):
            say(name.replace("_", " "))
            facts[name] = getattr(single, name)(place)
        if growth:
            say(f"memory over {growth:.0f} GB")
            repeated = place.seaweed["VARVE_TEST_MEMKAFKA_REPEATED"]
            facts["growth"] = single.growth(place, repeated, int(place.payload_bytes * repeats(size, growth)))
        facts["load_after"] = os.getloadavg()[0]
        report.write(facts, ROOT)
        print(report.render(facts))


def measure_all(place: contenders.Place, facts: dict, rounds: int, only: list[str]) -> None:
    names = [name for name in CONTENDERS if not only or name in only or name == "pipe"]
    for number in range(rounds):
        for name in names:
            result = CONTENDERS[name](place)
            row = dataclasses.asdict(result.cost) | {
                "cpu": result.cost.cpu, "stored": result.stored_bytes, "objects": result.objects,
                "requests": result.requests}
            facts["results"].setdefault(name, []).append(row)
            say(f"round {number + 1}, {name}: {row['cpu']:.1f} CPU s, {row['wall']:.1f} s, "
                f"{row['peak_rss'] >> 20} MiB")


def repeats(size: float, growth: float) -> int:
    return max(1, round(growth / size))


@contextlib.contextmanager
def servers(size: float, growth: float):
    """A broker with the topic filled, a store, and a folder; all gone at the end."""
    work = tempfile.mkdtemp(prefix="varve-bench-", dir=os.environ.get("BENCH_DIR"))
    try:
        os.environ["VARVE_MEMKAFKA_OPTIONS"] = "--topic bench:8 --topic empty:8"
        environment = up("memkafka", os.path.join(work, "servers")) | up("seaweed", os.path.join(work, "servers"))
        place = contenders.Place(ROOT, work, environment["VARVE_TEST_MEMKAFKA"], environment)
        fill(place, place.brokers, size)
        if growth:
            os.environ["VARVE_MEMKAFKA_OPTIONS"] = f"--topic bench:8 --repeat {repeats(size, growth)}"
            repeated = up("memkafka", os.path.join(work, "repeated"))["VARVE_TEST_MEMKAFKA"]
            environment["VARVE_TEST_MEMKAFKA_REPEATED"] = repeated
            fill(place, repeated, size)
        yield place
    finally:
        stop_all(os.path.join(work, "servers"))
        stop_all(os.path.join(work, "repeated"))
        shutil.rmtree(work, ignore_errors=True)


def fill(place: contenders.Place, brokers: str, size: float) -> None:
    events = int(size * 1e9 / EVENT_BYTES)
    say(f"producing {events:,} events")
    done = subprocess.run(
        [place.release("varve-bench"), "produce", "--brokers", brokers, "--topic", "bench", "--events", str(events)],
        capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    answer = json.loads(done.stdout)
    place.events, place.payload_bytes = answer["events"], answer["payload_bytes"]


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
