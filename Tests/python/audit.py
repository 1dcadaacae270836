#!/usr/bin/env python3
"""audit.py LAKE TABLE LEDGER [--payloads]: compares a lake with what was produced. None missing, none twice.

Reads the catalog's log by itself and the objects with DuckDB, so that nothing of Varve judges Varve. The lake must be
in the envelope format or in Parquet. Prints a summary as JSON; exits 1 where anything is wrong.
"""
import argparse
import base64
import collections
import json
import sys
from typing import NamedTuple

import duckdb

import parquet_objects
from lake_reader import Lake, Snapshot

FINDINGS_SHOWN_MAX = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lake", help="file:///directory or s3://bucket/prefix")
    parser.add_argument("table")
    parser.add_argument("ledger", help="as produce.py writes it")
    parser.add_argument("--payloads", action="store_true", help="compare keys and values too")
    parser.add_argument("--erased", default="", help="keys, with commas, of which no event may be left")
    parser.add_argument("--expired-before", type=int, default=0, help="older events may be gone: ms since 1970")
    options = parser.parse_args()
    lake = Lake(options.lake)
    removed = Removed([key.encode() for key in options.erased.split(",") if key], options.expired_before)
    try:
        summary = audit(lake, options.table, options.ledger, options.payloads, removed)
    finally:
        lake.close()
    print(json.dumps(summary))
    return 1 if summary["findings"] else 0


class Removed(NamedTuple):
    """What was taken out of the lake on purpose."""
    keys: list[bytes]
    before: int

    def is_erased(self, event: dict) -> bool:
        return decoded(event["key"]) in self.keys

    def may_be_gone(self, event: dict) -> bool:
        return self.is_erased(event) or event.get("timestamp", 0) < self.before


def audit(lake: Lake, table: str, ledger_path: str, payloads: bool, removed: Removed = Removed([], 0)) -> dict:
    commits = lake.commits(table)
    snapshot = Snapshot(commits)
    findings = list(snapshot.findings)
    found = read_events(lake, table, snapshot, findings)
    with open(ledger_path) as file:
        ledger = [json.loads(line) for line in file]
    produced = {(e["topic"], e["partition"], e["offset"]): e for e in ledger}

    counts = collections.Counter((topic, partition, offset) for topic, partition, offset, *_ in found)
    for where, count in counts.items():
        if where not in produced:
            findings.append(f"never produced: {where}")
        if count > 1:
            findings.append(f"{count} times in the lake: {where}")
    gone = [where for where in produced if where not in counts]
    findings += [f"missing: {where}" for where in gone if not removed.may_be_gone(produced[where])]
    left = [where for where in produced if where in counts and removed.is_erased(produced[where])]
    findings += [f"erased, but in the lake: {where}" for where in left]
    for where, offset in snapshot.next.items():
        last = max((o for t, p, o in produced if (t, p) == where), default=-1)
        if last >= 0 and offset != last + 1:
            findings.append(f"{where}: the catalog's next offset is {offset}, produced were events up to {last}")
    if payloads:
        findings += compare_payloads(found, produced)
    return {
        "commits": len(commits), "objects": len(snapshot.live), "produced": len(produced), "found": len(found),
        "removed": len(gone),
        "sides": dict(collections.Counter(entry["side"] for entry in snapshot.live.values())),
        "findings": findings[:FINDINGS_SHOWN_MAX], "findings_count": len(findings),
    }


def read_events(lake: Lake, table: str, snapshot: Snapshot, findings: list[str]) -> list[tuple]:
    """(topic, partition, offset, key, value) of every event in every live object, side tables included."""
    found = []
    connection = duckdb.connect()
    for path, entry in snapshot.live.items():
        if entry["format"] == "parquet":
            found += read_parquet(lake.path(table, path), path, entry, findings)
            continue
        try:
            rows = connection.execute(
                "SELECT json FROM read_ndjson_objects(?, compression = 'zstd', maximum_object_size = 134217728)",
                [lake.path(table, path)]).fetchall()
        except duckdb.Error as error:
            findings.append(f"{path}: {str(error).splitlines()[0]}")
            continue
        if len(rows) != entry["records"]:
            findings.append(f"{path}: {len(rows)} events, the catalog says {entry['records']}")
        events = [json.loads(row[0]) for row in rows]
        found += [(e["topic"], e["partition"], e["offset"], field(e, "key"), field(e, "value")) for e in events]
    return found


def read_parquet(file: str, path: str, entry: dict, findings: list[str]) -> list[tuple]:
    try:
        events = parquet_objects.read_events(file)
    except (ValueError, OSError, duckdb.Error) as error:
        findings.append(f"{path}: {str(error).splitlines()[0]}")
        return []
    if len(events) != entry["records"]:
        findings.append(f"{path}: {len(events)} events, the catalog says {entry['records']}")
    return [
        (e["topic"], e["partition"], e["offset"], e["key"], e["value"], e["timestamp"], parquet_objects.headers(e))
        for e in events]


def field(event: dict, name: str) -> bytes | None:
    """Key or value of an envelope, as the bytes that were produced; JSON values as what they mean."""
    if f"{name}_base64" in event:
        return base64.b64decode(event[f"{name}_base64"])
    value = event.get(name)
    if name == "key":
        return None if value is None else value.encode()
    return None if event.get("tombstone") else json.dumps(value, sort_keys=True).encode()


def compare_payloads(found: list[tuple], produced: dict) -> list[str]:
    findings = []
    for topic, partition, offset, key, value, *more in found:
        event = produced.get((topic, partition, offset))
        if event is None:
            continue
        if key != decoded(event["key"]):
            findings.append(f"another key: {(topic, partition, offset)}")
        if value != decoded(event["value"]) and value != canonical(decoded(event["value"])):
            findings.append(f"another value: {(topic, partition, offset)}")
        if more and "headers" in event:
            findings += compare_rest((topic, partition, offset), event, *more)
    return findings


def compare_rest(where: tuple, event: dict, timestamp, headers: list) -> list[str]:
    findings = []
    if int(timestamp.timestamp() * 1000 + 0.5) != event["timestamp"]:
        findings.append(f"another timestamp: {where}")
    if headers != [[name, decoded(value)] for name, value in event["headers"]]:
        findings.append(f"other headers: {where}")
    return findings


def decoded(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def canonical(data: bytes | None) -> bytes | None:
    """A JSON payload in the form that `field` gives; other payloads as they are."""
    if data is None:
        return None
    try:
        return json.dumps(json.loads(data), sort_keys=True).encode()
    except ValueError:
        return data


if __name__ == "__main__":
    sys.exit(main())
