#!/bin/sh
# Makes the bucket, and users who may do with the lake what Varve does and nothing else: a writer, and where it is named
# a maintainer.
set -eu
mc alias set lake http://minio:9000 "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD"
mc mb --ignore-existing lake/events
mc version suspend lake/events

user() {
    mc admin policy create lake "varve-$1" "/setup/$1-policy.json"
    mc admin user add lake "$2" "$3"
    mc admin policy attach lake "varve-$1" --user "$2" || true # fails where it is attached already
}
user writer "$VARVE_ACCESS_KEY" "$VARVE_SECRET_KEY"
[ -z "${MAINTAINER_ACCESS_KEY:-}" ] || user maintainer "$MAINTAINER_ACCESS_KEY" "$MAINTAINER_SECRET_KEY"
