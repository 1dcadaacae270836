"""Amazon MSK's IAM authentication, end to end: `varve doctor` against a broker that speaks SASL/OAUTHBEARER.

The broker here knows four requests: ApiVersions, SaslHandshake, SaslAuthenticate and Metadata. It takes a token only
where Amazon's algorithm, done anew by botocore, gives the same signature.
"""
import base64
import datetime
import os
import pathlib
import socket
import struct
import subprocess
import threading
import time
import urllib.parse

import pytest

botocore_auth = pytest.importorskip("botocore.auth")
from botocore.awsrequest import AWSRequest  # noqa: E402
from botocore.credentials import Credentials  # noqa: E402

REPOSITORY = pathlib.Path(__file__).parents[2]
VARVE = pathlib.Path(os.environ.get("VARVE_TEST_BINARY", REPOSITORY / ".build" / "debug" / "varve"))
pytestmark = pytest.mark.skipif(not VARVE.exists(), reason="varve is not built: run 'make build'")
ACCESS_KEY, SECRET, SESSION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "c2Vzc2lvbg+/token=="
SASL_HANDSHAKE, SASL_AUTHENTICATE, API_VERSIONS, METADATA = 17, 36, 18, 3


def signature_of(url, region, secret):
    """Signs the request of a token again, with its own date."""
    parts = urllib.parse.urlsplit(url)
    query = dict(urllib.parse.parse_qsl(parts.query))
    date = datetime.datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")

    class Fixed(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return date.replace(tzinfo=tz)

        @classmethod
        def utcnow(cls):
            return date

    signer = botocore_auth.SigV4QueryAuth(
        Credentials(ACCESS_KEY, secret, query.get("X-Amz-Security-Token")), "kafka-cluster", region, expires=900)
    request = AWSRequest("GET", f"https://{parts.netloc}/", params={"Action": query["Action"]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore_auth, "get_current_datetime", lambda *_, **__: date, raising=False)
        patch.setattr(botocore_auth.datetime, "datetime", Fixed, raising=False) if hasattr(
            botocore_auth.datetime, "datetime") else None
        signer.add_auth(request)
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.url).query))["X-Amz-Signature"]


def text(value):
    return struct.pack(">h", len(value)) + value.encode()


class Broker(threading.Thread):
    """Lets a client in that knows the secret; keeps the tokens it was shown."""

    def __init__(self, secret=SECRET):
        super().__init__(daemon=True)
        self.secret, self.tokens, self.problems, self.admitted = secret, [], [], 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection, connection.makefile("rb") as stream:
            while len(head := stream.read(4)) == 4:
                frame = stream.read(struct.unpack(">i", head)[0])
                key, version, correlation, length = struct.unpack(">hhih", frame[:10])
                body = frame[10 + max(0, length):]
                answer = self.answer(key, version, body)
                if answer is None:
                    return
                answer = struct.pack(">i", correlation) + answer
                connection.sendall(struct.pack(">i", len(answer)) + answer)

    def answer(self, key, version, body):
        if key == API_VERSIONS:
            known = [(API_VERSIONS, 0, 0), (SASL_HANDSHAKE, 0, 1), (SASL_AUTHENTICATE, 0, 0), (METADATA, 0, 1)]
            return struct.pack(">hi", 35 if version else 0, len(known)) + b"".join(
                struct.pack(">hhh", *one) for one in known)
        if key == SASL_HANDSHAKE:
            return struct.pack(">hi", 0, 1) + text("OAUTHBEARER")
        if key == SASL_AUTHENTICATE:
            refusal = self.check(body[4:])
            if refusal:
                self.problems.append(refusal)
                return struct.pack(">h", 58) + text(refusal) + struct.pack(">i", 0)
            self.admitted += 1
            return struct.pack(">hh", 0, -1) + struct.pack(">i", 0)
        if key == METADATA:
            broker = struct.pack(">i", 1) + text("127.0.0.1") + struct.pack(">ih", self.port, -1)
            return struct.pack(">i", 1) + broker + struct.pack(">i", 1) + struct.pack(">i", 0)
        return None

    def check(self, message):
        """RFC 7628, section 3.1: gs2 header, key-value pairs, each ended by 0x01."""
        pairs = message.split(b"\x01")
        if not pairs[0].startswith(b"n,"):
            return "no gs2 header"
        token = next((pair[12:] for pair in pairs if pair.startswith(b"auth=Bearer ")), None)
        if token is None:
            return "no token"
        url = base64.urlsafe_b64decode(token + b"=" * (-len(token) % 4)).decode()
        self.tokens.append(url)
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        if query["X-Amz-Signature"] != signature_of(url, "eu-central-1", self.secret):
            return "the signature does not match"
        return None


def doctor(broker, tmp_path, session=None):
    configuration = tmp_path / "varve.yaml"
    configuration.write_text(f"""
lake: file://{tmp_path}
kafka:
  brokers: 127.0.0.1:{broker.port}
  aws_msk_iam: {{ region: eu-central-1 }}
  properties: {{ security.protocol: SASL_PLAINTEXT }}
""")
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true",
    }
    if session:
        environment["AWS_SESSION_TOKEN"] = session
    return subprocess.run(
        [VARVE, "doctor", "--config", configuration], env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("session", [None, SESSION], ids=["lasting key", "temporary key"])
def test_a_broker_lets_varve_in(tmp_path, session):
    with Broker() as broker:
        outcome = doctor(broker, tmp_path, session)
    assert broker.problems == [] and broker.admitted >= 1, outcome.stdout + outcome.stderr
    assert f"answered: 127.0.0.1:{broker.port}" in outcome.stdout
    query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(broker.tokens[0]).query))
    assert query["User-Agent"].startswith("varve/") and query.get("X-Amz-Security-Token") == session


def test_a_refused_token_is_said_and_shown_nowhere(tmp_path):
    with Broker(secret="another") as broker:
        outcome = doctor(broker, tmp_path)
    said = outcome.stdout + outcome.stderr
    assert broker.admitted == 0 and outcome.returncode != 0
    for url in broker.tokens:
        assert base64.urlsafe_b64encode(url.encode()).decode().rstrip("=") not in said
        assert "X-Amz-Signature" not in said and SECRET not in said


def test_a_writer_at_trace_level_logs_no_token(tmp_path):
    with Broker() as broker:
        configuration = tmp_path / "varve.yaml"
        configuration.write_text(f"""
lake: file://{tmp_path}/lake
server: {{ listen: "off" }}
log: {{ level: trace, format: json }}
kafka:
  brokers: 127.0.0.1:{broker.port}
  aws_msk_iam: {{ region: eu-central-1 }}
  properties: {{ security.protocol: SASL_PLAINTEXT, debug: all }}
tables: [{{ name: orders }}]
""")
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": SESSION,
        }
        log = tmp_path / "log"
        with open(log, "wb") as file:
            writer = subprocess.Popen([VARVE, "run", "--config", configuration], env=environment, stderr=file)
        try:
            deadline = time.monotonic() + 60
            while broker.admitted < 2 and time.monotonic() < deadline:
                time.sleep(0.1)
        finally:
            writer.kill()
            writer.wait()
    said = log.read_text(errors="replace")
    assert broker.admitted >= 1 and "OAUTHBEARER" in said.upper()
    for url in broker.tokens:
        token = base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")
        assert token[200:260] not in said and url[-200:-100] not in said
    assert SECRET not in said and SESSION not in said
