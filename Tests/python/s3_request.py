#!/usr/bin/env python3
"""s3_request.py METHOD ENDPOINT PATH [QUERY] [BODY]: one signed request (SigV4), for what Varve's own client cannot do.

Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Prints the answer's body.
"""
import datetime
import hashlib
import hmac
import os
import sys
import urllib.parse
import urllib.request


def main() -> None:
    method, endpoint, path, query, body = (sys.argv[1:] + ["", ""])[:5]
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    digest = hashlib.sha256(body.encode()).hexdigest()
    headers = {"host": urllib.parse.urlsplit(endpoint).netloc, "x-amz-content-sha256": digest, "x-amz-date": now}
    signed = ";".join(headers)
    canonical = "\n".join([
        method, f"/{path}", f"{query}=" if query else "", *(f"{name}:{value}" for name, value in headers.items()), "",
        signed, digest])
    text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{scope}, SignedHeaders={signed}, "
        f"Signature={signature}")
    url = f"{endpoint}/{path}" + (f"?{query}=" if query else "")
    request = urllib.request.Request(url, body.encode() or None, headers, method=method)
    print(urllib.request.urlopen(request, timeout=30).read().decode())


if __name__ == "__main__":
    main()
