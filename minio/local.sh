#!/bin/bash
# The flow of compose.yaml without containers: SeaweedFS stands in for MinIO and a small broker for Kafka, both from
# `make test-deps`, on free ports of 127.0.0.1. Writes events, runs Varve once, shows and verifies the lake.
# EVENTS is how many (default 20000); VARVE is the program (default: the release build, else the debug one).
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" != --among-servers ]; then
    exec Tests/servers/with tools seaweed memkafka -- minio/local.sh --among-servers
fi

varve=${VARVE:-.build/release/varve}
[ -x "$varve" ] || varve=.build/debug/varve
[ -x "$varve" ] || { echo "there is no varve yet: run 'make release'" >&2; exit 69; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step() { printf '\n== %s\n' "$*"; }

export AWS_ACCESS_KEY_ID=$VARVE_TEST_SEAWEED_ACCESS_KEY AWS_SECRET_ACCESS_KEY=$VARVE_TEST_SEAWEED_SECRET_KEY
export AWS_ENDPOINT_URL_S3=$VARVE_TEST_SEAWEED
lake=s3://$VARVE_TEST_BUCKET/minio-local-$$

step "the configuration of minio/varve.yaml, with this machine's addresses"
export VARVE_LAKE=$lake VARVE_S3_ENDPOINT=$VARVE_TEST_SEAWEED VARVE_KAFKA_BROKERS=$VARVE_TEST_MEMKAFKA
export VARVE_SERVER_LISTEN=off
"$varve" config check --config minio/varve.yaml

step "${EVENTS:=20000} events to topic clicks, 8 partitions"
"$VARVE_TEST_PYTHON" Tests/python/produce.py --brokers "$VARVE_TEST_MEMKAFKA" --topic clicks --partitions 8 \
    --events "$EVENTS" --ledger "$work/ledger.ndjson"

step "varve run --once: everything that is in Kafka now, into the lake"
"$varve" run --config minio/varve.yaml --once

step "varve tables"
"$varve" tables --config minio/varve.yaml

step "varve manifest ls clicks"
"$varve" manifest ls --config minio/varve.yaml clicks --limit 5

step "varve verify --deep: what the catalog says is what the store holds"
"$varve" verify --config minio/varve.yaml --deep

step "the lake against what was produced, read by DuckDB and not by Varve"
"$VARVE_TEST_PYTHON" Tests/python/audit.py "$lake" clicks "$work/ledger.ndjson" --payloads

step "a user who may only read cannot write"
if AWS_ACCESS_KEY_ID=$VARVE_TEST_SEAWEED_READER_ACCESS_KEY \
    AWS_SECRET_ACCESS_KEY=$VARVE_TEST_SEAWEED_READER_SECRET_KEY \
    "$varve" run --config minio/varve.yaml --once; then
    echo "the reader could write" >&2
    exit 1
fi
echo "refused, as it should be"
