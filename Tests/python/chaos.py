#!/usr/bin/env python3
"""Real writers, a real broker, a real store, and everything that goes wrong with them; then a count of every event.

Two or three `varve run` share a topic while events arrive. By seed they are killed, stopped past their session, told to
end, started anew; the store loses requests and answers, is away, refuses credentials, or is full; compaction, vacuum,
erasure, lifecycle, replication and restores run beside them and are killed too. Then everything heals, one writer
drains the topic, every verb runs to its end, and `audit.py` compares the lake with the ledger of what was produced, by
DuckDB: nothing missing but what was erased or expired, nothing twice; the copy and the restored topic too. Prints a
tally as JSON.

Needs what `Tests/servers/up memkafka tools` (and `seaweed` for `--place s3`) print, in the environment.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

from chaos_maintenance import LIFECYCLE, Maintenance

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="so many runs, from --seed on, in both places by turns")
    parser.add_argument("--parallel", type=int, default=4, help="how many of them at a time")
    parser.add_argument("--kills", type=int, default=20, help="each run goes on until so many processes were killed")
    parser.add_argument("--place", choices=["directory", "s3"], default="directory")
    parser.add_argument("--varve", default=os.environ.get("VARVE") or f"{ROOT}/.build/debug/varve")
    options = parser.parse_args()
    if options.seeds > 1:
        return many(options)
    with tempfile.TemporaryDirectory(prefix="varve-chaos-") as directory:
        chaos = Chaos(options, directory)
        try:
            tally = chaos.run()
        finally:
            chaos.clear()
    print(json.dumps(tally))
    return 1 if tally["findings"] else 0


def many(options) -> int:
    """Runs of their own, each a process; prints each tally and their sum."""
    def one(seed: int) -> subprocess.CompletedProcess:
        place = ["directory", "s3"][seed % 2]
        return subprocess.run(
            [sys.executable, __file__, "--seed", str(seed), "--kills", str(options.kills), "--place", place, "--varve",
             options.varve], capture_output=True, text=True)

    total: collections.Counter = collections.Counter()
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(options.parallel) as pool:
        for run in pool.map(one, range(options.seed, options.seed + options.seeds)):
            print(run.stdout.strip() or run.stderr[-3000:], flush=True)
            failures += run.returncode != 0
            tally = json.loads(run.stdout) if run.stdout else {}
            for key in ["faults", "verbs", "verbs_killed"]:
                counts = collections.Counter(tally.pop(key, {}))
                total[key] += counts.total()
                total.update({f"{key}.{name}": count for name, count in counts.items() if key != "faults"})
            total.update({key: value for key, value in tally.items() if isinstance(value, int) and key != "seed"})
    print(json.dumps({"runs": options.seeds, "failures": failures, **total}))
    return 1 if failures else 0


class Chaos:
    def __init__(self, options, directory: str):
        self.options, self.directory = options, directory
        self.chance = random.Random(options.seed)
        self.topic = f"chaos-{os.getpid()}-{options.seed}"
        self.ledger = f"{directory}/ledger.ndjson"
        self.writers: list[subprocess.Popen] = []
        self.mounted = self.proxy = None
        self.tally = {"seed": options.seed, "place": options.place, "kills": 0, "pauses": 0, "restarts": 0,
                      "outages": 0, "expiries": 0, "full_disks": 0}
        self.environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1"}
        self.produced = 0
        if options.place == "directory":
            self.lake = f"file://{directory}/lake"
            self.mount()
        else:
            self.bucket = os.environ.get("VARVE_TEST_BUCKET", "varve-test")
            self.lake = f"s3://{self.bucket}/{self.topic}"
            self.start_proxy()
        self.configuration = self.write_configuration()
        # Events of the last hour and a half, so that some are old enough for each rule.
        self.start = int((time.time() - 5400) * 1000)
        self.maintenance = Maintenance(self)

    # The installation

    def mount(self) -> None:
        """A small disk of its own, where that is allowed: it can be filled."""
        os.makedirs(f"{self.directory}/lake")
        command = ["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", f"{self.directory}/lake"]
        if os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0:
            self.mounted = f"{self.directory}/lake"

    def start_proxy(self) -> None:
        import socket
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.weather(faults=0.03)
        direct = os.environ["VARVE_TEST_SEAWEED"]
        self.proxy = subprocess.Popen(
            [os.environ["VARVE_TEST_MITMDUMP"], "-q", "--mode", f"reverse:{direct}", "--listen-host", "127.0.0.1",
             "--listen-port", str(port), "--set", "keep_host_header=true", "--set", f"confdir={self.directory}/conf",
             "-s", f"{ROOT}/Tests/servers/weather.py"],
            env={**os.environ, "WEATHER": f"{self.directory}/weather", "WEATHER_SEED": str(self.options.seed)})
        self.environment |= {
            "AWS_ACCESS_KEY_ID": os.environ["VARVE_TEST_SEAWEED_ACCESS_KEY"],
            "AWS_SECRET_ACCESS_KEY": os.environ["VARVE_TEST_SEAWEED_SECRET_KEY"],
            "VARVE_S3_ENDPOINT": f"http://127.0.0.1:{port}", "AWS_ENDPOINT_URL_S3": direct}
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        raise SystemExit("the proxy does not listen")

    def weather(self, **now) -> None:
        with open(f"{self.directory}/weather.new", "w") as file:
            json.dump(now, file)
        os.replace(f"{self.directory}/weather.new", f"{self.directory}/weather")

    def write_configuration(self) -> str:
        path = f"{self.directory}/varve.yaml"
        with open(path, "w") as file:
            file.write(f"""
lake: {self.lake}
kafka:
  brokers: {os.environ["VARVE_TEST_MEMKAFKA"]}
  group: {self.topic}
  properties: {{ session.timeout.ms: "3000", heartbeat.interval.ms: "300" }}
memory: 128MiB
commit: {{ every: 100ms, checkpoint_every: 4 }}
server: {{ listen: "off" }}
shutdown: {{ timeout: 5s }}
tables:
  - name: events
    topics: [{self.topic}]
    partition: {{ shards: 2 }}
    rotate: {{ bytes: 64KiB, age: 1s, records: 400 }}
{LIFECYCLE}""")
        return path

    # What happens

    def run(self) -> dict:
        self.produce(1000, partitions=4)
        # What restores ask for is in the lake before the first of them begins.
        if self.varve("run", "--config", self.configuration, "--once").wait(120) != 0:
            raise SystemExit("the first writer failed")
        for _ in range(2):
            self.start_writer()
        actions = [self.kill] * 5 + [self.pause] + [self.end, self.add, self.bad_store]
        actions += [self.maintenance.strike] * 8
        while self.tally["kills"] + sum(self.maintenance.killed.values()) < self.options.kills:
            self.produce(self.chance.randrange(50, 300))
            time.sleep(self.chance.random())
            self.chance.choice(actions)()
            self.writers = [writer for writer in self.writers if writer.poll() is None]
            while len(self.writers) < 2:
                self.start_writer()
        return self.settle()

    def varve(self, *arguments: str, environment: dict = {}) -> subprocess.Popen:
        with open(f"{self.directory}/varve.log", "a") as log:
            return subprocess.Popen(
                [self.options.varve, *arguments], env=self.environment | environment, stdout=subprocess.DEVNULL,
                stderr=log)

    def start_writer(self) -> None:
        self.writers.append(self.varve("run", "--config", self.configuration))

    def produce(self, events: int, partitions: int = 0) -> None:
        self.produced += 1
        subprocess.run(
            [sys.executable, f"{HERE}/produce.py", "--brokers", os.environ["VARVE_TEST_MEMKAFKA"],
             "--topic", self.topic, "--partitions", str(partitions), "--events", str(events), "--seed",
             str(self.options.seed * 1000 + self.produced), "--ledger", self.ledger, "--start",
             str(self.start + 1000 * (0 if partitions else self.chance.randrange(4000))), "--step", "5000"], check=True)

    def kill(self) -> None:
        writer = self.chance.choice(self.writers)
        writer.kill()
        writer.wait()
        self.tally["kills"] += 1

    def pause(self) -> None:
        """Longer than the session, mostly: what it held has a new owner when it wakes."""
        writer = self.chance.choice(self.writers)
        writer.send_signal(signal.SIGSTOP)
        self.produce(100)
        time.sleep(self.chance.choice([0.5, 4, 6]))
        writer.send_signal(signal.SIGCONT)
        self.tally["pauses"] += 1

    def end(self) -> None:
        writer = self.chance.choice(self.writers)
        writer.terminate()
        writer.wait(20)
        self.tally["restarts"] += 1

    def add(self) -> None:
        if len(self.writers) < 3:
            self.start_writer()

    def bad_store(self) -> None:
        seconds = self.chance.choice([1, 3])
        if self.proxy:
            kind = self.chance.choice(["out", "expired"])
            self.weather(**{kind: True})
            time.sleep(seconds)
            self.weather(faults=0.03)
            self.tally["outages" if kind == "out" else "expiries"] += 1
        elif self.mounted:
            filler = f"{self.mounted}/filler"
            try:
                with open(filler, "wb") as file:
                    while True:
                        file.write(bytes(1 << 20))
            except OSError:
                pass
            time.sleep(seconds)
            os.remove(filler)
            self.tally["full_disks"] += 1

    # The end

    def settle(self) -> dict:
        if self.proxy:
            self.weather(faults=0)
        for writer in self.writers:
            writer.terminate()
        for process in self.writers:
            process.wait(60)
        drain = self.varve("run", "--config", self.configuration, "--once")
        if drain.wait(180) != 0:
            with open(f"{self.directory}/varve.log") as log:
                print(log.read()[-4000:], file=sys.stderr)
            raise SystemExit(f"seed {self.options.seed}: the last writer ended with {drain.returncode}")
        self.maintenance.finish()
        self.tally |= {"verbs": self.maintenance.begun, "verbs_killed": self.maintenance.killed} | self.audit()
        self.tally |= self.maintenance.imports.tally
        if self.proxy and os.path.exists(f"{self.directory}/weather.tally"):
            with open(f"{self.directory}/weather.tally") as file:
                self.tally["faults"] = json.load(file)
        return self.tally

    def audit(self) -> dict:
        maintenance = self.maintenance
        audit = subprocess.run(
            [sys.executable, f"{HERE}/audit.py", self.lake, "events", self.ledger, "--payloads", "--erased",
             ",".join(maintenance.keys), "--expired-before", str(maintenance.expired_before)], env=self.environment,
            capture_output=True, text=True)
        if not audit.stdout:
            raise SystemExit(audit.stderr)
        summary = json.loads(audit.stdout)
        os.environ |= self.environment
        with open(self.ledger) as file:
            findings = maintenance.audit([json.loads(line) for line in file])
        summary["findings"] += findings
        summary["findings_count"] += len(findings)
        return summary

    def clear(self) -> None:
        for process in [*self.writers, *(process for _, process in self.maintenance.running), self.proxy]:
            if process and process.poll() is None:
                process.kill()
                process.wait()
        if self.mounted:
            subprocess.run(["umount", "-l", self.mounted])


if __name__ == "__main__":
    sys.exit(main())
