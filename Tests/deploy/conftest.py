"""What the tests of deploy/ share: where things are, and the tools that judge them (Tests/servers/install)."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BIN = pathlib.Path(sys.executable).parent


def tool(name: str) -> str:
    """A program beside this Python, or on the path; the test is skipped where it is nowhere."""
    beside = BIN / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed: run 'make test-deps'")
    return found


def run(*command, check=True, timeout=120, **options) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=timeout, **options)
    if check and done.returncode:
        pytest.fail(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def varve() -> str:
    for place in (os.environ.get("VARVE"), ROOT / ".build/debug/varve", ROOT / ".build/release/varve"):
        if place and os.access(place, os.X_OK):
            return str(place)
    pytest.skip("there is no varve yet: run 'swift build'")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
