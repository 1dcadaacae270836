"""Each role does its work with exactly the rights that Terraform gives it, through a proxy that evaluates the policy.

`policy_gate.py` stands between Varve and SeaweedFS and answers 403 to whatever the policy does not allow; and what a
policy allows has to be needed by something.
"""
import json
import os
import subprocess
import time

import pytest
import yaml

from conftest import ROOT, free_port, run, tool, varve
from test_terraform import ROLES, actions, rendered

# Rights that no run here needs, and why a role has them all the same.
FOR_BAD_DAYS = {
    "writer": {"s3:AbortMultipartUpload": "an upload is aborted where the writer drops what it has read"},
    "maintainer": {
        "s3:AbortMultipartUpload": "uploads of crashed writers, a minute old at least",
        "s3:GetObjectTagging": "CopyObject copies the tags of objects that others have tagged",
    },
    "reader": {},
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    if not os.environ.get("VARVE_TEST_SEAWEED") or not os.environ.get("VARVE_TEST_MEMKAFKA"):
        pytest.skip("no S3 server or broker is running: run 'make test'")
    bench = Bench(tmp_path_factory.mktemp("roles"))
    try:
        bench.start()
        yield bench
    finally:
        bench.stop()


class Bench:
    """A proxy for each role, a configuration, and a topic with events."""

    def __init__(self, directory):
        self.directory = directory
        self.bucket = os.environ["VARVE_TEST_BUCKET"]
        self.prefix = f"roles-{os.getpid()}"
        self.topic = f"roles-{os.getpid()}"
        self.policies = rendered(directory, f"arn:aws:s3:::{self.bucket}", self.prefix)
        self.proxies, self.ports = [], {}

    def start(self):
        self.config = self.directory / "varve.yaml"
        self.config.write_text(yaml.safe_dump({
            "lake": f"s3://{self.bucket}/{self.prefix}",
            "s3": {"tags": {"team": "data"}},
            "kafka": {"brokers": os.environ["VARVE_TEST_MEMKAFKA"], "group": self.topic},
            "server": {"listen": "off"},
            "tables": [{
                "name": "orders", "topics": [self.topic], "partition": {"shards": 1},
                "rotate": {"bytes": "64MiB", "records": 20000},
                "lifecycle": {"rules": [{"name": "cold", "do": "tier", "after": "0s", "storage_class": "STANDARD_IA"}]},
            }],
        }))
        for role in ROLES:
            self.start_proxy(role)
        self.produce(["--partitions", "2", "--events", "7000", "--noise", "4000"])

    def start_proxy(self, role):
        port = free_port()
        policy = self.directory / f"{role}.json"
        policy.write_text(json.dumps(self.policies[role]))
        self.proxies.append(subprocess.Popen(
            [tool("mitmdump"), "-q", "--mode", f"reverse:{os.environ['VARVE_TEST_SEAWEED']}", "--listen-host",
             "127.0.0.1", "--listen-port", str(port), "--set", "keep_host_header=true",
             "-s", str(ROOT / "Tests/deploy/policy_gate.py")],
            env=os.environ | {"POLICY": str(policy)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        self.ports[role] = port
        deadline = time.monotonic() + 30
        while run("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}", check=False).returncode:
            assert time.monotonic() < deadline, "mitmdump does not listen"
            time.sleep(0.1)

    def produce(self, options):
        run(tool("python"), ROOT / "Tests/python/produce.py", "--brokers", os.environ["VARVE_TEST_MEMKAFKA"], "--topic",
            self.topic, "--start", int((time.time() - 600) * 1000), "--step", "1", "--ledger",
            self.directory / "ledger", *options)

    def varve(self, role, *arguments, check=True, **settings):
        environment = os.environ | {
            "AWS_ACCESS_KEY_ID": os.environ["VARVE_TEST_SEAWEED_ACCESS_KEY"],
            "AWS_SECRET_ACCESS_KEY": os.environ["VARVE_TEST_SEAWEED_SECRET_KEY"],
            "VARVE_S3_ENDPOINT": f"http://127.0.0.1:{self.ports[role]}", "VARVE_S3_REGION": "us-east-1",
        } | settings
        return run(varve(), *arguments, "--config", self.config, env=environment, check=check)

    def lines(self, role, kind):
        path = self.directory / f"{role}.json.{kind}"
        return path.read_text().splitlines() if path.exists() else []

    def stop(self):
        for proxy in self.proxies:
            proxy.terminate()
        for proxy in self.proxies:
            proxy.wait(10)


def test_each_role_can_do_its_work_and_needs_its_rights(bench):
    # Two runs, so that there is something to merge; the first writes an object large enough to be sent in parts.
    bench.varve("writer", "run", "--once")
    bench.produce(["--events", "500", "--seed", "2"])
    # A writer deletes no versions, whatever its maintainer does.
    bench.varve("writer", "run", "--once", VARVE_S3_DELETE_VERSIONS="true")

    for command in (["tables"], ["manifest", "ls", "orders"], ["manifest", "log", "orders"], ["verify", "--deep"],
                    ["cat", "orders", "--limit", "3"], ["metrics"]):
        bench.varve("reader", *command)

    for command in (["compact", "--cold-after", "0s", "orders"], ["lifecycle", "apply", "--yes"],
                    ["erase", "--table", "orders", "--where", "@key = 'key-7'", "--yes", "--grace", "0s",
                     "--certificate", bench.directory / "certificate.json"],
                    ["vacuum", "--yes", "--removed-after", "0s", "--log-after", "0s"], ["metrics", "--dead"],
                    ["verify", "--deep"]):
        bench.varve("maintainer", *command)

    for role in ROLES:
        assert bench.lines(role, "refused") == [], f"{role} lacks a right"
        used = set(bench.lines(role, "used"))
        spare = actions(bench.policies[role], "s3") - used
        assert spare == set(FOR_BAD_DAYS[role]), f"{role}: rights that nothing needs, or that need no reason"
        assert used <= actions(bench.policies[role], "s3")


def test_a_reader_can_change_nothing(bench):
    before = len(bench.lines("reader", "refused"))
    for command in (["run", "--once"], ["vacuum", "--yes"], ["lifecycle", "apply", "--yes"]):
        done = bench.varve("reader", *command, check=False)
        assert done.returncode == 77, f"{command}: exit {done.returncode}: {done.stderr}"
    assert len(bench.lines("reader", "refused")) > before
