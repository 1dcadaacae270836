#!/usr/bin/env python3
"""Sends events to a topic and writes a ledger: one line for each event that the broker acknowledged.

A ledger line is {"topic", "partition", "offset", "timestamp", "key", "value", "headers"}: keys, values and those of
headers in base64, null where they are null.
The events are of every kind: JSON, not JSON, empty, binary, null keys, tombstones, headers. The seed decides which.
"""
import argparse
import base64
import json
import random

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--partitions", type=int, default=0, help="makes the topic with so many first")
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=1_768_464_000_000, help="milliseconds since 1970")
    parser.add_argument("--step", type=int, default=1000, help="milliseconds from one event to the next")
    parser.add_argument("--noise", type=int, default=0, help="bytes that do not compress, in every JSON event")
    parser.add_argument("--ledger", required=True, help="is appended to")
    options = parser.parse_args()
    if options.partitions:
        create(options)
    with open(options.ledger, "a") as ledger:
        send(options, ledger)


def create(options) -> None:
    admin = AdminClient({"bootstrap.servers": options.brokers})
    topic = NewTopic(options.topic, options.partitions, 1, config={"retention.ms": "-1"})
    for result in admin.create_topics([topic]).values():
        result.result(30)


def send(options, ledger) -> None:
    chance = random.Random(options.seed)
    producer = Producer({"bootstrap.servers": options.brokers, "linger.ms": 5, "acks": "all"})
    failures = []

    def delivered(error, message, headers) -> None:
        if error:
            failures.append(error)
            return
        ledger.write(json.dumps({
            "topic": message.topic(), "partition": message.partition(), "offset": message.offset(),
            "timestamp": message.timestamp()[1], "key": encoded(message.key()), "value": encoded(message.value()),
            "headers": [[name, encoded(value)] for name, value in headers],
        }) + "\n")

    for number in range(options.events):
        key, value, headers = event(number, options, chance)
        producer.produce(
            options.topic, value, key, timestamp=options.start + number * options.step, headers=headers,
            on_delivery=lambda error, message, headers=headers: delivered(error, message, headers))
        producer.poll(0)
    if producer.flush(60) or failures:
        raise SystemExit(f"not all events were taken: {failures[:3]}")


def event(number: int, options, chance: random.Random):
    key = None if chance.random() < 0.1 else f"key-{chance.randrange(50)}".encode()
    body = {"number": number, "seed": options.seed, "text": "x" * chance.randrange(200), "accent": "é€😀"}
    if options.noise:
        body["noise"] = base64.b64encode(chance.randbytes(options.noise * 3 // 4)).decode()
    kind = chance.random()
    if kind < 0.02:
        value = None
    elif kind < 0.04:
        value = b""
    elif kind < 0.06:
        value = b'{"number":' + str(number).encode()
    elif kind < 0.08:
        value = bytes(chance.randrange(256) for _ in range(64))
    elif kind < 0.10:
        value = json.dumps(body, indent=2).encode()
    else:
        value = json.dumps(body).encode()
    headers = [("trace", b"1"), ("trace", b"2"), ("empty", None), ("binary", b"\xff\x00")]
    return key, value, headers if chance.random() < 0.2 else []


def encoded(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


if __name__ == "__main__":
    main()
