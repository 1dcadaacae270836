"""The few signed requests that prove a server ready: creates the test bucket and puts one object (SigV4)."""
import datetime
import hashlib
import hmac
import http.client
import urllib.parse

BUCKET = "varve-test"


def prepare_bucket(endpoint: str, access_key: str, secret_key: str) -> bool:
    """True once the bucket exists and takes an object; False while the server still starts."""
    keys = (access_key, secret_key)
    if _request("PUT", endpoint, f"/{BUCKET}", keys) not in (200, 409):
        return False
    if _request("PUT", endpoint, f"/{BUCKET}/ready", keys, b"ready") != 200:
        return False
    return _request("DELETE", endpoint, f"/{BUCKET}/ready", keys) in (200, 204)


def _request(method: str, endpoint: str, path: str, keys: tuple[str, str], body: bytes = b"") -> int:
    url = urllib.parse.urlsplit(endpoint)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
    try:
        connection.request(method, path, body, _signed(method, url.netloc, path, keys, body))
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except http.client.HTTPException:
        return 0
    finally:
        connection.close()


def _signed(method: str, host: str, path: str, keys: tuple[str, str], body: bytes) -> dict[str, str]:
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": now}
    names = ";".join(headers)
    canonical = "\n".join([method, path, "", *(f"{n}:{v}" for n, v in headers.items()), "", names, digest])
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + keys[1]).encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={keys[0]}/{scope}, SignedHeaders={names}, Signature={signature}")
    return headers
