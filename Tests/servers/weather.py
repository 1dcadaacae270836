"""A mitmproxy addon: an S3 server's bad days, by seed.

The file WEATHER holds JSON and may be rewritten at any time: `{"faults": 0.05, "out": false, "expired": false}`.
`faults` is the chance of a request to be lost, answered with 409, 500 or 503, or to lose its answer; `out` cuts every
connection; `expired` refuses the credentials. Counts go to WEATHER.tally.
"""
import collections
import json
import os
import random

from mitmproxy import http

chance = random.Random(int(os.environ.get("WEATHER_SEED", "1")))
tally: collections.Counter = collections.Counter()
state = {"at": 0.0, "now": {}}


def weather() -> dict:
    at = os.stat(os.environ["WEATHER"]).st_mtime
    if at != state["at"]:
        try:
            with open(os.environ["WEATHER"]) as file:
                state["now"], state["at"] = json.load(file), at
        except ValueError:  # It is being written.
            pass
    return state["now"]


def strike(kind: str) -> None:
    tally[kind] += 1
    with open(os.environ["WEATHER"] + ".tally", "w") as file:
        json.dump(tally, file)


def refuse(flow: http.HTTPFlow, status: int, code: str) -> None:
    strike(code)
    body = f"<Error><Code>{code}</Code><Message>a bad day</Message></Error>"
    flow.response = http.Response.make(status, body, {"Content-Type": "application/xml"})


def request(flow: http.HTTPFlow) -> None:
    now = weather()
    if now.get("out"):
        strike("out")
        flow.kill()
    elif now.get("expired"):
        refuse(flow, 400, "ExpiredToken")
    elif chance.random() < now.get("faults", 0):
        kind = chance.choice(["lost request", "lost answer", "409", "500", "503"])
        if kind == "lost request":
            strike(kind)
            flow.kill()
        elif kind == "lost answer":
            flow.metadata["lost"] = True
        elif kind == "409" and "If-None-Match" in flow.request.headers:
            refuse(flow, 409, "ConditionalRequestConflict")
        elif kind == "500":
            refuse(flow, 500, "InternalError")
        else:
            refuse(flow, 503, "SlowDown")


def response(flow: http.HTTPFlow) -> None:
    if flow.metadata.get("lost") and flow.response.status_code < 300:
        strike("lost answer")
        flow.kill()
