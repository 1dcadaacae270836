#!/usr/bin/env python3
"""tansu_door.py PORT TARGET_PORT: lets librdkafka 2.0 talk to tansu.

librdkafka before 2.1 skips tagged fields one byte short and stumbles over those in tansu's ApiVersions v3 answer. The
door answers such a request, the first of a connection, with UNSUPPORTED_VERSION (35), as an older broker would; the
client then asks with version 0. Everything else passes unread.
"""
import socket
import struct
import sys
import threading

API_VERSIONS, UNSUPPORTED_VERSION, FIRST_FRAME_BYTES_MAX = 18, 35, 4096


def main(port: int, target: int) -> None:
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, target), daemon=True).start()


def serve(client: socket.socket, target: int) -> None:
    try:
        frame = answer_first(client)
        server = socket.create_connection(("127.0.0.1", target))
    except (OSError, ValueError):
        client.close()
        return
    for end in (client, server):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server.sendall(frame)
    threading.Thread(target=pump, args=(server, client), daemon=True).start()
    pump(client, server)


def answer_first(client: socket.socket) -> bytes:
    """The first frame that tansu should see."""
    frame = read_frame(client)
    key, version, correlation = struct.unpack_from(">hhi", frame, 4)
    if key == API_VERSIONS and version >= 3:
        # ApiVersions v0 answer: error, and the one range that the client needs to try again.
        body = struct.pack(">ihihhh", correlation, UNSUPPORTED_VERSION, 1, API_VERSIONS, 0, 2)
        client.sendall(struct.pack(">i", len(body)) + body)
        frame = read_frame(client)
    return frame


def read_frame(client: socket.socket) -> bytes:
    head = client.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        raise ValueError("connection closed")
    (length,) = struct.unpack(">i", head)
    if not 8 <= length <= FIRST_FRAME_BYTES_MAX:
        raise ValueError("not a first request")
    return head + client.recv(length, socket.MSG_WAITALL)


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(1 << 18):
            target.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
