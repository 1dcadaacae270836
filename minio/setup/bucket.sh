#!/bin/sh
# Makes the bucket, and a user who may do with the lake what Varve does and nothing else.
set -eu
mc alias set lake http://minio:9000 "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD"
mc mb --ignore-existing lake/events
mc version suspend lake/events
mc admin policy create lake varve-writer /setup/writer-policy.json
mc admin user add lake "$VARVE_ACCESS_KEY" "$VARVE_SECRET_KEY"
mc admin policy attach lake varve-writer --user "$VARVE_ACCESS_KEY" || true # fails where it is attached already
