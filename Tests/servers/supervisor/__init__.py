"""Starts and stops the servers that tests run against. Only the standard library is used here.

seaweed  S3: verifies signatures, enforces every conditional write; http and https    VARVE_TEST_SEAWEED…
rgw      S3: Ceph's gateway; strict about payload hashes, executes lifecycle rules     VARVE_TEST_RGW…
juicefs  S3: MinIO's gateway code; ignores preconditions, so never for commits         VARVE_TEST_JUICEFS…
rclone   S3: ignores preconditions: the server that Varve must refuse                  VARVE_TEST_RCLONE…
noida    Kafka: transactions, times, retention, end offsets                            VARVE_TEST_NOIDA
tansu    Kafka in memory: volume, evicts dead members; end offsets are wrong           VARVE_TEST_TANSU
memkafka Kafka in memory, our own: volume, end offsets, quick groups                  VARVE_TEST_MEMKAFKA
tools    no server: the paths of mitmdump and of a Python with readers                 VARVE_TEST_MITMDUMP, …_PYTHON
"""
import os

from . import juicefs, memkafka, noida, rclone, rgw, seaweed, tansu, tools
from .process import UpError

RECIPES = {
    "seaweed": seaweed.up,
    "rgw": rgw.up,
    "juicefs": juicefs.up,
    "rclone": rclone.up,
    "noida": noida.up,
    "tansu": tansu.up,
    "memkafka": memkafka.up,
    "tools": tools.up,
}


def up(name: str, directory: str) -> dict[str, str]:
    """Starts one server, waits until it is ready, and returns what tests need to know as environment variables."""
    recipe = RECIPES.get(name)
    if recipe is None:
        raise UpError(f"no such test server; there are: {', '.join(RECIPES)}")
    os.makedirs(directory, exist_ok=True)
    return recipe(os.path.abspath(directory))
