"""python -m memkafka PORT [--topic NAME:PARTITIONS]... [--repeat N] [--auto-partitions N]"""
import argparse

from .broker import Broker, serve


def main() -> None:
    parser = argparse.ArgumentParser(description="a small Kafka broker in memory")
    parser.add_argument("port", type=int)
    parser.add_argument("--topic", action="append", default=[], help="NAME:PARTITIONS")
    parser.add_argument("--repeat", type=int, default=1, help="every log reads as so many copies of itself")
    parser.add_argument("--auto-partitions", type=int, default=0, help="topics are made with so many when asked for")
    options = parser.parse_args()
    broker = Broker(options.port, options.repeat, options.auto_partitions)
    for topic in options.topic:
        name, partitions = topic.rsplit(":", 1)
        broker.topics.create(name, int(partitions))
    serve(broker)


if __name__ == "__main__":
    main()
