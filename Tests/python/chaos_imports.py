"""Files of another program, imported in the middle of chaos: each of their lines is in the table once in the end.

The files lie in the lake, as Kafka Connect would leave them, beside the tables' folders. Each line has a number of its
own. Imports, compactions and vacuums of their table are begun and killed like all other verbs.
"""
import collections
import gzip
import os

import duckdb

from lake_reader import Lake, Snapshot

TABLE = "adopted"
FOLDER = "topics/clicks"
FILES_AT_ONCE_MAX = 3
LINES_MAX = 40


class Imports:
    def __init__(self, chaos):
        self.chaos, self.chance = chaos, chaos.chance
        self.lines = self.files = 0
        self.is_there = False

    def deposit(self) -> None:
        """Leaves some files, of one of four hours each."""
        for _ in range(self.chance.randint(1, FILES_AT_ONCE_MAX)):
            count = self.chance.randint(1, LINES_MAX)
            text = "".join(f'{{"n":{number}}}\n' for number in range(self.lines, self.lines + count)).encode()
            ending = self.chance.choice([".json", ".json.gz"])
            folder = f"{FOLDER}/year=2026/month=11/day=20/hour={self.chance.randrange(4):02d}"
            self.put(f"{folder}/clicks+0+{self.files:010d}{ending}", gzip.compress(text) if ending[-1] == "z" else text)
            self.lines, self.files = self.lines + count, self.files + 1

    def put(self, key: str, content: bytes) -> None:
        if self.chaos.options.place == "s3":
            environment = self.chaos.environment
            Lake.client(
                endpoint_url=environment["AWS_ENDPOINT_URL_S3"], region_name=environment["AWS_DEFAULT_REGION"],
                aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            ).put_object(Bucket=self.chaos.bucket, Key=f"{self.chaos.topic}/{key}", Body=content)
            return
        path = f"{self.chaos.lake.removeprefix('file://')}/{key}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # Nobody sees half of it: what has another ending is none of Kafka Connect's.
        with open(f"{path}.part", "wb") as file:
            file.write(content)
        os.replace(file.name, path)

    def commands(self) -> list[list[str]]:
        self.is_there = True
        return [["import", "--config", self.chaos.configuration, "--table", TABLE, "--from", FOLDER, "--layout",
                 "kafka-connect", "--min-age", "0s", "--yes"]]

    def audit(self) -> list[str]:
        """DuckDB reads every live object, adopted or merged."""
        lake = Lake(self.chaos.lake)
        found: collections.Counter = collections.Counter()
        try:
            snapshot = Snapshot(lake.commits(TABLE))
            findings = list(snapshot.findings)
            for path, entry in snapshot.live.items():
                rows = duckdb.execute(
                    "select n from read_json(?, format='newline_delimited', columns={n: 'BIGINT'})",
                    [lake.location(TABLE, entry)]).fetchall()
                if len(rows) != entry["records"]:
                    findings.append(f"{path} holds {len(rows)} lines, the catalog says {entry['records']}")
                found.update(row[0] for row in rows)
        finally:
            lake.close()
        findings += [f"line {number} was imported {times} times" for number, times in found.items() if times > 1]
        missing = [number for number in range(self.lines) if number not in found]
        if missing or len(found) > self.lines:
            findings.append(f"{len(missing)} of {self.lines} lines were not imported, such as {missing[:3]}")
        return findings

    @property
    def tally(self) -> dict:
        return {"files_imported": self.files, "lines_imported": self.lines}
