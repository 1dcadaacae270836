"""JuiceFS's gateway, which is MinIO's gateway code: strict signatures and payload hashes, no conditional writes."""
import os
import subprocess

from . import s3
from .environment import program
from .process import UpError, free_ports, start, wait_until

ACCESS_KEY, SECRET_KEY = "AKIDJUICEFS1", "juicesecretjuice0123"


def up(directory: str) -> dict[str, str]:
    home = os.path.join(directory, "juicefs")
    os.makedirs(home, exist_ok=True)
    juicefs, meta = program("juicefs"), f"sqlite3://{home}/meta.db"
    formatted = subprocess.run(
        [juicefs, "format", "--storage", "file", "--bucket", f"{home}/data", "--no-update", meta, "varve"],
        capture_output=True, text=True, env=os.environ | {"HOME": home})
    if formatted.returncode != 0:
        raise UpError(f"juicefs format: {formatted.stderr.strip()[-300:]}")
    (port,) = free_ports(1)
    start(directory, "juicefs", [
        juicefs, "gateway", "--multi-buckets", "--keep-etag", "--object-tag", "--object-meta", "--no-banner",
        "--no-bgjob", "--backup-meta", "0", "--log", f"{home}/gateway.log", "--cache-dir", f"{home}/cache",
        "--no-usage-report", meta, f"127.0.0.1:{port}",
    ], env={"HOME": home, "MINIO_ROOT_USER": ACCESS_KEY, "MINIO_ROOT_PASSWORD": SECRET_KEY})
    endpoint = f"http://127.0.0.1:{port}"
    wait_until(lambda: s3.prepare_bucket(endpoint, ACCESS_KEY, SECRET_KEY), 60, directory, "juicefs")
    return {
        "VARVE_TEST_BUCKET": s3.BUCKET,
        "VARVE_TEST_JUICEFS": endpoint,
        "VARVE_TEST_JUICEFS_ACCESS_KEY": ACCESS_KEY,
        "VARVE_TEST_JUICEFS_SECRET_KEY": SECRET_KEY,
    }
