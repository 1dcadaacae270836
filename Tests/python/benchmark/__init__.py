"""What `make bench` runs: one broker, one topic, every contender in turn, medians into docs/performance.md."""
