"""`varve demo` that is ended early leaves nothing behind: no writer, no files."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

import duckdb
import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
VARVE = pathlib.Path(os.environ.get("VARVE_TEST_BINARY", REPOSITORY / ".build" / "debug" / "varve"))
pytestmark = pytest.mark.skipif(not VARVE.exists(), reason="varve is not built: run 'make build'")


def writers_of(directory):
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if directory.encode() in (process / "cmdline").read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_leaves_no_writer_and_no_files(tmp_path, number):
    demo = subprocess.Popen(
        [VARVE, "demo", "--events", "40000"], env=os.environ | {"TMPDIR": str(tmp_path)}, stderr=subprocess.PIPE,
        text=True)
    for line in demo.stderr:
        # Said while the writer runs, long before the end.
        if "Half is in the lake" in line:
            break
    deadline = time.monotonic() + 30
    while not writers_of(str(tmp_path)):
        assert time.monotonic() < deadline and demo.poll() is None
    assert list(tmp_path.glob("varve-demo-*"))
    demo.send_signal(number)
    rest = demo.stderr.read()
    assert demo.wait(60) == 75
    assert re.search(r"varve: interrupted", rest), rest
    assert not list(tmp_path.glob("varve-demo-*"))
    assert not writers_of(str(tmp_path))


def test_other_engines_read_the_live_objects_that_the_catalog_names(tmp_path):
    """The recipe of docs/formats.md, after a kill and after a merge: a glob over the folders counts events twice."""
    demo = subprocess.run(
        [VARVE, "demo", "--events", "40000", "--seed", "4"], env=os.environ | {"TMPDIR": str(tmp_path)}, check=True,
        capture_output=True, text=True)
    (stage,) = tmp_path.glob("varve-demo-*")
    assert "select list(url) from read_csv('/dev/stdin')" in demo.stderr
    lake = ["--lake", f"file://{stage}/lake"]

    def varve(*arguments):
        return subprocess.run([VARVE, *arguments, *lake], check=True, capture_output=True, text=True).stdout

    # What a writer leaves that was killed between an upload and its commit.
    upload = next((stage / "lake/clicks/data").rglob("*.ndjson.zst"))
    shutil.copy(upload, upload.with_name(f"left-{upload.name}"))
    for merged in [False, True]:
        if merged:
            varve("compact", "clicks", "--cold-after", "0s")
        (records,) = [table["records"] for table in json.loads(varve("tables", "--output", "json"))
                      if table["table"] == "clicks"]
        listing = tmp_path / "live.csv"
        listing.write_text(varve("manifest", "ls", "clicks", "--output", "csv"))
        connection = duckdb.connect()
        connection.sql(f"set variable live = (select list(url) from read_csv('{listing}'))")
        assert connection.sql("select count(*) from read_json_auto(getvariable('live'))").fetchall() == [(records,)]
    everything = duckdb.sql(f"select count(*) from read_json_auto('{stage}/lake/clicks/data/*/*/*/*.ndjson.zst')")
    assert everything.fetchall()[0][0] > records
