"""Readers of other makers judge what Varve writes: envelope and value lines, and objects of several zstd frames.

`swift test` writes the sample objects to .build/sample-objects; the golden lines are in schemas/golden.
"""
import base64
import io
import json
import pathlib
import re
import shutil
import subprocess

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
SAMPLES = REPOSITORY / ".build" / "sample-objects"
GOLDEN = REPOSITORY / "schemas" / "golden"
ENVELOPES = SAMPLES / "envelope.ndjson.zst"
VALUES = SAMPLES / "value.ndjson.zst"
RAW = SAMPLES / "raw.parquet"
needs_samples = pytest.mark.skipif(not ENVELOPES.exists(), reason="no sample objects: run swift test first")
COLUMNS = {
    "topic": "VARCHAR", "partition": "INTEGER", "offset": "BIGINT", "timestamp": "BIGINT",
    "timestamp_type": "VARCHAR", "key": "VARCHAR", "key_base64": "VARCHAR", "headers": "JSON",
    "tombstone": "BOOLEAN", "value_base64": "VARCHAR", "value_breaks": "BIGINT[]", "value": "JSON",
}


def decompressed(path):
    zstandard = pytest.importorskip("zstandard")
    with open(path, "rb") as file:
        return zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()


def lines(path):
    content = decompressed(path)
    assert content.endswith(b"\n")
    return content[:-1].split(b"\n")


def expected_events():
    return [json.loads(line) for line in open(SAMPLES / "events.ndjson")]


def text_or_bytes(fields, name):
    if name + "_base64" in fields:
        return base64.b64decode(fields[name + "_base64"], validate=True).hex()
    return None if fields[name] is None else fields[name].encode().hex()


def restore(line):
    """An event from its line by docs/formats.md alone."""
    fields = json.loads(line)
    event = {name: fields[name] for name in ("topic", "partition", "offset", "timestamp", "timestamp_type")}
    event["key"] = text_or_bytes(fields, "key")
    event["headers"] = [
        [text_or_bytes(header, "name"), text_or_bytes(header, "value")] for header in fields.get("headers", [])
    ]
    if fields.get("tombstone"):
        event["value"] = None
    elif "value_base64" in fields:
        event["value"] = text_or_bytes(fields, "value")
    else:
        event["value"] = raw_value(line, fields.get("value_breaks", [])).hex()
    return event


def raw_value(line, breaks):
    """The bytes behind the value's label up to the line's last brace, with its line breaks put back."""
    rest = skip_to_value(line.decode()).encode()
    value = bytearray(rest[len(b'"value":') : -1])
    place = -1
    for gap in breaks:
        place += gap
        value[place] = {0x20: 0x0A, 0x09: 0x0D}[value[place]]
    return bytes(value)


def skip_to_value(text):
    """The line from `"value":` on: one member after the other is read over."""
    decoder, place = json.JSONDecoder(), 1
    while True:
        name, after = decoder.raw_decode(text, place)
        if name == "value":
            return text[place:]
        _, place = decoder.raw_decode(text, after + 1)
        assert text[place] == ","
        place += 1


@needs_samples
def test_every_event_can_be_restored_from_its_line_by_the_documentation():
    found = [restore(line) for line in lines(ENVELOPES)]
    assert found == expected_events()


@needs_samples
@pytest.mark.parametrize("path", [ENVELOPES, VALUES], ids=["envelope", "value"])
def test_every_line_is_strict_json(path):
    orjson = pytest.importorskip("orjson")
    for line in lines(path):
        json.loads(line)
        orjson.loads(line)


@pytest.mark.parametrize("name", ["envelope.v1.ndjson", "dead-letter.v1.ndjson"])
def test_golden_lines_keep_the_schema(name):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((REPOSITORY / "schemas" / "envelope.v1.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    order = list(schema["properties"])
    for line in (GOLDEN / name).read_bytes().splitlines():
        fields = json.loads(line)
        validator.validate(fields)
        places = [order.index(field) for field in fields]
        assert places == sorted(places)


@needs_samples
def test_sample_lines_keep_the_schema():
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((REPOSITORY / "schemas" / "envelope.v1.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    for line in lines(ENVELOPES)[:2000]:
        validator.validate(json.loads(line))


@needs_samples
def test_duckdb_reads_the_object_whole():
    duckdb = pytest.importorskip("duckdb")
    rows = duckdb.execute(
        f"select * from read_json('{ENVELOPES}', format='newline_delimited', compression='zstd', columns={COLUMNS})"
    ).fetchall()
    expected = expected_events()
    assert [(row[0], row[1], row[2], row[3]) for row in rows] == [
        (event["topic"], event["partition"], event["offset"], event["timestamp"]) for event in expected
    ]


@needs_samples
def test_duckdb_reads_values_whole():
    duckdb = pytest.importorskip("duckdb")
    count = duckdb.execute(
        f"select count(*) from read_json_objects('{VALUES}', format='newline_delimited', compression='zstd')"
    ).fetchone()[0]
    assert count == len(lines(VALUES))


@needs_samples
def test_pyarrow_decompresses_every_frame():
    pyarrow = pytest.importorskip("pyarrow")
    with pyarrow.input_stream(str(ENVELOPES), compression="zstd") as stream:
        assert stream.read() == decompressed(ENVELOPES)


@needs_samples
def test_polars_reads_every_line_without_huge_integers():
    polars = pytest.importorskip("polars")
    schema = {
        "topic": polars.String, "partition": polars.Int32, "offset": polars.Int64, "timestamp": polars.Int64,
    }
    # Its JSON parser refuses integers beyond 64 bits, wherever they stand: docs/formats.md says so.
    readable = [line for line in lines(ENVELOPES) if not re.search(rb"[0-9]{19}", line)]
    assert len(readable) > 10_000
    frame = polars.read_ndjson(io.BytesIO(b"\n".join(readable)), schema=schema)
    assert frame["offset"].to_list() == [json.loads(line)["offset"] for line in readable]


@needs_samples
@pytest.mark.skipif(not shutil.which("zstd"), reason="no zstd command")
def test_the_zstd_command_takes_the_object():
    subprocess.run(["zstd", "-q", "-t", str(ENVELOPES)], check=True)
    output = subprocess.run(["zstd", "-q", "-d", "-c", str(ENVELOPES)], check=True, capture_output=True).stdout
    assert output == decompressed(ENVELOPES)


def restored_time(milliseconds, kind):
    """Timestamp and type by docs/parquet.md alone: numbers that are no times stand with the type."""
    kind, _, number = kind.partition(":")
    return (int(number) if number else milliseconds), kind


@needs_samples
def test_duckdb_reads_every_column_of_a_raw_table_whatever_the_timestamps():
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    rows = connection.execute(
        f"select columns(*)::varchar from read_parquet('{RAW}')").fetchall()
    times = connection.execute(
        f'select "offset", epoch_ms("timestamp"), timestamp_type from read_parquet(\'{RAW}\')').fetchall()
    expected = expected_events()
    assert len(rows) == len(expected)
    assert [(offset, *restored_time(time, kind)) for offset, time, kind in times] == [
        (event["offset"], event["timestamp"], event["timestamp_type"]) for event in expected
    ]


@needs_samples
def test_polars_and_pyarrow_print_every_timestamp_of_a_raw_table():
    polars = pytest.importorskip("polars")
    parquet = pytest.importorskip("pyarrow.parquet")
    frame = polars.read_parquet(RAW, columns=["timestamp"])
    assert len(str(frame["timestamp"].cast(polars.String).to_list())) > 0
    column = parquet.read_table(RAW, columns=["timestamp"])["timestamp"]
    assert column.to_pylist() == frame["timestamp"].to_list()
