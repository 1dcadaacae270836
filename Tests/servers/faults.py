"""A mitmproxy addon: faults between a client and an S3 server, as many as FAULTS says, then none.

FAULTS is a list such as `lost:PUT:/_varve/log/:1,503:PUT:/data/:3,409:PUT:/_varve/log/:1`: what, method, a part of the
path, how often; `*` stands for every method. `lost` lets the server do it and drops the answer; a number answers that
without asking the server; `expired` says that the session token is; `eu-west-3` wants requests signed for that region.
Each fault is a line in FAULTS_LOG. Start it with `--set keep_host_header=true`, or signatures fail.
"""
import os

from mitmproxy import http

REGION = "eu-west-3"
CODES = {"409": "ConditionalRequestConflict", "412": "PreconditionFailed", "500": "InternalError", "503": "SlowDown"}


class Fault:
    def __init__(self, text: str):
        self.kind, self.method, self.part, times = text.split(":")
        self.rest = int(times)

    def hits(self, request: http.Request) -> bool:
        if self.kind == REGION and f"/{REGION}/s3/" in request.headers.get("Authorization", ""):
            return False
        return self.rest > 0 and self.method in ("*", request.method) and self.part in request.path

    def answer(self) -> http.Response:
        status, code, detail = self.kind, CODES.get(self.kind, "InternalError"), ""
        if self.kind == "expired":
            status, code = 400, "ExpiredToken"
        elif self.kind == REGION:
            status, code, detail = 400, "AuthorizationHeaderMalformed", f"<Region>{REGION}</Region>"
        body = f"<Error><Code>{code}</Code><Message>a test</Message>{detail}</Error>"
        return http.Response.make(int(status), body, {"Content-Type": "application/xml"})


faults = [Fault(text) for text in os.environ.get("FAULTS", "").split(",") if text]


def strike(fault: Fault, flow: http.HTTPFlow) -> None:
    fault.rest -= 1
    with open(os.environ["FAULTS_LOG"], "a") as log:
        log.write(f"{fault.kind} {flow.request.method} {flow.request.path}\n")


def request(flow: http.HTTPFlow) -> None:
    for fault in faults:
        if fault.kind != "lost" and fault.hits(flow.request):
            strike(fault, flow)
            flow.response = fault.answer()
            return


def response(flow: http.HTTPFlow) -> None:
    for fault in faults:
        if fault.kind == "lost" and fault.hits(flow.request) and flow.response.status_code < 300:
            strike(fault, flow)
            flow.kill()
            return
