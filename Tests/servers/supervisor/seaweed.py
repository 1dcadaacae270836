"""SeaweedFS: the primary S3 fixture. Verifies signatures and enforces all conditional writes; http and https."""
import json
import os
import signal

from . import s3, tls
from .environment import program
from .process import free_ports, start, wait_until

ACCESS_KEY, SECRET_KEY = "AKIDSEAWEED1", "seaweedsecret0123456"
READER_KEY, READER_SECRET = "AKIDSEAWEEDRO", "readonlysecret012345"

IDENTITIES = {"identities": [
    {"name": "admin", "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
     "actions": ["Admin", "Read", "List", "Tagging", "Write"]},
    {"name": "reader", "credentials": [{"accessKey": READER_KEY, "secretKey": READER_SECRET}],
     "actions": ["Read", "List"]},
]}


def up(directory: str) -> dict[str, str]:
    ca, certificate, key = tls.material(directory)
    config = os.path.join(directory, "seaweed-identities.json")
    with open(config, "w") as file:
        json.dump(IDENTITIES, file)
    data = os.path.join(directory, "seaweed")
    os.makedirs(data, exist_ok=True)
    master, volume, filer, port, secure = free_ports(5, grpc=True)
    # SIGKILL: on SIGTERM it waits for more than ten seconds, and its data is thrown away.
    (metrics,) = free_ports(1)
    start(directory, "seaweed", [
        program("weed"), "server", f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-master.port={master}", "-master.telemetry=false", "-master.volumeSizeLimitMB=256",
        f"-volume.port={volume}", "-volume.max=50", "-filer", f"-filer.port={filer}",
        "-s3", f"-s3.port={port}", f"-s3.port.grpc={port + 10000}", f"-s3.port.https={secure}",
        f"-s3.cert.file={certificate}", f"-s3.key.file={key}", "-s3.domainName=localhost",
        f"-metricsPort={metrics}", "-metricsIp=127.0.0.1",
        "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.autoCreateBucket=false", f"-s3.config={config}",
    ], ending=signal.SIGKILL)
    endpoint = f"http://127.0.0.1:{port}"
    wait_until(lambda: s3.prepare_bucket(endpoint, ACCESS_KEY, SECRET_KEY), 60, directory, "seaweed")
    return {
        "VARVE_TEST_BUCKET": s3.BUCKET,
        "VARVE_TEST_SEAWEED": endpoint,
        "VARVE_TEST_SEAWEED_TLS": f"https://localhost:{secure}",
        "VARVE_TEST_CA": ca,
        "VARVE_TEST_SEAWEED_METRICS": f"http://127.0.0.1:{metrics}/metrics",
        "VARVE_TEST_SEAWEED_ACCESS_KEY": ACCESS_KEY,
        "VARVE_TEST_SEAWEED_SECRET_KEY": SECRET_KEY,
        "VARVE_TEST_SEAWEED_READER_ACCESS_KEY": READER_KEY,
        "VARVE_TEST_SEAWEED_READER_SECRET_KEY": READER_SECRET,
    }
