#!/usr/bin/env python3
"""compare_topics.py --brokers B SOURCE TARGET: is one topic, by what readers of committed events see, the other again?

Compares partition by partition and in order: key, value, headers with duplicates and nulls, timestamp and its type.
With --create the target is made first. Conditions choose which events of the source are expected. Prints a summary as
JSON; exits 1 where anything differs.
"""
import argparse
import json
import sys
import time

from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brokers", required=True)
    parser.add_argument("--create", type=int, help="only makes the target, with so many partitions")
    parser.add_argument("--partition", type=int)
    parser.add_argument("--offsets", default="..", help="100..200, without 200")
    parser.add_argument("--key")
    parser.add_argument("--from-time", type=int, default=0, help="milliseconds since 1970")
    parser.add_argument("--to-time", type=int, default=1 << 62)
    parser.add_argument("--not-json", action="store_true", help="only events whose payload is none, or not JSON")
    parser.add_argument("--payloads", action="store_true", help="only JSON payloads count, without their white space")
    parser.add_argument("--by-key", action="store_true", help="only the order inside of each key counts")
    parser.add_argument("--as-sets", action="store_true", help="order does not count")
    parser.add_argument("--prefix", action="store_true", help="events at the end of the source may be missing")
    parser.add_argument("--times", type=int, default=1, help="how often each event is expected")
    parser.add_argument("--at-least", action="store_true", help="repeated events are no difference")
    parser.add_argument("source")
    parser.add_argument("target")
    options = parser.parse_args()
    if options.create:
        create(options.brokers, options.target, options.create)
        return 0
    first, end = options.offsets.split("..")
    expected = {
        partition: [
            event for offset, event in events
            if (options.partition is None or partition == options.partition)
            and int(first or 0) <= offset < int(end or 1 << 62)
            and (options.key is None or event[0] == options.key.encode())
            and not (options.not_json and is_json(event[1]))
            and options.from_time <= event[3][1] < options.to_time
        ]
        for partition, events in read(options.brokers, options.source).items()
    }
    found = {
        partition: [event for _, event in events] for partition, events in read(options.brokers, options.target).items()
    }
    if options.payloads:
        expected, found = payloads(expected), payloads(found)
    if options.by_key:
        expected, found = by_key(expected), by_key(found)
    if options.as_sets:
        expected = {place: sorted(events, key=repr) for place, events in expected.items()}
        found = {place: sorted(events, key=repr) for place, events in found.items()}
    findings = []
    for place in sorted(set(expected) | set(found), key=str):
        want, have = expected.get(place, []) * options.times, found.get(place, [])
        if options.prefix:
            want = want[:len(have)]
        if options.at_least:
            have = list(dict.fromkeys(have))
            want = list(dict.fromkeys(want))
        if want != have:
            at = next((i for i, (a, b) in enumerate(zip(want, have)) if a != b), min(len(want), len(have)))
            findings.append(f"{place}: {len(want)} expected, {len(have)} found, first difference at {at}: "
                            f"{want[at:at + 1]} {have[at:at + 1]}"[:600])
    print(json.dumps({"events": sum(map(len, expected.values())), "found": sum(map(len, found.values())),
                      "findings": findings[:10]}))
    return 1 if findings else 0


def is_json(value: bytes | None) -> bool:
    try:
        json.loads(value)
        return True
    except (TypeError, ValueError):
        return False


def create(brokers: str, topic: str, partitions: int) -> None:
    admin = AdminClient({"bootstrap.servers": brokers})
    new = NewTopic(topic, partitions, 1, config={"retention.ms": "-1"})
    for result in admin.create_topics([new]).values():
        result.result(30)


def read(brokers: str, topic: str) -> dict:
    """Every committed event of a topic, by partition: (offset, (key, value, headers, timestamp))."""
    consumer = Consumer({
        "bootstrap.servers": brokers, "group.id": f"compare-{time.time_ns()}", "enable.auto.commit": False,
        "isolation.level": "read_committed", "enable.partition.eof": True, "auto.offset.reset": "earliest",
    })
    try:
        partitions = list(consumer.list_topics(topic, 10).topics[topic].partitions)
        consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
        events = {partition: [] for partition in partitions}
        ended = set()
        deadline = time.monotonic() + 60
        while len(ended) < len(partitions):
            if time.monotonic() > deadline:
                raise SystemExit(f"{topic}: the end was not reached in time")
            message = consumer.poll(1)
            if message is None:
                continue
            if message.error():
                if message.error().code() != KafkaError._PARTITION_EOF:
                    raise SystemExit(str(message.error()))
                ended.add(message.partition())
                continue
            headers = tuple(tuple(header) for header in message.headers() or [])
            events[message.partition()].append(
                (message.offset(), (message.key(), message.value(), headers, message.timestamp())))
        return events
    finally:
        consumer.close()


def payloads(events: dict) -> dict:
    """JSON payloads of all partitions together, as what they say."""
    return {"all": [
        json.dumps(json.loads(event[1])) for partition in sorted(events) for event in events[partition]
        if is_json(event[1])]}


def by_key(events: dict) -> dict:
    result = {}
    for partition in sorted(events):
        for event in events[partition]:
            result.setdefault((event[0], partition) if event[0] is None else event[0], []).append(event)
    # Events without a key may go anywhere.
    unkeyed = sorted((event for key, group in result.items() if isinstance(key, tuple) for event in group), key=repr)
    return {**{key: group for key, group in result.items() if not isinstance(key, tuple)}, "no key": unkeyed}


if __name__ == "__main__":
    sys.exit(main())
