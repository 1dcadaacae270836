"""Spans of a real run arrive at an OTLP collector, which checks every field; a collector that is away stops nothing.

Needs a Kafka broker: VARVE_TEST_MEMKAFKA, as `make test` sets it.
"""
import http.server
import json
import os
import pathlib
import re
import subprocess
import threading

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
VARVE = pathlib.Path(os.environ.get("VARVE_TEST_BINARY", REPOSITORY / ".build" / "debug" / "varve"))
BROKERS = os.environ.get("VARVE_TEST_MEMKAFKA")
kafka = pytest.importorskip("confluent_kafka", reason="confluent-kafka is not installed: run 'make test-deps'")
kafka_admin = pytest.importorskip("confluent_kafka.admin")
pytestmark = [
    pytest.mark.skipif(not VARVE.exists(), reason="varve is not built: run 'make build'"),
    pytest.mark.skipif(not BROKERS, reason="no Kafka broker: run 'make test'"),
]
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Collector(http.server.ThreadingHTTPServer):
    """Takes POST /v1/traces and keeps the spans; what is not OTLP's JSON is 400 and noted."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.spans, self.problems = [], []

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            assert self.path == "/v1/traces" and self.headers["Content-Type"] == "application/json"
            self.server.spans += checked(json.loads(body))
            status, answer = 200, b"{}"
        except (AssertionError, KeyError, ValueError) as problem:
            self.server.problems.append(repr(problem))
            status, answer = 400, b'{"message":"bad"}'
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


def only(known, found):
    assert set(found) <= set(known), f"unknown fields: {set(found) - set(known)}"


def attributes(pairs):
    result = {}
    for pair in pairs:
        only({"key", "value"}, pair)
        [(kind, value)] = pair["value"].items()
        assert kind in ("stringValue", "intValue") and isinstance(value, str)
        assert kind != "intValue" or re.fullmatch(r"-?\d+", value)
        assert pair["key"] not in result
        result[pair["key"]] = int(value) if kind == "intValue" else value
    return result


def checked(request):
    """The spans of an ExportTraceServiceRequest in OTLP's JSON encoding, every field checked."""
    only({"resourceSpans"}, request)
    spans = []
    for resource in request["resourceSpans"]:
        only({"resource", "scopeSpans"}, resource)
        assert attributes(resource["resource"]["attributes"])["service.name"] == "varve"
        for scope in resource["scopeSpans"]:
            only({"scope", "spans"}, scope)
            assert scope["scope"]["name"] == "varve"
            for span in scope["spans"]:
                only({"traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano",
                      "attributes", "status"}, span)
                assert re.fullmatch(r"[0-9a-f]{32}", span["traceId"]) and int(span["traceId"], 16)
                assert re.fullmatch(r"[0-9a-f]{16}", span["spanId"]) and int(span["spanId"], 16)
                assert re.fullmatch(r"[0-9a-f]{16}", span.get("parentSpanId", "f" * 16))
                assert span["kind"] in range(6)
                assert 1e18 < int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
                span["attributes"] = attributes(span["attributes"])
                spans.append(span)
    return spans


def produce(topic):
    admin = kafka_admin.AdminClient({"bootstrap.servers": BROKERS})
    for result in admin.create_topics([kafka_admin.NewTopic(topic, 1, 1, config={"retention.ms": "-1"})]).values():
        result.result(30)
    producer = kafka.Producer({"bootstrap.servers": BROKERS})
    for number in range(300):
        headers = [("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")] if number % 100 == 7 else []
        producer.produce(topic, value=json.dumps({"number": number}), key=str(number), headers=headers)
    assert producer.flush(60) == 0


def run(tmp_path, topic, endpoint):
    configuration = tmp_path / "varve.yaml"
    configuration.write_text(f"""
lake: file://{tmp_path}/lake
kafka: {{ brokers: "{BROKERS}", group: {topic} }}
server: {{ listen: "off" }}
tracing: {{ otlp_endpoint: "{endpoint}" }}
tables: [{{ name: events, topics: [{topic}], partition: {{ shards: 2 }} }}]
""")
    return subprocess.run(
        [VARVE, "run", "--once", "--config", configuration], capture_output=True, text=True, timeout=180)


def cat(tmp_path, *options):
    outcome = subprocess.run(
        [VARVE, "cat", "--lake", f"file://{tmp_path}/lake", *options, "events"], capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stderr
    return [json.loads(line) for line in outcome.stdout.splitlines()]


def test_spans_of_a_run_and_events_of_a_trace(tmp_path):
    produce("traced")
    with Collector() as collector:
        outcome = run(tmp_path, "traced", f"http://127.0.0.1:{collector.server_address[1]}")
    assert outcome.returncode == 0, outcome.stderr
    assert collector.problems == []
    roots = [span for span in collector.spans if span["name"] == "varve.commit_cycle"]
    assert roots and sum(span["attributes"]["varve.events"] for span in roots) == 300
    for root in roots:
        below = [span for span in collector.spans if span.get("parentSpanId") == root["spanId"]]
        names = [span["name"] for span in below]
        assert names.count("varve.commit") == 1 and names.count("varve.poll") == names.count("varve.upload") >= 1
        assert all(span["traceId"] == root["traceId"] for span in below)
        assert all(int(span["startTimeUnixNano"]) >= int(root["startTimeUnixNano"]) for span in below)
    events = cat(tmp_path, "--trace", TRACE)
    assert sorted(event["value"]["number"] for event in events) == [7, 107, 207]
    assert cat(tmp_path, "--trace", f"00-{TRACE}-0000000000000001-00") == events
    assert len(cat(tmp_path, "--header", "traceparent")) == 3
    assert cat(tmp_path, "--trace", "f" * 32) == []


def test_a_collector_that_is_away_stops_nothing(tmp_path):
    produce("untraced")
    outcome = run(tmp_path, "untraced", "http://127.0.0.1:1")
    assert outcome.returncode == 0, outcome.stderr
    assert len(cat(tmp_path)) == 300
