"""Processes that outlive the script that starts them, and their end by process id."""
import os
import signal
import socket
import subprocess
import time


class UpError(Exception):
    """A server did not come up; the text says why."""


def start(directory: str, name: str, command: list[str], env: dict[str, str] | None = None,
          ending: signal.Signals = signal.SIGTERM) -> int:
    """Starts `command` in a session of its own, with its output in DIR/name.log, and remembers its pid."""
    with open(os.path.join(directory, f"{name}.log"), "ab") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory, start_new_session=True,
            env=os.environ | (env or {}))
    with open(os.path.join(directory, f"{name}.pid"), "w") as file:
        file.write(f"{process.pid} {_start_time(process.pid)} {int(ending)}\n")
    return process.pid


def wait_until(ready, seconds: float, directory: str, name: str) -> None:
    """Polls `ready` until it is true; raises with the end of the log where the process ends or time runs out."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if ready():
                return
        except (OSError, ValueError):
            pass
        if not is_running(directory, name):
            raise UpError(f"{name} ended while starting: {log_tail(directory, name)}")
        time.sleep(0.05)
    raise UpError(f"{name} was not ready after {seconds:.0f} s: {log_tail(directory, name)}")


def log_tail(directory: str, name: str) -> str:
    with open(os.path.join(directory, f"{name}.log"), errors="replace") as log:
        return " | ".join(log.read().splitlines()[-4:])


def is_running(directory: str, name: str) -> bool:
    pid, started, _ = _read_pid(os.path.join(directory, f"{name}.pid"))
    return _alive(pid, started)


def stop_all(directory: str) -> None:
    """Stops what was started with this directory, the newest first: politely where it listens, then with SIGKILL."""
    try:
        files = [entry.path for entry in os.scandir(directory) if entry.name.endswith(".pid")]
    except FileNotFoundError:
        return
    for path in sorted(files, key=os.path.getmtime, reverse=True):
        pid, started, ending = _read_pid(path)
        _stop(pid, started, ending)
        os.remove(path)


def _stop(pid: int, started: str, ending: int) -> None:
    for number, seconds in ((ending, 5), (signal.SIGKILL, 5)):
        if not _alive(pid, started):
            return
        try:
            os.killpg(pid, number)  # each server leads a session of its own, children included
        except ProcessLookupError:
            return
        deadline = time.monotonic() + seconds
        while _alive(pid, started) and time.monotonic() < deadline:
            _reap(pid)
            time.sleep(0.02)


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass


def _read_pid(path: str) -> tuple[int, str, int]:
    with open(path) as file:
        pid, started, ending = file.read().split()
    return int(pid), started, int(ending)


def _start_time(pid: int) -> str:
    """Field 22 of /proc/PID/stat (proc(5)): tells a process from a later one with the same id."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[19]


def _alive(pid: int, started: str) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
    except OSError:
        return False
    return fields[0] != "Z" and fields[19] == started


def free_ports(count: int, grpc: bool = False) -> list[int]:
    """Ports on loopback that nobody listens on, below the range that connections take theirs from.

    With `grpc`, port + 10000 is free as well: SeaweedFS listens there unasked.
    """
    ports: list[int] = []
    candidate = 20000 + int.from_bytes(os.urandom(2), "big") % 2600
    while len(ports) < count:
        candidate += 1
        if candidate > 22700:
            candidate = 20000
        if _is_free(candidate) and (not grpc or _is_free(candidate + 10000)):
            ports.append(candidate)
    return ports


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
