#!/usr/bin/env python3
"""make bench-parquet: NDJSON.zst to Parquet by Varve, DuckDB and pyarrow in turn; writes a block of
docs/performance.md.

BENCH_GB   NDJSON before compression (1.0)     BENCH_ROUNDS  how often each contender runs (3)
BENCH_BIN  folder of the programs (.build/release)
"""
import json
import os
import shutil
import statistics
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "Tests", "python")]

from benchmark import measure, report  # noqa: E402

BEGIN, END = "<!-- parquet:begin -->", "<!-- parquet:end -->"
EVENT_BYTES = 688.1

DUCKDB = """
import duckdb, sys
duckdb.execute("SET memory_limit = '4GB'")
duckdb.execute("COPY (SELECT * FROM read_json(?, format = 'newline_delimited', compression = 'zstd')) TO '"
               + sys.argv[2] + "' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3)", [sys.argv[1]])
"""

# Its JSON reader takes no zstd by itself, and fails where a batch has a field that the first had not: read whole.
PYARROW = """
import pyarrow as pa, pyarrow.json as pj, pyarrow.parquet as pq, sys
with pa.input_stream(sys.argv[1], compression="zstd") as lines:
    table = pj.read_json(lines, read_options=pj.ReadOptions(block_size=64 << 20))
pq.write_table(table, sys.argv[2], compression="zstd", compression_level=3)
"""


def contenders(source: str, work: str) -> dict[str, list[str]]:
    def target(name: str) -> str:
        return os.path.join(work, name + ".parquet")
    bench = os.path.join(os.environ.get("BENCH_BIN") or os.path.join(ROOT, ".build", "release"), "varve-bench")
    return {
        "Varve": [bench, "shred", source, target("Varve")],
        "DuckDB": [sys.executable, "-c", DUCKDB, source, target("DuckDB")],
        "pyarrow": [sys.executable, "-c", PYARROW, source, target("pyarrow")],
    }


def main() -> None:
    work = tempfile.mkdtemp(prefix="varve-bench-", dir=os.environ.get("BENCH_DIR"))
    try:
        facts = measure_all(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    text = render(facts)
    report.replace(ROOT, BEGIN, END, text, "Parquet")
    print(text)


def measure_all(work: str) -> dict:
    events = int(float(os.environ.get("BENCH_GB", "1.0")) * 1e9 / EVENT_BYTES)
    source = os.path.join(work, "events.ndjson.zst")
    bench = contenders(source, work)["Varve"][0]
    measure.run(f"{bench} generate --events {events} --malformed 0 --binary 0 --tombstone 0 --out /dev/stdout"
                f" | tee >(wc -c > {work}/bytes) | zstd -3 -q -f -o {source}")
    with open(os.path.join(work, "bytes")) as file:
        raw = int(file.read())
    facts = {"events": events, "raw": raw, "source": os.path.getsize(source), "machine": report.machine(),
             "load_before": os.getloadavg()[0], "results": {}}
    for number in range(int(os.environ.get("BENCH_ROUNDS", "3"))):
        for name, command in contenders(source, work).items():
            cost = measure.run(command, log=os.path.join(work, "log"))
            row = {"cpu": cost.cpu, "wall": cost.wall, "rss": cost.peak_rss, "bytes": os.path.getsize(command[-1])}
            facts["results"].setdefault(name, []).append(row)
            print(f"round {number + 1}, {name}: {json.dumps(row)}", file=sys.stderr)
    facts["rows"] = {name: rows(command[-1]) for name, command in contenders(source, work).items()}
    facts["load_after"] = os.getloadavg()[0]
    return facts


def rows(path: str) -> int:
    import pyarrow.parquet as pq
    return pq.ParquetFile(path).metadata.num_rows


def render(facts: dict) -> str:
    import duckdb
    import pyarrow
    machine = facts["machine"]
    lines = [
        BEGIN,
        f"Commit {machine['commit']} on {machine['cpu']}, {machine['cores']} cores; DuckDB {duckdb.__version__}, "
        f"pyarrow {pyarrow.__version__}. {facts['events']:,} nested events, {facts['raw'] / 1e9:.2f} GB of NDJSON in "
        f"{facts['source'] / 1e6:.0f} MB of zstd;",
        f"medians of {len(next(iter(facts['results'].values())))} rounds in turn; load average "
        f"{facts['load_before']:.1f} before, {facts['load_after']:.1f} after.",
        "",
        "| NDJSON.zst to Parquet, zstd 3 | CPU s | seconds | peak RSS | file |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, results in facts["results"].items():
        def median(key: str) -> float:
            return statistics.median(result[key] for result in results)
        if facts["rows"][name] != facts["events"]:
            raise SystemExit(f"{name} wrote {facts['rows'][name]} rows of {facts['events']}")
        lines.append(f"| {name} | {median('cpu'):.1f} | {median('wall'):.1f} | {int(median('rss')) >> 20} MiB | "
                     f"{median('bytes') / 1e6:.1f} MB |")
    return "\n".join(lines + [END])


if __name__ == "__main__":
    main()
