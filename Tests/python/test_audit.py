"""The audit must be able to fail: small lakes written by hand, right and wrong."""
import json
import os

import pytest
import zstandard

from audit import Removed, audit
from lake_reader import Lake


def commit(version, parent, start, end, add):
    return {"format": 1, "version": version, "id": f"c{version}", "parent": parent, "kind": "append",
            "offsets": [{"topic": "t", "partition": 0, "from": start, "to": end}], "add": add, "remove": []}


def entry(path, records):
    return {"path": path, "side": "main", "format": "envelope", "records": records}


@pytest.fixture
def lake(tmp_path):
    """Offsets 0 to 9 in two objects and two commits, and the ledger that goes with them."""
    table = tmp_path / "lake" / "t"
    (table / "_varve" / "log").mkdir(parents=True)
    (table / "data").mkdir()
    for name, offsets in (("a", range(0, 5)), ("b", range(5, 10))):
        write_object(table, name, offsets)
    write_commit(table, commit(1, None, 0, 5, [entry("data/a.ndjson.zst", 5)]))
    write_commit(table, commit(2, "c1", 5, 10, [entry("data/b.ndjson.zst", 5)]))
    ledger = tmp_path / "ledger"
    ledger.write_text("".join(
        json.dumps({"topic": "t", "partition": 0, "offset": n, "key": None, "value": "eyJuIjogMX0="}) + "\n"
        for n in range(10)))
    return table, str(ledger)


def write_object(table, name, offsets):
    lines = "".join(
        json.dumps({"topic": "t", "partition": 0, "offset": n, "key": None, "value": {"n": 1}}) + "\n" for n in offsets)
    (table / "data" / f"{name}.ndjson.zst").write_bytes(zstandard.compress(lines.encode()))


def write_commit(table, value):
    (table / "_varve" / "log" / f"{value['version']:020}.json").write_text(json.dumps(value))


def findings(lake):
    table, ledger = lake
    return audit(Lake(f"file://{table.parent}"), "t", ledger, payloads=True)["findings"]


def test_a_whole_lake_has_no_findings(lake):
    assert findings(lake) == []


def test_a_missing_event_is_found(lake):
    write_object(lake[0], "b", range(5, 9))
    assert any("missing: ('t', 0, 9)" in finding for finding in findings(lake))


def test_an_event_that_is_there_twice_is_found(lake):
    write_object(lake[0], "b", [5, 6, 7, 8, 9, 9])
    assert any("2 times in the lake: ('t', 0, 9)" in finding for finding in findings(lake))


def test_an_event_that_nobody_produced_is_found(lake):
    write_object(lake[0], "b", range(5, 11))
    assert any("never produced: ('t', 0, 10)" in finding for finding in findings(lake))


def test_a_gap_between_commits_is_found(lake):
    write_commit(lake[0], commit(2, "c1", 6, 10, [entry("data/b.ndjson.zst", 5)]))
    assert any("goes on at 6, not 5" in finding for finding in findings(lake))


def test_a_missing_log_entry_is_found(lake):
    os.remove(lake[0] / "_varve" / "log" / f"{1:020}.json")
    assert any("log entry 1 is missing" in finding for finding in findings(lake))


def test_another_payload_is_found(lake):
    table, ledger = lake
    with open(ledger) as file:
        text = file.read()
    with open(ledger, "w") as file:
        file.write(text.replace("eyJuIjogMX0=", "eyJuIjogMn0=", 1))
    assert any("another value: ('t', 0, 0)" in finding for finding in findings(lake))


def test_a_damaged_object_is_found(lake):
    path = lake[0] / "data" / "a.ndjson.zst"
    path.write_bytes(path.read_bytes()[:-4])
    assert any(finding.startswith("data/a.ndjson.zst") for finding in findings(lake))


def test_what_was_taken_out_is_not_missing_and_must_not_be_left(lake):
    table, ledger = lake
    write_object(table, "b", range(5, 9))

    def found(**removed):
        summary = audit(Lake(f"file://{table.parent}"), "t", ledger, True, Removed(**removed))
        return [finding for finding in summary["findings"] if "catalog" not in finding and "events," not in finding]

    # No event of this ledger has a key, and all are of 1970.
    assert any("missing" in finding for finding in found(keys=[b"k"], before=0))
    assert found(keys=[], before=1) == []
    left = found(keys=[None], before=0)
    assert len(left) == 9 and all(finding.startswith("erased, but in the lake") for finding in left)
