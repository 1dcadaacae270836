"""Reads the events of Varve's Parquet objects with DuckDB and pyarrow, which have to agree."""
import datetime
import json
import uuid

import duckdb
import pyarrow.parquet as pq

KAFKA = ["topic", "partition", "offset", "timestamp", "timestamp_type", "key", "headers"]


def read_events(path: str) -> list[dict]:
    """One dictionary for each row: the Kafka columns, `value` in bytes, and whether it is the payload byte for byte."""
    file = pq.ParquetFile(path)
    metadata = file.schema_arrow.metadata or {}
    rows = file.read().to_pylist()
    is_raw = metadata.get(b"varve.raw") == b"1"
    if not is_raw and metadata.get(b"varve.shredded") != b"1":
        raise ValueError(f"{path}: neither raw nor shredded")
    check_with_duckdb(path, rows, "" if is_raw else "_")
    return [raw(row) if is_raw else shredded(row) for row in rows]


def check_with_duckdb(path: str, rows: list[dict], prefix: str) -> None:
    columns = ", ".join(f'"{prefix}{name}"' for name in ["topic", "partition", "offset", "key"])
    others = duckdb.connect().execute(f"SELECT {columns} FROM read_parquet(?)", [path]).fetchall()
    ours = [tuple(row[prefix + name] for name in ["topic", "partition", "offset", "key"]) for row in rows]
    if others != ours:
        raise ValueError(f"{path}: DuckDB and pyarrow read different rows")


def raw(row: dict) -> dict:
    event = {name: row[name] for name in KAFKA}
    if row["value"] is not None and row["value_binary"] is not None:
        raise ValueError(f"two values at offset {row['offset']}")
    text = row["value"]
    event["value"] = row["value_binary"] if text is None else text.encode()
    if text is not None:
        json.loads(text)
    return event


def shredded(row: dict) -> dict:
    event = {name: row["_" + name] for name in KAFKA}
    payload = without_nulls({name: value for name, value in row.items() if not name.startswith("_")})
    for pointer, value in json.loads(row["_rest"] or "{}").items():
        payload = put(payload, pointer, value)
    event["value"] = json.dumps(payload, sort_keys=True).encode()
    return event


def without_nulls(value):
    """Members that are null look as if they were not there; elements of lists stay."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        # A map comes as pairs.
        if value and all(isinstance(item, tuple) for item in value):
            return {name: without_nulls(item) for name, item in value}
        return [without_nulls(item) for item in value]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, (datetime.date, uuid.UUID)):
        return str(value)
    return value


def put(payload, pointer: str, value):
    if pointer == "":
        return value
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/")]
    target = payload
    for step in steps[:-1]:
        target = target[int(step)] if isinstance(target, list) else target.setdefault(step, {})
    last = steps[-1]
    if isinstance(target, list):
        target[int(last)] = value
    else:
        target[last] = value
    return payload


def headers(event: dict) -> list[list]:
    """Names and values in order, names that are no text as bytes."""
    return [[h["name"] if h["name"] is not None else h["name_binary"], h["value"]] for h in event["headers"] or []]
