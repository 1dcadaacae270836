"""What pyarrow, DuckDB and polars make of Parquet files, in one canonical JSON: the tests' judge.

    parquet_reference.py check DIR        compares DIR/*.parquet with DIR/*.json, by all three readers
    parquet_reference.py write DIR SEED   writes files of random tables by all three, each with its .json
    parquet_reference.py dump FILE...     prints what pyarrow reads
    parquet_reference.py bloom FILE COLUMN VALUE...  prints what DuckDB finds excluded by Bloom filters
    parquet_reference.py count FILE COLUMN VALUE...  prints how many rows DuckDB and pyarrow find with each value

Canonical: integers and booleans as they are, floats and bytes as hex of their little-endian or own bytes, decimals as
unscaled integers, times and timestamps as nanoseconds, structures as lists of their fields, maps as lists of pairs.
"""
import decimal
import json
import pathlib
import random
import struct
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def canonical_array(array):
    """The values of an Arrow array as canonical JSON values."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        array, kind = array.storage, array.type.storage_type
    types = pa.types
    if types.is_dictionary(kind):
        return canonical_array(array.dictionary_decode())
    if types.is_null(kind):
        return [None] * len(array)
    if types.is_struct(kind):
        fields = [canonical_array(array.field(i)) for i in range(kind.num_fields)]
        return [[f[i] for f in fields] if array[i].is_valid else None for i in range(len(array))]
    if types.is_map(kind):
        keys, items = canonical_array(array.keys), canonical_array(array.items)
        start = array.offsets[0].as_py() if len(array.offsets) else 0
        return lists(array, [list(pair) for pair in zip(keys, items)], start)
    if types.is_fixed_size_list(kind):
        values = canonical_array(array.flatten())
        return lists_by(array, values)
    if types.is_list(kind) or types.is_large_list(kind):
        start = array.offsets[0].as_py() if len(array.offsets) else 0
        return lists(array, canonical_array(array.values)[start:], start)
    if types.is_string_view(kind):
        return canonical_array(array.cast(pa.large_string()))
    if types.is_binary_view(kind):
        return canonical_array(array.cast(pa.large_binary()))
    return [canonical_scalar(value, kind) for value in scalars(array, kind)]


def lists(array, values, start):
    offsets = [offset.as_py() - start for offset in array.offsets]
    return [values[offsets[i] : offsets[i + 1]] if array[i].is_valid else None for i in range(len(array))]


def lists_by(array, values):
    result, place = [], 0
    for item in array:
        count = len(item) if item.is_valid else 0
        result.append(values[place : place + count] if item.is_valid else None)
        place += count
    return result


def scalars(array, kind):
    types = pa.types
    if types.is_timestamp(kind) or types.is_time64(kind) or types.is_duration(kind) or types.is_date64(kind):
        return array.cast(pa.int64()).to_pylist()
    if types.is_time32(kind) or types.is_date32(kind):
        return array.cast(pa.int32()).to_pylist()
    if types.is_float16(kind):
        # There need be no NumPy here; the bytes also keep what a NaN carries.
        return array.view(pa.binary(2)).to_pylist()
    return array.to_pylist()


def canonical_scalar(value, kind):
    types = pa.types
    if value is None:
        return None
    if types.is_timestamp(kind) or types.is_time(kind):
        return value * NANOSECONDS[kind.unit]
    if types.is_float32(kind):
        return struct.pack("<f", value).hex()
    if types.is_float64(kind):
        return struct.pack("<d", value).hex()
    if types.is_decimal(kind):
        # Not scaleb, which rounds to the context's precision.
        sign, digits, exponent = value.as_tuple()
        unscaled = int("".join(map(str, digits))) * 10 ** (exponent + kind.scale)
        return str(-unscaled if sign else unscaled)
    if isinstance(value, str):
        return value.encode().hex()
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).hex()
    return value


def canonical(table):
    """A table as a list of rows."""
    columns = []
    for column in table.columns:
        values = []
        for chunk in column.chunks:
            values += canonical_array(chunk)
        columns.append(values)
    return [list(row) for row in zip(*columns)] if columns else [[] for _ in range(table.num_rows)]


def by_pyarrow(path):
    return pq.read_table(path)


def by_duckdb(path):
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'; SET threads = 1")
    answer = connection.sql(f"SELECT * FROM read_parquet('{path}')").arrow()
    return answer.read_all() if hasattr(answer, "read_all") else answer


def by_polars(path):
    import polars

    return polars.read_parquet(path).to_arrow()


READERS = {"pyarrow": by_pyarrow, "duckdb": by_duckdb, "polars": by_polars}


def check(directory):
    failures = 0
    files = sorted(pathlib.Path(directory).glob("*.parquet"))
    for path in files:
        expected = json.loads(path.with_suffix(".json").read_text())
        for name, read in READERS.items():
            if name in expected.get("skip", []):
                continue
            try:
                rows = canonical(read(str(path)))
            except Exception as error:  # every complaint of a reader is a finding
                print(f"{path.name}: {name} refuses it: {type(error).__name__}: {str(error)[:300]}")
                failures += 1
                continue
            difference = first_difference(expected["rows"], normal(rows, name, expected))
            if difference:
                print(f"{path.name}: {name}: {difference}")
                failures += 1
        complaint = wrong_statistics(path)
        if complaint:
            print(f"{path.name}: {complaint}")
            failures += 1
    print(f"checked {len(files)} files, {failures} failures")
    return 1 if failures or not files else 0


def normal(rows, name, expected):
    """DuckDB gives a UUID as text."""
    if name != "duckdb" or not expected.get("uuid"):
        return rows
    for row in rows:
        for column in expected["uuid"]:
            if row[column] is not None:
                row[column] = bytes.fromhex(row[column]).decode().replace("-", "")
    return rows


def first_difference(expected, rows):
    if len(expected) != len(rows):
        return f"{len(rows)} rows, not {len(expected)}"
    for number, (want, have) in enumerate(zip(expected, rows)):
        for column, (one, other) in enumerate(zip(want, have)):
            if one != other:
                return f"row {number}, column {column}: {str(other)[:200]}, not {str(one)[:200]}"
        if len(want) != len(have):
            return f"row {number} has {len(have)} columns, not {len(want)}"
    return None


# Random tables


def random_type(rng, depth):
    flat = [
        pa.int32(), pa.int64(), pa.float32(), pa.float64(), pa.bool_(), pa.string(), pa.binary(), pa.date32(),
        pa.timestamp("ms", "UTC"), pa.timestamp("us"), pa.timestamp("ns", "UTC"), pa.time32("ms"), pa.time64("us"),
        pa.decimal128(7, 2), pa.decimal128(30, 5), pa.binary(5), pa.int8(), pa.uint16(), pa.uint32(), pa.uint64(),
    ]
    choice = rng.random()
    if depth < 3 and choice < 0.12:
        return pa.list_(random_type(rng, depth + 1))
    if depth < 3 and choice < 0.24:
        return pa.struct([(f"f{i}", random_type(rng, depth + 1)) for i in range(rng.randint(1, 3))])
    if depth < 3 and choice < 0.3:
        return pa.map_(rng.choice([pa.string(), pa.int32()]), random_type(rng, depth + 1))
    return rng.choice(flat)


def random_value(rng, kind, nulls):
    types = pa.types
    if rng.random() < nulls:
        return None
    if types.is_list(kind):
        return [random_value(rng, kind.value_type, nulls) for _ in range(rng.choice([0, 1, 2, 5]))]
    if types.is_struct(kind):
        return {kind.field(i).name: random_value(rng, kind.field(i).type, nulls) for i in range(kind.num_fields)}
    if types.is_map(kind):
        keys = {random_value(rng, kind.key_type, 0) for _ in range(rng.choice([0, 1, 3]))}
        return [(key, random_value(rng, kind.item_type, nulls)) for key in sorted(keys)]
    if types.is_boolean(kind):
        return rng.random() < 0.5
    if types.is_integer(kind):
        low, high = (0, 2**kind.bit_width) if types.is_unsigned_integer(kind) else (
            -(2 ** (kind.bit_width - 1)), 2 ** (kind.bit_width - 1))
        return rng.choice([rng.randrange(low, high), rng.randrange(0, 100), low, high - 1])
    if types.is_floating(kind):
        value = rng.choice([rng.random() * 1e6, 0.0, -1.5, float("inf"), rng.gauss(0, 1)])
        return struct.unpack("<f", struct.pack("<f", value))[0] if types.is_float32(kind) else value
    if types.is_decimal(kind):
        number = decimal.Decimal(rng.randrange(-(10**kind.precision) + 1, 10**kind.precision))
        return number.scaleb(-kind.scale, decimal.Context(prec=60))
    if types.is_fixed_size_binary(kind):
        return rng.randbytes(kind.byte_width)
    if types.is_binary(kind):
        return rng.randbytes(rng.choice([0, 1, 7, 40]))
    if types.is_string(kind):
        words = ["", "a", "straße", "日本", f"user-{rng.randrange(50)}", "x" * rng.randrange(90), "🎈" * 3]
        return rng.choice(words)
    if types.is_date32(kind) or types.is_time32(kind):
        return rng.randrange(0, 20000)
    if types.is_time64(kind):
        return rng.randrange(0, 86_400_000_000)
    return rng.randrange(0, 2**60 // NANOSECONDS[kind.unit])


def random_table(rng):
    rows = rng.choice([0, 1, 10, 1000, 3000])
    nulls = rng.choice([0, 0.1, 0.5, 1.0])
    arrays, fields = [], []
    for number in range(rng.randint(1, 6)):
        kind = random_type(rng, 0)
        values = [random_value(rng, kind, nulls) for _ in range(rows)]
        arrays.append(pa.array(values, kind))
        fields.append(pa.field(f"c{number}", kind, nullable=True))
    return pa.table(arrays, schema=pa.schema(fields))


def delta_encodings(rng, table):
    """Encodings by column, as pyarrow wants them, in the place of dictionaries."""
    chosen = {}
    for field in table.schema:
        types = pa.types
        options = ["PLAIN"]
        if types.is_int32(field.type) or types.is_int64(field.type) or types.is_timestamp(field.type):
            options += ["DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"]
        if types.is_string(field.type) or types.is_binary(field.type):
            options += ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"]
        if types.is_floating(field.type):
            options.append("BYTE_STREAM_SPLIT")
        if not types.is_nested(field.type):
            chosen[field.name] = rng.choice(options)
    return chosen


def write(directory, seed):
    rng = random.Random(int(seed))
    directory = pathlib.Path(directory)
    for number in range(24):
        table = random_table(rng)
        path = directory / f"pyarrow-{number}.parquet"
        dictionary = rng.random() < 0.5
        pq.write_table(
            table, path, compression=rng.choice(["none", "snappy", "gzip", "zstd", "lz4", "brotli"]),
            data_page_version=rng.choice(["1.0", "2.0"]), use_dictionary=dictionary,
            column_encoding=None if dictionary else delta_encodings(rng, table),
            row_group_size=rng.choice([200, 1000, 100000]), data_page_size=rng.choice([500, 1 << 20]),
            write_page_index=rng.random() < 0.5, write_page_checksum=rng.random() < 0.5,
            store_schema=False, version="2.6")
        finish(path, table)
    for number in range(8):
        others(directory, rng, number)


def others(directory, rng, number):
    import duckdb
    import polars

    table = random_table(rng)
    path = directory / f"duckdb-{number}.parquet"
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("source", table)
    codec = rng.choice(["zstd", "snappy", "uncompressed", "gzip", "lz4_raw", "brotli"])
    version = rng.choice(["V1", "V2"])
    connection.execute(
        f"COPY (SELECT * FROM source) TO '{path}' (FORMAT parquet, CODEC {codec}, PARQUET_VERSION {version}, "
        "ROW_GROUP_SIZE 2048)")
    finish(path, by_pyarrow(path))
    path = directory / f"polars-{number}.parquet"
    frame = polars.from_arrow(random_table(rng))
    frame.write_parquet(path, compression=rng.choice(["zstd", "snappy", "uncompressed", "gzip", "lz4"]))
    finish(path, by_pyarrow(path))


def finish(path, table):
    path.with_suffix(".json").write_text(json.dumps({"rows": canonical(table)}))


def dump(*paths):
    """One line for each file."""
    for path in paths:
        try:
            print(json.dumps({"rows": canonical(pq.ParquetFile(path).read())}))
        except Exception as error:  # which files pyarrow refuses is for the test to know
            print(json.dumps({"error": str(error)[:300]}))


def wrong_statistics(path):
    """Holds the statistics of flat columns against the values of their row groups; None where all are right."""
    file = pq.ParquetFile(path)
    flat = {f.name: i for i, f in enumerate(file.schema_arrow) if not pa.types.is_nested(f.type)}
    paths = {file.schema.column(i).path: i for i in range(len(file.schema.names))}
    for group in range(file.num_row_groups):
        for name in flat:
            chunk = file.metadata.row_group(group).column(paths[name])
            values = file.read_row_group(group, columns=[name]).column(0)
            stats = chunk.statistics
            if stats is None or len(values) == 0:
                continue
            if stats.null_count != values.null_count:
                return f"row group {group}, {name}: {stats.null_count} nulls, not {values.null_count}"
            complaint = wrong_bounds(stats, values)
            if complaint:
                return f"row group {group}, {name}: {complaint}"
    return None


def wrong_bounds(stats, values):
    if not stats.has_min_max:
        return None
    if pa.types.is_fixed_size_binary(values.type) or isinstance(values.type, pa.BaseExtensionType):
        return None
    if pa.types.is_timestamp(values.type) or pa.types.is_time64(values.type):
        # Python has no nanoseconds.
        values, low, high = values.cast(pa.int64()), stats.min_raw, stats.max_raw
    else:
        low, high = stats.min, stats.max
    bounds = pc.min_max(values).as_py()
    least, greatest = bounds["min"], bounds["max"]
    if isinstance(least, (str, bytes)) and isinstance(low, (str, bytes)):
        plain = [v.encode() if isinstance(v, str) else v for v in (least, greatest, low, high)]
        least, greatest, low, high = plain
        if low != least and not (len(least) > 64 and least.startswith(low)):
            return f"minimum {low}, not {least}"
        if high != greatest and not (len(greatest) > 64 and high > greatest):
            return f"maximum {high}, not {greatest}"
        return None
    if low != least or high != greatest:
        return f"bounds {low!r} to {high!r}, not {least!r} to {greatest!r}"
    return None


def bloom(path, column, *values):
    """Which of the values DuckDB's look at the Bloom filters rules out, one line each."""
    import duckdb

    for value in values:
        answer = duckdb.sql(f"SELECT bloom_filter_excludes FROM parquet_bloom_probe('{path}', '{column}', '{value}')")
        print(all(row[0] for row in answer.fetchall()))


def count(path, column, *values):
    """Rows with each of the values by DuckDB, whose scans ask Bloom filters, and by pyarrow, one line each."""
    import duckdb

    texts = [str(value) for value in pq.read_table(path, columns=[column]).column(column).to_pylist()]
    for value in values:
        found = duckdb.sql(f"SELECT count(*) FROM '{path}' WHERE {column} = '{value}'").fetchall()[0][0]
        print(found, texts.count(value))


if __name__ == "__main__":
    command = {"check": check, "write": write, "dump": dump, "bloom": bloom, "count": count}[sys.argv[1]]
    sys.exit(command(*sys.argv[2:]))
