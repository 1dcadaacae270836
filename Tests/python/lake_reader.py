"""Reads a lake without Varve: the log by its documented layout, the objects by DuckDB."""
import json
import os
import shutil
import tempfile
import urllib.parse


class Lake:
    """`file:///dir`, or `s3://bucket/prefix` with the endpoint and keys of the usual AWS variables."""

    def __init__(self, url: str):
        parts = urllib.parse.urlsplit(url)
        self.scratch = None
        if parts.scheme == "file":
            self.root = parts.path
            return
        self.bucket, self.prefix = parts.netloc, parts.path.strip("/")
        self.scratch = tempfile.mkdtemp(prefix="varve-audit-")
        self.root = self.scratch
        self._download()

    @staticmethod
    def client(**settings):
        import boto3
        from botocore.config import Config
        return boto3.client("s3", config=Config(
            s3={"addressing_style": "path"}, request_checksum_calculation="when_required",
            response_checksum_validation="when_required"), **settings)

    def _download(self) -> None:
        s3 = self.client(endpoint_url=os.environ.get("AWS_ENDPOINT_URL_S3"))
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix + "/")
        for page in pages:
            for entry in page.get("Contents", []):
                path = os.path.join(self.root, entry["Key"][len(self.prefix) + 1:])
                os.makedirs(os.path.dirname(path), exist_ok=True)
                s3.download_file(self.bucket, entry["Key"], path)

    def close(self) -> None:
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def tables(self) -> list[str]:
        return sorted(name for name in os.listdir(self.root) if os.path.isdir(f"{self.root}/{name}/_varve"))

    def commits(self, table: str) -> list[dict]:
        folder = f"{self.root}/{table}/_varve/log"
        commits = []
        for name in sorted(os.listdir(folder)):
            if name.endswith(".json"):
                with open(f"{folder}/{name}") as file:
                    commits.append(json.load(file))
        return commits

    def path(self, table: str, path: str) -> str:
        return f"{self.root}/{table}/{path}"

    def location(self, table: str, entry: dict) -> str:
        """Where an entry's bytes are: in the table's folder, or where another program left them."""
        return f"{self.root}/{entry['adopted']['key']}" if "adopted" in entry else self.path(table, entry["path"])


class Snapshot:
    """What a table's commits add up to. `findings` lists every rule of the log that does not hold."""

    def __init__(self, commits: list[dict]):
        self.live: dict[str, dict] = {}
        self.next: dict[tuple[str, int], int] = {}
        self.findings: list[str] = []
        parent = None
        for number, commit in enumerate(commits, 1):
            self._apply(number, commit, parent)
            parent = commit["id"]

    def _apply(self, number: int, commit: dict, parent: str | None) -> None:
        version = commit["version"]
        if version != number:
            self.findings.append(f"log entry {number} is missing")
        if commit.get("parent") != parent:
            self.findings.append(f"version {version}: its parent is not the version before")
        for offsets in commit["offsets"]:
            where = (offsets["topic"], offsets["partition"])
            if where in self.next and self.next[where] != offsets["from"]:
                self.findings.append(f"version {version}: {where} goes on at {offsets['from']}, not {self.next[where]}")
            if where in self.next and offsets["to"] < self.next[where]:
                self.findings.append(f"version {version}: {where} goes back to {offsets['to']}")
            self.next[where] = offsets["to"]
        for entry in commit["add"]:
            if entry["path"] in self.live:
                self.findings.append(f"version {version}: {entry['path']} is added twice")
            self.live[entry["path"]] = entry
        for path in commit["remove"]:
            if self.live.pop(path, None) is None:
                self.findings.append(f"version {version}: {path} is removed but was not live")
