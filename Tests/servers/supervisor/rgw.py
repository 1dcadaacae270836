"""Ceph's RADOS gateway with one monitor and one OSD in memory: strict payload hashes, lifecycle rules that run.

Its `Days` count 10 seconds each. If-Match compares ETags literally: only an unquoted one matches. Takes 1.2 GB.
"""
import os
import subprocess
import time
import uuid

from . import s3
from .environment import program
from .process import UpError, free_ports, start, wait_until

ACCESS_KEY, SECRET_KEY = "AKIDRADOSGW1", "radossecretradossecret"

CONFIG = """[global]
fsid = {fsid}
mon host = v2:127.0.0.1:{monitor}/0
public addr = 127.0.0.1
cluster addr = 127.0.0.1
keyring = {home}/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 4294967296
run dir = {home}/run
log file = {home}/log/$name.log
admin socket = {home}/run/$name.asok
ms bind port min = 23400
ms bind port max = 23900
[mon.a]
mon data = {home}/mon
mon addr = 127.0.0.1:{monitor}
[osd.0]
osd data = {home}/osd
[client.rgw.a]
rgw data = {home}/rgw
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw lc debug interval = 10
"""


def up(directory: str) -> dict[str, str]:
    for name in ("radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "ceph-authtool", "monmaptool"):
        program(name)
    home = os.path.join(directory, "ceph")
    for folder in ("mon", "osd", "run", "log", "rgw"):
        os.makedirs(os.path.join(home, folder), exist_ok=True)
    monitor, port = free_ports(2)
    fsid = str(uuid.uuid4())
    with open(os.path.join(home, "ceph.conf"), "w") as file:
        file.write(CONFIG.format(fsid=fsid, home=home, monitor=monitor, port=port))
    _make_keys(home)
    _start_monitor(directory, home, fsid, monitor)
    _start_osd(directory, home)
    start(directory, "rgw", ["radosgw", "-c", f"{home}/ceph.conf", "-n", "client.rgw.a", "-f"])
    endpoint = f"http://127.0.0.1:{port}"
    wait_until(lambda: s3._request("GET", endpoint, "/", (ACCESS_KEY, SECRET_KEY)) != 0, 120, directory, "rgw")
    _run(home, "radosgw-admin", "-n", "client.rgw.a", "user", "create", "--uid=varve", "--display-name=varve",
         f"--access-key={ACCESS_KEY}", f"--secret-key={SECRET_KEY}")
    wait_until(lambda: s3.prepare_bucket(endpoint, ACCESS_KEY, SECRET_KEY), 60, directory, "rgw")
    return {
        "VARVE_TEST_BUCKET": s3.BUCKET,
        "VARVE_TEST_RGW": endpoint,
        "VARVE_TEST_RGW_ACCESS_KEY": ACCESS_KEY,
        "VARVE_TEST_RGW_SECRET_KEY": SECRET_KEY,
    }


def _make_keys(home: str) -> None:
    # Without cephx the gateway cannot log in (-13), so there is a keyring.
    keyring = f"{home}/keyring"
    _plain("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
    _plain("ceph-authtool", keyring, "--gen-key", "-n", "client.admin", "--cap", "mon", "allow *",
           "--cap", "osd", "allow *", "--cap", "mgr", "allow *")
    _plain("ceph-authtool", keyring, "--gen-key", "-n", "client.rgw.a", "--cap", "mon", "allow *",
           "--cap", "osd", "allow *")
    _plain("ceph-authtool", keyring, "--gen-key", "-n", "osd.0", "--cap", "mon", "allow profile osd",
           "--cap", "osd", "allow *")


def _start_monitor(directory: str, home: str, fsid: str, port: int) -> None:
    _plain("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{port}]", f"{home}/monmap")
    _run(home, "ceph-mon", "-i", "a", "--mkfs", "--monmap", f"{home}/monmap", "--keyring", f"{home}/keyring")
    start(directory, "rgw-mon", ["ceph-mon", "-c", f"{home}/ceph.conf", "-i", "a", "-f"])
    wait_until(lambda: _asks(home, "mon", "stat"), 60, directory, "rgw-mon")


def _start_osd(directory: str, home: str) -> None:
    # The OSD must be registered under the id that its store is made with; else it stays 'booting'.
    osd = str(uuid.uuid4())
    _run(home, "ceph", "osd", "new", osd, "0")
    _run(home, "ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
    start(directory, "rgw-osd", ["ceph-osd", "-c", f"{home}/ceph.conf", "-i", "0", "-f"])
    wait_until(lambda: "1 up" in _answer(home, "osd", "stat"), 60, directory, "rgw-osd")


def _asks(home: str, *command: str) -> bool:
    return bool(_answer(home, *command))


def _answer(home: str, *command: str) -> str:
    try:
        done = subprocess.run(
            ["ceph", "-c", f"{home}/ceph.conf", "--connect-timeout", "5", *command],
            capture_output=True, text=True, timeout=20)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout if done.returncode == 0 else ""


def _run(home: str, name: str, *arguments: str) -> None:
    _plain(name, "-c", f"{home}/ceph.conf", *arguments)


def _plain(*command: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        done = subprocess.run(command, capture_output=True, text=True, timeout=90)
        if done.returncode == 0:
            return
        if time.monotonic() > deadline or command[0] != "radosgw-admin":
            raise UpError(f"{command[0]}: {done.stderr.strip()[-300:]}")
        time.sleep(1)
