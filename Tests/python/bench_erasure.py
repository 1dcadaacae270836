#!/usr/bin/env python3
"""make bench-erasure: looking for the events of one user in a table of Parquet objects, with Bloom filters and without;
writes a block of docs/performance.md.

BENCH_OBJECTS  objects, one an hour (300)   BENCH_EVENTS  events in each (10000)
BENCH_ROUNDS   how often each is run (3)    BENCH_BIN     folder of the programs (.build/release)
"""
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "Tests", "python")]

from benchmark import contenders, measure, report  # noqa: E402

BEGIN, END = "<!-- erasure:begin -->", "<!-- erasure:end -->"

CONFIGURATION = """
lake: "file://{lake}"
tables:
  - name: events
    compact: {{ format: parquet, cold_after: 0s }}
    schema: {{ infer: true }}
    parquet: {{ bloom_filters: [{filters}] }}
"""


def main() -> None:
    facts = {"machine": report.machine(), "load_before": os.getloadavg()[0], "rows": {}, "stored": {}}
    work = tempfile.mkdtemp(prefix="varve-bench-", dir=os.environ.get("BENCH_DIR"))
    try:
        run(contenders.Place(ROOT, work, "", {}), facts)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    facts["load_after"] = os.getloadavg()[0]
    text = render(facts)
    report.replace(ROOT, BEGIN, END, text, "Erasures")
    print(text)


def run(place: contenders.Place, facts: dict) -> None:
    objects, events = (int(os.environ.get(name, value)) for name, value in
                       (("BENCH_OBJECTS", "300"), ("BENCH_EVENTS", "10000")))
    varve, source = place.release("varve"), os.path.join(place.work, "source")
    made = subprocess.run(
        [place.release("varve-bench"), "lines", "--lake", source, "--objects", str(objects), "--events", str(events)],
        check=True, capture_output=True, text=True)
    facts |= {"objects": objects, "events": objects * events}
    condition = f"user.id = '{made.stdout.strip()}'"
    lakes = {}
    for name, filters in (("with Bloom filters", "user.id"), ("without", "")):
        lake = os.path.join(place.work, name.replace(" ", "-"))
        shutil.copytree(source, lake)
        lakes[name] = f"{lake}.yaml"
        with open(lakes[name], "w") as file:
            file.write(CONFIGURATION.format(lake=lake, filters=filters))
        cost = measure.run([varve, "compact", "--config", lakes[name]])
        facts["stored"][name] = {"cpu": cost.cpu, "bytes": listed(varve, lakes[name])}
        print(name, json.dumps(facts["stored"][name]), flush=True)
    cases = {
        "with Bloom filters": (lakes["with Bloom filters"], []), "without Bloom filters": (lakes["without"], []),
        "`--read-all`": (lakes["with Bloom filters"], ["--read-all"]),
    }
    erase = [varve, "erase", "--table", "events", "--where", condition]
    for _ in range(int(os.environ.get("BENCH_ROUNDS", "3"))):
        for name, (config, flags) in cases.items():
            facts["rows"].setdefault(name, []).append(one(place, name, [*erase, "--config", config, *flags]))
    certificate = os.path.join(place.work, "certificate.json")
    for name in ("with Bloom filters", "without"):
        case = f"erased, {name}"
        command = [*erase, "--config", lakes[name], "--yes", "--certificate", f"{certificate}.{name}"]
        facts["rows"][case] = [one(place, case, command)]


def listed(varve: str, config: str) -> int:
    """Bytes of live objects."""
    done = subprocess.run([varve, "manifest", "ls", "--config", config, "events", "--output", "json"],
                          check=True, capture_output=True, text=True)
    return sum(entry["bytes"] for entry in json.loads(done.stdout))


def one(place: contenders.Place, name: str, command: list[str]) -> dict:
    """Runs an erasure, or its plan; what it says of itself, and what it cost."""
    log = os.path.join(place.work, "erase.log")
    if os.path.exists(log):
        os.remove(log)
    cost = measure.run(command, log=log)
    with open(log, errors="replace") as file:
        said = file.read()

    def number(pattern: str) -> str:
        found = re.search(pattern, said)
        if not found:
            raise SystemExit(f"{name}: nothing like '{pattern}' in: {said[-600:]}")
        return found.group(1)

    row = {
        "matches": int(number(r"events: (\d+) events in")), "matching": int(number(r"events in (\d+) objects match")),
        "bounds": int(number(r"ruled out: (\d+) objects by their bounds")),
        "filtered": int(number(r"catalog, (\d+) by their own")), "asked": number(r"Bloom filters \((.+?) of those"),
        "read": int(number(r"read: (\d+) objects")), "bytes": number(r"read: \d+ objects, (.+?), \d+ requests"),
        "requests": int(number(r"(\d+) requests in all")), "wall": cost.wall, "cpu": cost.cpu, "rss": cost.peak_rss,
    }
    print(name, json.dumps(row), flush=True)
    return row


def render(facts: dict) -> str:
    machine, stored = facts["machine"], facts["stored"]
    first = next(iter(facts["rows"].values()))[0]
    lines = [
        BEGIN,
        f"Commit {machine['commit']} on {machine['cpu']}, {machine['cores']} cores; load average "
        f"{facts['load_before']:.1f} before, {facts['load_after']:.1f} after.", "",
        f"{facts['objects']:,} Parquet objects of an hour each, {facts['events']:,} events, in a directory: "
        f"{stored['with Bloom filters']['bytes'] / 1e6:.1f} MB with filters on `user.id`, "
        f"{stored['without']['bytes'] / 1e6:.1f} MB without. One of 200,000 users has {first['matches']} events in "
        f"{first['matching']} objects. Medians of {len(next(iter(facts['rows'].values())))} plans in turn; "
        "*erased* is one run each, with what it writes anew.", "",
        "| | ruled out by the catalog | by footer and filters | read | bytes asked | bytes read | requests | seconds |"
        " CPU s | peak RSS |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, rows in facts["rows"].items():
        row = rows[0]
        lines.append(
            f"| {name} | {row['bounds']} | {row['filtered']} | {row['read']} | {row['asked']} | {row['bytes']} | "
            f"{row['requests']} | {statistics.median(r['wall'] for r in rows):.2f} | "
            f"{statistics.median(r['cpu'] for r in rows):.2f} | {max(r['rss'] for r in rows) >> 20} MiB |")
    return "\n".join(lines + [END])


if __name__ == "__main__":
    main()
