"""Asks a Kafka broker for its API versions: the first request of every client, so its answer means ready."""
import socket
import struct


def answers(port: int) -> bool:
    # ApiVersions v0 (key 18): header v1 with a null client id, no body.
    request = struct.pack(">hhih", 18, 0, 1, -1)
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.settimeout(2)
        connection.sendall(struct.pack(">i", len(request)) + request)
        return len(connection.recv(8)) == 8
