"""A mitmproxy addon: stands before an S3 server and lets through what a policy allows, as IAM would.

POLICY is the policy's JSON, read once. Each action that was needed is written to POLICY.used, and each request that was
refused to POLICY.refused, a line each.
"""
import fnmatch
import json
import os
import urllib.parse
import xml.etree.ElementTree

from mitmproxy import http

PATH = os.environ["POLICY"]
with open(PATH) as file:
    STATEMENTS = json.load(file)["Statement"]


def note(kind: str, line: str) -> None:
    with open(f"{PATH}.{kind}", "a") as out:
        out.write(line + "\n")


def needs(request: http.Request) -> list[tuple[str, str, dict]]:
    """The actions, resources and conditions of a request: AWS's table 'required permissions for S3 API operations'."""
    path, _, query_text = request.path.partition("?")
    query = dict(urllib.parse.parse_qsl(query_text, keep_blank_values=True))
    bucket, _, key = urllib.parse.unquote(path).lstrip("/").partition("/")
    bucket_arn, arn = f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/{key}"
    if not key:
        if request.method == "POST" and "delete" in query:
            names = xml.etree.ElementTree.fromstring(request.content or b"").iterfind(".//{*}Object/{*}Key")
            return [("s3:DeleteObject", f"{bucket_arn}/{name.text}", {}) for name in names]
        if request.method == "GET" and "uploads" in query:
            return [("s3:ListBucketMultipartUploads", bucket_arn, {"s3:prefix": query.get("prefix", "")})]
        if request.method in ("GET", "HEAD") and set(query) <= {
            "list-type", "prefix", "max-keys", "encoding-type", "start-after", "continuation-token"}:
            return [("s3:ListBucket", bucket_arn, {"s3:prefix": query.get("prefix", "")})]
        return [(f"unknown: {request.method} bucket {sorted(query)}", bucket_arn, {})]
    if request.method in ("GET", "HEAD"):
        return [("s3:ListMultipartUploadParts" if "uploadId" in query else "s3:GetObject", arn, {})]
    if request.method == "DELETE":
        return [("s3:AbortMultipartUpload" if "uploadId" in query else "s3:DeleteObject", arn, {})]
    if request.method in ("PUT", "POST"):
        found = [("s3:PutObject", arn, {})]
        if "x-amz-tagging" in request.headers:
            found.append(("s3:PutObjectTagging", arn, {}))
        if source := request.headers.get("x-amz-copy-source"):
            found.append(("s3:GetObject", "arn:aws:s3:::" + urllib.parse.unquote(source).lstrip("/"), {}))
        return found
    return [(f"unknown: {request.method}", arn, {})]


def allows(action: str, resource: str, context: dict) -> bool:
    for statement in STATEMENTS:
        if action not in statement["Action"] or statement["Effect"] != "Allow":
            continue
        if not any(fnmatch.fnmatchcase(resource, pattern) for pattern in statement["Resource"]):
            continue
        wanted = statement.get("Condition", {}).get("StringLike", {})
        if all(any(fnmatch.fnmatchcase(context.get(name, ""), pattern) for pattern in patterns)
               for name, patterns in wanted.items()):
            return True
    return False


def request(flow: http.HTTPFlow) -> None:
    for action, resource, context in needs(flow.request):
        if not allows(action, resource, context):
            note("refused", f"{action} {resource} {context}")
            body = "<Error><Code>AccessDenied</Code><Message>not in the policy</Message></Error>"
            flow.response = http.Response.make(403, body, {"Content-Type": "application/xml"})
            return
        note("used", action)
