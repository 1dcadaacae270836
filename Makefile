# Varve. `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BUILD_PACKAGES := libcurl4-openssl-dev libssl-dev libzstd-dev librdkafka-dev libsqlite3-dev libsimdjson-dev \
	zlib1g-dev libsnappy-dev liblz4-dev libbrotli-dev libstdc++-12-dev pkg-config git ca-certificates
TEST_PACKAGES := python3 python3-venv openssl kcat zstd chromium

SWIFT_BUILD := swift build --explicit-target-dependency-import-check error
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null)
SERVERS := tools seaweed juicefs rclone memkafka noida tansu
VENV ?= $(if $(VARVE_VENV),$(VARVE_VENV),.venv)

.PHONY: help deps test-deps build release demo test unit simulate mutations chaos model fuzz sanitize bench \
	bench-parquet bench-maintenance bench-erasure bench-metrics image-size lint format stack stack-up stack-down \
	deploy-tests clean

help: ## Lists the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## Installs what a build needs: Debian packages that are missing
	@scripts/install-packages $(BUILD_PACKAGES)
	@command -v swift >/dev/null || { echo "Swift 6.2 or newer is needed: https://www.swift.org/install/linux" >&2; exit 69; }

test-deps: deps ## Installs what the tests need: Debian packages, and servers and readers into .venv
	@scripts/install-packages $(TEST_PACKAGES)
	@Tests/servers/install --rgw

build: deps ## Builds everything for debugging
	$(SWIFT_BUILD)

release: deps ## Builds the product, optimised: .build/release/varve
	VARVE_BUILD_COMMIT=$(COMMIT) $(SWIFT_BUILD) -c release --product varve

demo: release ## Runs the main job here and now: Kafka to lake, killed half-way, verified
	.build/release/varve demo

test: test-deps ## Builds and runs every test, with real brokers and S3 servers on loopback
	$(SWIFT_BUILD) --build-tests
	VARVE_TEST_LOGS=.build/servers-logs Tests/servers/with $(SERVERS) rgw? -- scripts/run-tests

unit: deps ## Builds and runs the tests that need no server
	$(SWIFT_BUILD) --build-tests
	scripts/run-tests

simulate: deps ## Runs simulated installations from seeds: SEED=1 SEEDS=10000, TRACE=1 for every step
	$(SWIFT_BUILD) -c release --product varve-simulate
	.build/release/varve-simulate --seed $(or $(SEED),1) --seeds $(or $(SEEDS),1) $(if $(TRACE),--trace)

mutations: deps ## Breaks the code on purpose, one rule at a time, and lets the simulation find it
	scripts/mutations

chaos: test-deps build ## Kills and starves real writers and counts every event: SEED=1 SEEDS=8 KILLS=30
	Tests/servers/with tools seaweed memkafka -- $(VENV)/bin/python Tests/python/chaos.py \
		--seed $(or $(SEED),1) --seeds $(or $(SEEDS),8) --kills $(or $(KILLS),30)

model: deps ## Explores the commit protocol whole, with the larger bounds too: minutes, and gigabytes of memory
	VARVE_MODEL=large swift test --disable-xctest --filter ProtocolTests

fuzz: deps ## Fuzzes a parser of outside bytes with libFuzzer (TARGET=xml, or all; RUNS=1000000)
	Tests/Fuzz/run $(or $(TARGET),all) $(or $(RUNS),1000000)

sanitize: deps ## Runs the unit tests under the address sanitizer, apart from the other builds
	scripts/sanitize

bench: test-deps ## Measures against the pipe and writes docs/performance.md (BENCH_GB=1.5, BENCH_ROUNDS=3)
	$(SWIFT_BUILD) -c release
	$(VENV)/bin/python Tests/python/bench.py

bench-parquet: test-deps ## Measures NDJSON to Parquet against DuckDB and pyarrow (BENCH_GB=1.0, BENCH_ROUNDS=3)
	$(SWIFT_BUILD) -c release
	$(VENV)/bin/python Tests/python/bench_parquet.py

bench-maintenance: test-deps ## Measures compaction against DuckDB, and large catalogs (BENCH_GB=1.0, BENCH_OBJECTS=10000000)
	$(SWIFT_BUILD) -c release
	$(VENV)/bin/python Tests/python/bench_maintenance.py

bench-erasure: test-deps ## Measures erasures with Bloom filters and without (BENCH_OBJECTS=300, BENCH_EVENTS=10000)
	$(SWIFT_BUILD) -c release
	$(VENV)/bin/python Tests/python/bench_erasure.py

bench-metrics: deps ## Measures a scrape and the writer's status with 10,000 topic partitions
	$(SWIFT_BUILD) -c release --product varve-bench
	.build/release/varve-bench scrape --partitions 10000
	.build/release/varve-bench publish --topics 100 --partitions 100

image-size: deps ## Weighs the image without Docker and runs the program in it; needs root and a Debian mirror
	@scripts/install-packages debootstrap
	$(SWIFT_BUILD) -c release --product varve --static-swift-stdlib --scratch-path .build/image
	scripts/image-size .build/image/release/varve

lint: ## Checks the formatting
	swift format lint --strict --parallel --recursive Package.swift Sources Tests

format: ## Formats the sources
	swift format --in-place --parallel --recursive Package.swift Sources Tests

stack: ## Starts Kafka, MinIO and Varve with Docker Compose (minio/)
	docker compose -f minio/compose.yaml up --build

stack-up: ## Starts the whole stack: a maintainer, Prometheus, Grafana and a load too (deploy/compose); RATE=2000
	docker compose -f deploy/compose/compose.yaml up --build --detach --wait
	@echo "Grafana http://127.0.0.1:3000  Varve http://127.0.0.1:9464  Prometheus http://127.0.0.1:9090  MinIO http://127.0.0.1:9001"

stack-down: ## Stops it and removes what it stored
	docker compose -f deploy/compose/compose.yaml --profile jobs down --volumes

deploy-tests: ## Checks deploy/, .github/ and the documents with the tools that read them; needs 'make test-deps build'
	Tests/servers/with tools memkafka seaweed -- $(VENV)/bin/python -m pytest -q -rs -p no:cacheprovider Tests/deploy

clean: ## Removes what was built
	rm -rf .build .demo
