"""The broker of Tests/servers/memkafka: volume, end offsets, groups that evict dead members; no transactions.

VARVE_MEMKAFKA_OPTIONS adds options, such as `--repeat 8`.
"""
import os
import shlex
import sys

from . import kafka
from .process import free_ports, start, wait_until

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def up(directory: str) -> dict[str, str]:
    (port,) = free_ports(1)
    options = shlex.split(os.environ.get("VARVE_MEMKAFKA_OPTIONS", ""))
    start(directory, "memkafka", [sys.executable, "-m", "memkafka", str(port), *options], env={"PYTHONPATH": HERE})
    wait_until(lambda: kafka.answers(port), 10, directory, "memkafka")
    return {"VARVE_TEST_MEMKAFKA": f"127.0.0.1:{port}"}
