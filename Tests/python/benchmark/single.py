"""Measurements of Varve alone: memory with a thousand open objects, start-up, size, growth over many gigabytes."""
import os
import shutil
import signal
import subprocess
import tempfile
import time

from benchmark import contenders, measure
from benchmark.contenders import Settings


def thousand_objects(place: contenders.Place) -> dict:
    """Peak memory while 256 shards times 4 hours are open under a budget of 512 MiB."""
    result = contenders.varve_local(place, Settings(shards=256, shard_by="key"))
    return {"objects": result.objects, "peak_rss": result.cost.peak_rss, "budget": 512 << 20}


def requests_per_object(place: contenders.Place) -> dict:
    """Store requests for each data object where objects stay under the threshold for a single PUT.

    What a start costs (probing the store, opening the table) is measured by a run over an empty topic, and shown apart.
    """
    start = contenders.varve_s3(place, Settings(topic="empty"))
    result = contenders.varve_s3(place, Settings(rotate="1MiB"))
    return {"objects": result.objects, "requests": result.requests - start.requests, "at_start": start.requests}


def binary(place: contenders.Place) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        stripped = os.path.join(folder, "varve")
        shutil.copy(place.release("varve"), stripped)
        subprocess.run(["strip", stripped], check=True)
        return {"bytes": os.path.getsize(place.release("varve")), "stripped_bytes": os.path.getsize(stripped)}


def start_up(place: contenders.Place, times: int = 7) -> dict:
    """From exec until the first answer of a poll, the assignment, is in the log; and memory once it is idle.

    The broker answers joins at once, so this is the first poll and a few round trips on loopback.
    """
    seconds, resident = [], []
    for number in range(times):
        lake = os.path.join(place.work, f"start-{number}")
        log = os.path.join(place.work, f"start-{number}.log")
        with open(log, "wb") as output:
            started = time.time()
            process = subprocess.Popen([
                place.release("varve"), "run", "--lake", f"file://{lake}", "--brokers", place.brokers,
                "--topic", "empty", "--group", f"start-{number}"], stdout=output, stderr=output,
                env=os.environ | {"VARVE_LOG_FORMAT": "json", "VARVE_SERVER_LISTEN": "off"})
        try:
            seconds.append(first_assignment(log, process) - started)
            time.sleep(0.5)
            resident.append(measure.resident_bytes(process.pid))
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
        shutil.rmtree(lake, ignore_errors=True)
    return {"seconds": sorted(seconds)[len(seconds) // 2], "idle_rss": max(resident)}


def first_assignment(log: str, process: subprocess.Popen) -> float:
    """When the log line that tells of the assignment was there."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        with open(log) as file:
            if '"assigned"' in file.read():
                return time.time()
        time.sleep(0.001)
    raise SystemExit(f"varve was assigned nothing: see {log}")


def growth(place: contenders.Place, brokers: str, payload_bytes: int) -> dict:
    """Memory over a long topic, sampled while it is read: it must not grow with what was read."""
    lake = os.path.join(place.work, "growth")
    log = os.path.join(place.work, "growth.log")
    with open(log, "wb") as output:
        process = subprocess.Popen([
            place.release("varve"), "run", "--once", "--lake", f"file://{lake}", "--brokers", brokers, "--topic",
            "bench", "--group", "growth", "--format", "value"], stdout=output, stderr=output,
            env=os.environ | {"VARVE_SERVER_LISTEN": "off"})
    samples = []
    started = time.monotonic()
    while process.poll() is None:
        _, stored = measure.folder_bytes(lake, ".zst")
        samples.append({"seconds": time.monotonic() - started, "stored": stored,
                        "rss": measure.resident_bytes(process.pid)})
        time.sleep(1)
    shutil.rmtree(lake, ignore_errors=True)
    if process.returncode != 0:
        raise SystemExit(f"varve ended with {process.returncode}: see {log}")
    half = len(samples) // 2
    return {"payload_bytes": payload_bytes, "wall": time.monotonic() - started,
            "peak_first_half": max(s["rss"] for s in samples[:half] or samples),
            "peak_second_half": max(s["rss"] for s in samples[half:])}
