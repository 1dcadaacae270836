"""noida-db's Kafka: transactions, read_committed, end offsets, times, retention. Never evicts a killed member.

Its topics delete events older than `retention.ms` at once: set that to -1 for events with old timestamps.
"""
import os

from . import kafka
from .environment import program
from .process import free_ports, start, wait_until


def up(directory: str) -> dict[str, str]:
    (port,) = free_ports(1)
    start(directory, "noida", [
        program("noida-db"), "start", "--only", "kafka", "--kafka-port", str(port), "--host", "127.0.0.1",
        "--data-dir", os.path.join(directory, "noida"),
    ])
    wait_until(lambda: kafka.answers(port), 30, directory, "noida")
    return {"VARVE_TEST_NOIDA": f"127.0.0.1:{port}"}
