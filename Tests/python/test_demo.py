"""`varve demo` that is ended early leaves nothing behind: no writer, no files."""
import os
import pathlib
import re
import signal
import subprocess
import time

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
