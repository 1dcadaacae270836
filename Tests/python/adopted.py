"""Reads a table of payload lines with DuckDB, adopted files among them, and prints what it found as JSON.

Usage: adopted.py LAKE TABLE
"""
import json
import sys

import duckdb
from lake_reader import Lake, Snapshot


def main() -> int:
    lake, table = Lake(sys.argv[1]), sys.argv[2]
    snapshot = Snapshot(lake.commits(table))
    found = {"findings": snapshot.findings, "objects": 0, "events": 0, "sum": 0}
    for entry in snapshot.live.values():
        events, total = duckdb.execute(
            "select count(*), sum(n) from read_json(?, format='newline_delimited', columns={n: 'BIGINT'})",
            [lake.location(table, entry)]).fetchone()
        if events != entry["records"]:
            found["findings"].append(f"{entry['path']} holds {events} events, not {entry['records']}")
        found = {**found, "objects": found["objects"] + 1, "events": found["events"] + events,
                 "sum": found["sum"] + int(total)}
    print(json.dumps(found, sort_keys=True))
    return 1 if found["findings"] else 0


if __name__ == "__main__":
    sys.exit(main())
