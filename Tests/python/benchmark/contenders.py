"""The programs that read the same topic: the pipe, the floor, and Varve with several settings."""
import dataclasses
import json
import os
import shutil
import urllib.request

from benchmark import measure

CONFIG = """lake: {lake}
kafka: {{ brokers: "{brokers}", group: "{group}" }}
memory: 512MiB
server: {{ listen: off }}
tables:
  - name: bench
    topics: [{topic}]
    format: {format}
    partition: {{ shards: {shards}, shard_by: {shard_by} }}
    rotate: {{ bytes: {bytes} }}
    late: {{ after: 1h, policy: accept }}
"""


@dataclasses.dataclass
class Place:
    """Where things are in this run."""
    root: str
    work: str
    brokers: str
    seaweed: dict[str, str]
    payload_bytes: int = 0
    events: int = 0
    runs: int = 0

    def release(self, program: str) -> str:
        return os.path.join(os.environ.get("BENCH_BIN") or os.path.join(self.root, ".build", "release"), program)


@dataclasses.dataclass
class Result:
    cost: measure.Cost
    stored_bytes: int
    objects: int = 0
    requests: int = 0


def pipe(place: Place) -> Result:
    target = os.path.join(place.work, "pipe.zst")
    cost = measure.run(f"kcat -C -e -q -b {place.brokers} -t bench -o beginning | zstd -3 -T1 -q -f -o {target}")
    return _file(cost, target)


def floor(place: Place) -> Result:
    target = os.path.join(place.work, "floor.zst")
    cost = measure.run([
        place.release("varve-bench"), "floor", "--brokers", place.brokers, "--topic", "bench", "--out", target])
    return _file(cost, target)


@dataclasses.dataclass
class Settings:
    """What varies between the runs of Varve."""
    format: str = "value"
    shards: int = 4
    shard_by: str = "partition"
    rotate: str = "128MiB"
    topic: str = "bench"


def varve_local(place: Place, settings: Settings) -> Result:
    lake = os.path.join(place.work, "lake")
    cost = run_varve(place, f"file://{lake}", settings, {})
    check_complete(place, events_in_log(lake))
    objects, stored = measure.folder_bytes(lake, ".parquet" if settings.format == "parquet" else ".ndjson.zst")
    shutil.rmtree(lake)
    return Result(cost, stored, objects)


def varve_s3(place: Place, settings: Settings) -> Result:
    bucket = place.seaweed["VARVE_TEST_BUCKET"]
    environment = {
        "AWS_ACCESS_KEY_ID": place.seaweed["VARVE_TEST_SEAWEED_ACCESS_KEY"],
        "AWS_SECRET_ACCESS_KEY": place.seaweed["VARVE_TEST_SEAWEED_SECRET_KEY"],
        "VARVE_S3_ENDPOINT": place.seaweed["VARVE_TEST_SEAWEED"],
    }
    lake = f"s3://{bucket}/bench-{place.runs}"
    before = s3_requests(place)
    cost = run_varve(place, lake, settings, environment)
    requests = s3_requests(place) - before
    if settings.topic == "empty":
        return Result(cost, 0, 0, requests)
    listed = _listed(place, lake, environment)
    return Result(cost, sum(entry["bytes"] for entry in listed), len(listed), requests)


def run_varve(place: Place, lake: str, settings: Settings, env: dict[str, str]) -> measure.Cost:
    place.runs += 1
    config = os.path.join(place.work, f"varve-{place.runs}.yaml")
    with open(config, "w") as file:
        file.write(CONFIG.format(
            lake=lake, brokers=place.brokers, group=f"bench-{place.runs}", format=settings.format,
            shards=settings.shards, shard_by=settings.shard_by, bytes=settings.rotate, topic=settings.topic))
    log = os.path.join(place.work, f"varve-{place.runs}.log")
    return measure.run([place.release("varve"), "run", "--once", "--config", config], env, log)


def _listed(place: Place, lake: str, env: dict[str, str]) -> list[dict]:
    output = os.path.join(place.work, "objects.json")
    measure.run(f"{place.release('varve')} manifest ls --lake {lake} bench --output json > {output}", env)
    with open(output) as file:
        entries = json.load(file)
    check_complete(place, sum(entry["records"] for entry in entries))
    return entries


def events_in_log(lake: str) -> int:
    """The events that a local lake's log adds up to; the log is read without Varve."""
    folder = os.path.join(lake, "bench", "_varve", "log")
    total = 0
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as file:
            total += sum(entry["records"] for entry in json.load(file)["add"])
    return total


def check_complete(place: Place, found: int) -> None:
    if found != place.events:
        raise SystemExit(f"the lake holds {found} events, the topic {place.events}")


def s3_requests(place: Place) -> int:
    """Requests that SeaweedFS counted."""
    with urllib.request.urlopen(place.seaweed["VARVE_TEST_SEAWEED_METRICS"]) as answer:
        text = answer.read().decode()
    lines = [line for line in text.splitlines() if line.startswith("SeaweedFS_s3_request_total")]
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines)


def _file(cost: measure.Cost, path: str) -> Result:
    stored = os.path.getsize(path)
    os.remove(path)
    return Result(cost, stored)
