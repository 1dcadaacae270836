"""The verbs of maintenance in the middle of chaos: begun at any moment, killed at any, and done to the end at last.

Each is a process of its own beside the writers. Half of them are killed: after a random while, or at a step of theirs
(`VARVE_FAILPOINT`), before or behind a request. What they leave has to be taken up by the next run of the same verb,
and what they may change is written down here, so that the audit knows: erased keys, and how old events may be expired.
"""
import collections
import filecmp
import json
import os
import signal
import subprocess
import sys
import time

import compare_topics
from audit import decoded
from chaos_imports import TABLE as ADOPTED
from chaos_imports import Imports
from lake_reader import Lake, Snapshot

RETAIN_MINUTES = 75
STEPS = ["before_data_put", "after_data_put", "before_commit", "after_commit", "before_checkpoint", "after_checkpoint",
         "before_delete", "after_delete", "after_restore_send", "before_restore_save", "after_restore_save"]
RESTORED_OFFSETS = 100

LIFECYCLE = f"""
    lifecycle:
      rules:
        - {{ name: retain, do: expire, after: {RETAIN_MINUTES}m }}
        - {{ name: move, do: tier, after: 60m, storage_class: STANDARD_IA }}
        - {{ name: pack, do: recompress, after: 40m, level: 6 }}
"""


class Maintenance:
    def __init__(self, chaos):
        self.chaos, self.chance = chaos, chaos.chance
        self.copy = chaos.lake + "-copy"
        # Restores are exactly once where the broker knows transactions.
        self.restored, self.broker = chaos.topic + "-again", os.environ.get("VARVE_TEST_NOIDA")
        self.verbs = ["import", "merge", "compact", "slices", "vacuum", "erase", "lifecycle", "replicate"]
        self.imports = Imports(chaos)
        if self.broker:
            compare_topics.create(self.broker, self.restored, 4)
            self.verbs.append("restore")
            with open(f"{chaos.directory}/again.yaml", "w") as file:
                file.write(json.dumps({"lake": chaos.lake, "kafka": {"brokers": self.broker}}))
        self.keys: list[str] = []
        self.certificates = 0
        self.running: list[tuple[str, subprocess.Popen]] = []
        self.begun: dict[str, int] = {}
        self.killed: dict[str, int] = {}

    # While writers write

    def strike(self) -> None:
        """Begins a verb, and maybe kills it."""
        self.running = [(verb, process) for verb, process in self.running if process.poll() is None]
        verb = self.chance.choice(self.verbs)
        if any(verb == other for other, _ in self.running):
            return
        if verb == "import":
            self.imports.deposit()
        end = self.chance.choice(["moment", "moment", "step", "none", "none"])
        environment = {}
        if end == "step":
            environment["VARVE_FAILPOINT"] = f"{self.chance.choice(STEPS)}:{self.chance.choice([1, 1, 2, 5])}"
        processes = self.begin(verb, environment)
        if not processes:
            return
        if end == "none":
            self.running += [(verb, process) for process in processes]
            return
        if end == "moment":
            time.sleep(self.chance.random() * 0.3)
            processes[0].kill()
        for process in processes:
            self.killed[verb] = self.killed.get(verb, 0) + (process.wait(120) == -signal.SIGKILL)

    def begin(self, verb: str, environment: dict) -> list[subprocess.Popen]:
        self.begun[verb] = self.begun.get(verb, 0) + 1
        return [self.chaos.varve(*arguments, environment=environment) for arguments in self.commands(verb)]

    def commands(self, verb: str) -> list[list[str]]:
        configuration = ["--config", self.chaos.configuration]
        cold = ["--cold-after", "1s", "--target", "1MiB"]
        match verb:
            case "import":
                return self.imports.commands()
            case "merge":
                return [["compact", ADOPTED, *configuration, *cold]] if self.imports.is_there else []
            case "compact":
                return [["compact", "events", *configuration, *cold]]
            case "slices":
                plan = f"{self.chaos.directory}/plan.json"
                if self.chaos.varve("compact", "events", *configuration, *cold, "--plan-to", plan).wait(120) != 0:
                    return []
                slice_of = ["compact", *configuration, "--plan-from", plan, "--of", "2"]
                return [[*slice_of, "--index", index] for index in "01"]
            case "vacuum":
                # Objects of a writer that sleeps for long die while it does.
                tables = ["events", ADOPTED] if self.imports.is_there else ["events"]
                return [["vacuum", *tables, *configuration, "--yes", "--removed-after", "1m", "--orphans-after", "1m"]]
            case "erase":
                return [self.erasure(self.draw_key())]
            case "lifecycle":
                return [["lifecycle", "apply", "events", *configuration, "--yes"]]
            case "replicate":
                return [["replicate", "events", *configuration, "--to", self.copy]]
            case _:
                return [["restore", "events", *configuration, "--topic", self.chaos.topic, "--offsets",
                         f"0..{RESTORED_OFFSETS}", "--to-config", f"{self.chaos.directory}/again.yaml", "--to-topic",
                         self.restored, "--name", "again", "--batch", "50", "--yes"]]

    def draw_key(self) -> str:
        if len(self.keys) < 3:
            self.keys.append(f"key-{self.chance.randrange(50)}")
        return self.chance.choice(self.keys)

    def erasure(self, key: str) -> list[str]:
        self.certificates += 1
        certificate = f"{self.chaos.directory}/certificate-{self.certificates}.json"
        return ["erase", "--config", self.chaos.configuration, "--table", "events", "--where", f"@key = '{key}'",
                "--yes", "--certificate", certificate]

    # The end

    def finish(self) -> None:
        """Every verb to its end, with nothing in its way; then everything has to be verified."""
        for _, process in self.running:
            process.wait(120)
        self.imports.deposit()
        for key in self.keys:
            self.expect(self.erasure(key))
        for verb in [verb for verb in self.verbs if verb != "erase"]:
            for arguments in self.commands(verb):
                self.expect(arguments)
        for lake in [self.chaos.lake, self.copy]:
            self.expect(["verify", "events", "--lake", lake, "--deep"])
        self.expect(["verify", ADOPTED, "--lake", self.chaos.lake, "--deep"])
        for number in range(1, self.certificates + 1):
            certificate = f"{self.chaos.directory}/certificate-{number}.json"
            # One that was killed has left an empty file, or none.
            if os.path.exists(certificate) and os.path.getsize(certificate):
                self.expect(["verify", "--config", self.chaos.configuration, "--erasure", certificate])

    def expect(self, arguments: list[str]) -> None:
        process = self.chaos.varve(*arguments)
        if process.wait(180) != 0:
            with open(f"{self.chaos.directory}/varve.log") as log:
                print(log.read()[-4000:], file=sys.stderr)
            raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")

    def audit(self, ledger: list[dict]) -> list[str]:
        return self.imports.audit() + self.compare_copy() + (self.compare_restored(ledger) if self.broker else [])

    def compare_copy(self) -> list[str]:
        """The copy has the same log, and every live object, byte for byte."""
        findings = []
        original, copy = Lake(self.chaos.lake), Lake(self.copy)
        try:
            log = "events/_varve/log"
            entries = sorted(os.listdir(f"{original.root}/{log}"))
            copied = sorted(os.listdir(f"{copy.root}/{log}"))
            if not copied or copied != entries[-len(copied):]:
                findings.append(
                    f"the copy has {len(copied)} log entries, and not the last of the lake's {len(entries)}")
            files = [f"{log}/{name}" for name in copied if name in entries]
            files += [f"events/{path}" for path in Snapshot(original.commits("events")).live]
            for file in files:
                there = f"{copy.root}/{file}"
                if not os.path.exists(there) or not filecmp.cmp(f"{original.root}/{file}", there, shallow=False):
                    findings.append(f"{file} is not the same in the copy")
        finally:
            original.close()
            copy.close()
        return findings

    def compare_restored(self, ledger: list[dict]) -> list[str]:
        """The events of some offsets came back once, each as it was; what had been taken out by then may be missing."""
        topic = compare_topics.read(self.broker, self.restored)
        found = collections.Counter(
            (partition, *event[:2]) for partition, events in topic.items() for _, event in events)
        produced = [
            (event, (event["partition"], decoded(event["key"]), decoded(event["value"])))
            for event in ledger if event["offset"] < RESTORED_OFFSETS]
        more = found - collections.Counter(content for _, content in produced)
        findings = [f"restored too often, or never produced: {content}" for content in more]
        for event, content in produced:
            if not found[content] and not self.may_be_gone(event):
                findings.append(f"not restored: {(event['partition'], event['offset'])}")
        return findings

    def may_be_gone(self, event: dict) -> bool:
        key = decoded(event["key"])
        return (key or b"").decode() in self.keys or event["timestamp"] < self.expired_before

    @property
    def expired_before(self) -> int:
        return int((time.time() - RETAIN_MINUTES * 60) * 1000)
