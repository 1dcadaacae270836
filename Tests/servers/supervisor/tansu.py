"""tansu's Kafka in memory: evicts killed members; its end offsets are wrong (it answers 1).

Clients reach it through tansu_door.py, without which librdkafka 2.0 cannot.
"""
import os
import sys

from . import kafka
from .environment import program
from .process import free_ports, start, wait_until

DOOR = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "tansu_door.py")


def up(directory: str) -> dict[str, str]:
    port, inner = free_ports(2)
    start(directory, "tansu", [
        program("tansu"), "--listener-url", f"tcp://127.0.0.1:{inner}",
        "--advertised-listener-url", f"tcp://127.0.0.1:{port}", "--storage-engine", "memory://tansu/", "--silent",
    ])
    wait_until(lambda: kafka.answers(inner), 30, directory, "tansu")
    start(directory, "tansu-door", [sys.executable, DOOR, str(port), str(inner)])
    wait_until(lambda: kafka.answers(port), 10, directory, "tansu-door")
    return {"VARVE_TEST_TANSU": f"127.0.0.1:{port}"}
