"""tansu's Kafka in memory: takes volume and evicts killed members; its end offsets are wrong (it answers 1)."""
from . import kafka
from .environment import program
from .process import free_ports, start, wait_until


def up(directory: str) -> dict[str, str]:
    (port,) = free_ports(1)
    address = f"tcp://127.0.0.1:{port}"
    start(directory, "tansu", [
        program("tansu"), "--listener-url", address, "--advertised-listener-url", address,
        "--storage-engine", "memory://tansu/", "--silent",
    ])
    wait_until(lambda: kafka.answers(port), 30, directory, "tansu")
    return {"VARVE_TEST_TANSU": f"127.0.0.1:{port}"}
