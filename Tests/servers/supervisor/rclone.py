"""rclone serve s3: answers 200 to conditional writes and overwrites all the same. Varve must refuse it."""
import os

from . import s3
from .environment import program
from .process import free_ports, start, wait_until

ACCESS_KEY, SECRET_KEY = "AKIDRCLONE01", "rclonesecretrclone01"


def up(directory: str) -> dict[str, str]:
    home = os.path.join(directory, "rclone")
    os.makedirs(os.path.join(home, "files"), exist_ok=True)
    (port,) = free_ports(1)
    start(directory, "rclone", [
        program("rclone"), "serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}",
        "--vfs-cache-mode", "writes", "--cache-dir", f"{home}/cache", f"{home}/files",
    ], env={"RCLONE_CONFIG": f"{home}/none.conf"})
    endpoint = f"http://127.0.0.1:{port}"
    wait_until(lambda: s3.prepare_bucket(endpoint, ACCESS_KEY, SECRET_KEY), 30, directory, "rclone")
    return {
        "VARVE_TEST_BUCKET": s3.BUCKET,
        "VARVE_TEST_RCLONE": endpoint,
        "VARVE_TEST_RCLONE_ACCESS_KEY": ACCESS_KEY,
        "VARVE_TEST_RCLONE_SECRET_KEY": SECRET_KEY,
    }
