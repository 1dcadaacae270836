"""A real Prometheus scrapes a real writer; every query of rules and dashboards has to find something there."""
import json
import os
import re
import subprocess
import time
import urllib.parse
import urllib.request

import pytest
import yaml

from conftest import DEPLOY, ROOT, free_port, run, tool, varve

RULES = sorted((DEPLOY / "observability/rules").glob("*.yaml"))
DASHBOARDS = sorted((DEPLOY / "observability/dashboards").glob("*.json"))

# What a healthy writer on a directory with one Prometheus does not have, and why.
EMPTY_IN_HEALTH = {
    "kube_job_status_failed": "comes from kube-state-metrics, which is not here",
    "varve_s3_requests_total": "the lake is a directory; test_least_privilege.py sees it",
    "varve_credentials_expire_time_seconds": "a directory needs no credentials",
    "varve_credentials_failures_total": "a directory needs no credentials",
    "varve_metrics_series_dropped_total": "is there only once a series was dropped",
}

# Documented, and only there where something else is: S3, or a Parquet schema.
NOT_ON_THESE_PAGES = {"varve_s3_retries_total", "varve_unknown_fields_total", "varve_misfit_values_total"}


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    brokers = os.environ.get("VARVE_TEST_MEMKAFKA")
    if not brokers:
        pytest.skip("no broker is running: run 'make test'")
    directory = tmp_path_factory.mktemp("live")
    stack = Stack(directory, brokers)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


class Stack:
    """A writer, the lake's metrics, and a Prometheus with the repository's rules at one-second intervals."""

    def __init__(self, directory, brokers):
        self.directory, self.brokers = directory, brokers
        self.topic = f"live-{os.getpid()}"
        self.ports = {name: free_port() for name in ("writer", "lake", "prometheus")}
        self.processes = []

    def start(self):
        config = self.directory / "varve.yaml"
        config.write_text(yaml.safe_dump({
            "lake": f"file://{self.directory}/lake",
            "kafka": {"brokers": self.brokers, "group": self.topic},
            "commit": {"every": "500ms"},
            "server": {"listen": f"127.0.0.1:{self.ports['writer']}"},
            "tables": [{
                "name": "clicks", "topics": [self.topic], "format": "value",
                "rotate": {"age": "2s", "bytes": "64KiB"}, "close": {"grace": "0s", "idle": "1s"},
            }],
        }))
        self.produce(1, start=time.time() - 7200)
        self.spawn("writer", varve(), "run", "--config", config)
        eventually(lambda: (self.directory / "lake/clicks/_varve/log").exists(), "the first commit")
        self.spawn(
            "lake", varve(), "metrics", "--config", config, "--listen", f"127.0.0.1:{self.ports['lake']}",
            "--every", "1s", "--dead")
        self.spawn(
            "prometheus", tool("prometheus"), f"--config.file={self.settings()}",
            f"--storage.tsdb.path={self.directory}/tsdb",
            f"--web.listen-address=127.0.0.1:{self.ports['prometheus']}", "--log.level=warn")
        eventually(lambda: self.query("up"), "prometheus")
        for seed in range(2, 8):
            self.produce(seed, start=time.time() - 60)
            time.sleep(1)  # not a wait for something: rates need points in time

    def settings(self):
        rules = self.directory / "rules"
        rules.mkdir()
        for file in RULES:
            (rules / file.name).write_text(re.sub(r"interval: \w+", "interval: 1s", file.read_text()))
        path = self.directory / "prometheus.yaml"
        path.write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [f"{rules}/*.yaml"],
            "scrape_configs": [
                {"job_name": "varve", "static_configs": [{"targets": [f"127.0.0.1:{self.ports['writer']}"]}]},
                {"job_name": "varve-lake", "static_configs": [{"targets": [f"127.0.0.1:{self.ports['lake']}"]}]},
            ],
        }))
        return path

    def spawn(self, name, *command):
        log = open(self.directory / f"{name}.log", "w")
        self.processes.append(subprocess.Popen([str(part) for part in command], stdout=log, stderr=log))

    def produce(self, seed, start):
        partitions = ["--partitions", "2"] if seed == 1 else []
        run(tool("python"), ROOT / "Tests/python/produce.py", "--brokers", self.brokers, "--topic", self.topic,
            "--events", "300", "--seed", seed, "--start", int(start * 1000), "--step", "20",
            "--ledger", self.directory / "ledger", *partitions)

    def query(self, expression):
        url = f"http://127.0.0.1:{self.ports['prometheus']}/api/v1/query?" + urllib.parse.urlencode(
            {"query": expression})
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            if error.code == 503:
                return []  # it is still reading its own log
            pytest.fail(f"{expression}: {error.read().decode()}")
        except OSError:
            return []

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def eventually(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds} s")
        time.sleep(0.2)


def rules():
    for file in RULES:
        for group in yaml.safe_load(file.read_text())["groups"]:
            yield from group["rules"]


def dashboard_queries():
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel.get("targets", []):
                yield file.stem, panel["title"], target["expr"]


def metrics_of(expression):
    """The metrics that an expression names: what stands before a selector, a range, or alone."""
    plain = re.sub(r'"[^"]*"', '""', expression)
    plain = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", "", plain)
    return set(re.findall(r"\b(?:varve[:_][\w:]+|kube_\w+|process_\w+|up)\b", plain))


def is_explained(expression):
    return any(name in EMPTY_IN_HEALTH for name in metrics_of(expression))


def ask(stack, expression, what):
    eventually(lambda: stack.query(expression), f"{what}: {expression}", seconds=40)


def test_every_recording_rule_has_data(prometheus):
    for rule in rules():
        if "record" in rule and not is_explained(rule["expr"]):
            ask(prometheus, rule["record"], "recording rule")


def test_every_metric_of_an_alert_exists(prometheus):
    names = set().union(*(metrics_of(rule["expr"]) for rule in rules() if "alert" in rule))
    assert len(names) > 15
    for name in sorted(names - EMPTY_IN_HEALTH.keys()):
        ask(prometheus, name, "metric of an alert")


def test_every_query_of_every_dashboard_has_data(prometheus):
    queries = list(dashboard_queries())
    assert len(queries) > 40
    for dashboard, panel, expression in queries:
        if not is_explained(expression):
            ask(prometheus, re.sub(r"\$\w+", ".*", expression), f"{dashboard}: {panel}")


def test_every_variable_of_a_dashboard_has_values(prometheus):
    for file in DASHBOARDS:
        for variable in json.loads(file.read_text())["templating"]["list"]:
            if variable["type"] == "query":
                metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"]).groups()
                ask(prometheus, f'{metric}{{{label}!=""}}', f"{file.stem}: variable {variable['name']}")


def test_what_is_explained_as_empty_is_empty(prometheus):
    for name in EMPTY_IN_HEALTH:
        assert not prometheus.query(name), f"{name} has data: it needs no explanation any more"


def test_dead_letters_and_nothing_else_raises_an_alert(prometheus):
    # A tenth of the produced events is no JSON, which is for their producer; the writer's health is another matter.
    firing = {alert["metric"]["alertname"] for alert in prometheus.query('ALERTS{alertstate="firing"}')}
    assert firing <= {"VarveDeadLetterRateHigh"}


def test_the_metrics_page_is_well_formed(prometheus):
    for name in ("writer", "lake"):
        with urllib.request.urlopen(f"http://127.0.0.1:{prometheus.ports[name]}/metrics", timeout=10) as answer:
            page = answer.read().decode()
        done = run(tool("promtool"), "check", "metrics", input=page, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_documented_metrics_are_there(prometheus):
    text = (ROOT / "docs/metrics.md").read_text()
    names = set(re.findall(r"`((?:varve|process)_[a-z0-9_]+)(?:\{[^}]*\})?`", text))
    assert len(names) > 40
    for name in sorted(names - EMPTY_IN_HEALTH.keys() - NOT_ON_THESE_PAGES):
        if not name.startswith(("varve_vacuum_", "varve_trace_")):  # in a file; where tracing is on
            ask(prometheus, f'{{__name__=~"{name}(_bucket)?"}}', "documented metric")


def test_the_image_asks_for_health_in_a_way_that_works(prometheus):
    """The HEALTHCHECK of the image, with this writer's port."""
    lines = (line.strip() for line in (DEPLOY / "image/Dockerfile").read_text().splitlines())
    command = json.loads(next(line for line in lines if line.startswith('CMD ["/bin/bash"')).removeprefix("CMD "))
    healthy = [part.replace("/9464", f"/{prometheus.ports['writer']}") for part in command]
    assert run(*healthy, check=False).returncode == 0
    nobody = [part.replace("/9464", f"/{free_port()}") for part in command]
    assert run(*nobody, check=False).returncode != 0
