"""Starts a command, waits for it, and says what it cost: all of its processes, read by wait4 after they ended."""
import dataclasses
import os
import subprocess
import time


@dataclasses.dataclass
class Cost:
    user: float
    system: float
    wall: float
    peak_rss: int

    @property
    def cpu(self) -> float:
        return self.user + self.system


def run(command: list[str] | str, env: dict[str, str] | None = None, log: str = "/dev/null") -> Cost:
    """A string is a pipeline for bash, whose usage holds that of all the processes it waited for."""
    arguments = ["bash", "-o", "pipefail", "-c", command] if isinstance(command, str) else command
    started = time.monotonic()
    with open(log, "ab") as output:
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=os.environ | (env or {}))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        with open(log, errors="replace") as output:
            tail = " | ".join(output.read().splitlines()[-4:])
        raise SystemExit(f"{arguments[0]} ended with {process.returncode}: {tail}")
    return Cost(usage.ru_utime, usage.ru_stime, time.monotonic() - started, usage.ru_maxrss * 1024)


def resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/status") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    return 0


def folder_bytes(path: str, ending: str = "") -> tuple[int, int]:
    """(files, bytes) under a folder."""
    files = total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            if name.endswith(ending):
                files += 1
                total += os.path.getsize(os.path.join(folder, name))
    return files, total
