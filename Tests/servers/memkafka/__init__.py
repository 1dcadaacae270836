"""A small Kafka broker in memory, for volume and for quick consumer groups in tests and benchmarks.

Keeps record batches as the producer sent them and hands them out again, so it costs little beside what is measured.
One broker, no replication, no transactions, no retention; protocol versions of Kafka 0.11 and MessageFormat 2.
What it proves is only that Varve works with it: the Compose stack in minio/ runs the real Apache Kafka.
"""
