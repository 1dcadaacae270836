#!/usr/bin/env python3
"""make bench-maintenance: compaction against DuckDB, and catalogs of millions of objects; writes a block of
docs/performance.md.

BENCH_GB       payload of the topic that is compacted (1.0)   BENCH_ROUNDS  how often each contender runs (3)
BENCH_OBJECTS  objects of the large catalog (10000000)        BENCH_BIN     folder of the programs (.build/release)
"""
import dataclasses
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "Tests", "servers"), os.path.join(ROOT, "Tests", "python")]

import bench  # noqa: E402
from benchmark import contenders, measure, report  # noqa: E402

BEGIN, END = "<!-- maintenance:begin -->", "<!-- maintenance:end -->"

DUCKDB = """
import duckdb, glob, os, sys
lake, out = sys.argv[1:]
duckdb.execute("SET memory_limit = '4GB'")
columns = ("{topic: 'VARCHAR', partition: 'INTEGER', \\"offset\\": 'BIGINT', timestamp: 'BIGINT', "
           "timestamp_type: 'VARCHAR', key: 'VARCHAR', headers: 'JSON', value: 'JSON'}")
for number, folder in enumerate(sorted(glob.glob(f"{lake}/bench/data/*/*/shard=*"))):
    files = sorted(glob.glob(f"{folder}/*.zst"))
    duckdb.execute(
        f"COPY (SELECT * FROM read_json({files}, format = 'newline_delimited', compression = 'zstd',"
        f" columns = {columns}) ORDER BY topic, partition, \\"offset\\") TO '{out}/{number}.parquet'"
        " (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3)")
"""


def main() -> None:
    facts = {"machine": report.machine(), "load_before": os.getloadavg()[0]}
    with bench.servers(float(os.environ.get("BENCH_GB", "1.0")), 0) as place:
        compaction(place, facts)
    work = tempfile.mkdtemp(prefix="varve-bench-", dir=os.environ.get("BENCH_DIR"))
    try:
        catalog(contenders.Place(ROOT, work, "", {}), facts)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    facts["load_after"] = os.getloadavg()[0]
    text = render(facts)
    report.replace(ROOT, BEGIN, END, text, "Maintenance")
    print(text)


def compaction(place: contenders.Place, facts: dict) -> None:
    """A lake of small objects, merged by Varve into Parquet and into lines, and by DuckDB into Parquet."""
    source, varve = os.path.join(place.work, "source"), place.release("varve")
    contenders.run_varve(place, f"file://{source}", contenders.Settings("envelope", rotate="1MiB"), {})
    listed = os.path.join(place.work, "listed.json")
    measure.run(f"{varve} manifest ls --lake file://{source} bench --output json > {listed}")
    with open(listed) as file:
        entries = json.load(file)
    facts |= {"inputs": len(entries), "stored": sum(entry["bytes"] for entry in entries),
              "raw": sum(entry["uncompressed_bytes"] for entry in entries), "compaction": {}}
    compact = [varve, "compact", "--lake", "file://{lake}", "bench", "--cold-after", "0s"]
    commands = {
        "Varve, to Parquet": [*compact, "--output-format", "parquet"],
        "Varve, to lines": compact,
        "DuckDB, to Parquet": [sys.executable, "-c", DUCKDB, "{lake}", "{out}"],
    }
    for _ in range(int(os.environ.get("BENCH_ROUNDS", "3"))):
        for name, command in commands.items():
            lake, out = os.path.join(place.work, "lake"), os.path.join(place.work, "out")
            shutil.copytree(source, lake)
            os.mkdir(out)
            before = measure.folder_bytes(os.path.join(lake, "bench", "data"))[1]
            cost = measure.run([part.replace("{lake}", lake).replace("{out}", out) for part in command],
                               log=os.path.join(place.work, "compact.log"))
            after = measure.folder_bytes(os.path.join(lake, "bench", "data"))[1]
            written = measure.folder_bytes(out)[1] or after - before
            row = dataclasses.asdict(cost) | {"cpu": cost.cpu, "written": written}
            facts["compaction"].setdefault(name, []).append(row)
            bench.say(f"{name}: {json.dumps(row)}")
            shutil.rmtree(lake)
            shutil.rmtree(out)


def catalog(place: contenders.Place, facts: dict) -> None:
    """What commands cost on a table of very many objects; reads are files opened below the table's folder."""
    lake, varve = os.path.join(place.work, "lake"), place.release("varve")
    objects = int(os.environ.get("BENCH_OBJECTS", "10000000"))
    bench.say(f"making a catalog of {objects:,} objects")
    made = time.monotonic()
    measure.run([place.release("varve-bench"), "catalog", "--lake", lake, "--objects", str(objects), "--days", "1000"])
    facts |= {"objects": objects, "made": time.monotonic() - made, "commands": {}}
    facts["catalog_bytes"] = measure.folder_bytes(lake)[1]
    table = ["--lake", f"file://{lake}"]
    commands = {
        "open and list one day": ["manifest", "ls", *table, "events", "--from", "2026-06-01T00:00:00Z",
                                  "--to", "2026-06-02T00:00:00Z"],
        "SQL over one day": ["manifest", "sql", *table, "events",
                             "select hour, count(*), sum(bytes) from objects group by hour",
                             "--from", "2026-06-01T00:00:00Z", "--to", "2026-06-02T00:00:00Z"],
        "the newest 20 commits": ["manifest", "log", *table, "events", "--limit", "20"],
        "planning a compaction of a week": ["compact", *table, "events", "--plan", "--cold-after", "0s",
                                            "--from-hour", "2026-06-01/00", "--to-hour", "2026-06-07/23"],
    }
    for name, command in commands.items():
        costs = [measure.run([varve, *command]) for _ in range(3)]
        reads = opened(place, [varve, *command], lake)
        facts["commands"][name] = {
            "wall": statistics.median(cost.wall for cost in costs), "rss": max(cost.peak_rss for cost in costs),
            "reads": reads}
        bench.say(f"{name}: {json.dumps(facts['commands'][name])}")


def opened(place: contenders.Place, command: list[str], lake: str) -> int | None:
    """Files below the lake that a command opens for reading, once more under strace(1); None without it."""
    if not shutil.which("strace"):
        return None
    log = os.path.join(place.work, "strace.log")
    measure.run(["strace", "-f", "-e", "trace=open,openat", "-o", log, *command])
    with open(log) as file:
        return sum(1 for line in file if re.search(r"\.(json|zst|ndjson)[^/]*\", O_RDONLY", line) and lake in line
                   and "ENOENT" not in line)


def render(facts: dict) -> str:
    machine = facts["machine"]
    lines = [
        BEGIN,
        f"Commit {machine['commit']} on {machine['cpu']}, {machine['cores']} cores; load average "
        f"{facts['load_before']:.1f} before, {facts['load_after']:.1f} after.", "",
        f"Compaction of {facts['inputs']:,} objects of envelope lines, {facts['stored'] / 1e6:.0f} MB compressed, "
        f"{facts['raw'] / 1e9:.2f} GB of lines; medians of "
        f"{len(next(iter(facts['compaction'].values())))} rounds in turn.",
        "", "| zstd 3, sorted by offset | MB/s per core | CPU s | seconds | peak RSS | written |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, rows in facts["compaction"].items():
        def median(key: str) -> float:
            return statistics.median(row[key] for row in rows)
        lines.append(f"| {name} | {facts['raw'] / 1e6 / median('cpu'):.0f} | {median('cpu'):.1f} | "
                     f"{median('wall'):.1f} | {int(median('peak_rss')) >> 20} MiB | {median('written') / 1e6:.0f} MB |")
    lines += [
        "", f"A catalog of {facts['objects']:,} objects over 1,000 days, in a directory: "
        f"{facts['catalog_bytes'] / 1e6:.0f} MB, made by commits of 20,000 objects in {facts['made']:.0f} s.", "",
        "| | seconds | files read | peak RSS |", "| --- | ---: | ---: | ---: |",
    ]
    for name, row in facts["commands"].items():
        lines.append(f"| {name} | {row['wall']:.2f} | {row['reads'] if row['reads'] is not None else '–'} | "
                     f"{row['rss'] >> 20} MiB |")
    return "\n".join(lines + [END])


if __name__ == "__main__":
    main()
