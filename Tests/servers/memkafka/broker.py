"""The requests that the broker answers, and the server that reads them."""
import socket
import struct
import threading
import time

from .groups import Groups
from .log import Topics
from .wire import Reader, array, data_field, int8, int16, int32, int64, string

OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC, UNSUPPORTED_VERSION, TOPIC_EXISTS = 1, 3, 35, 36
NODE, REQUEST_BYTES_MAX = 1, 200 << 20


class Broker:
    def __init__(self, port: int, repeat: int, auto_partitions: int):
        self.port = port
        self.topics = Topics(repeat, auto_partitions)
        self.groups = Groups()
        # API key: (least version, greatest version, handler)
        self.apis = {
            0: (0, 3, self.produce), 1: (0, 4, self.fetch), 2: (0, 1, self.list_offsets), 3: (0, 1, self.metadata),
            8: (0, 2, self.offset_commit), 9: (0, 1, self.offset_fetch), 10: (0, 0, self.find_coordinator),
            11: (0, 1, self.join), 12: (0, 0, self.heartbeat), 13: (0, 0, self.leave), 14: (0, 0, self.sync),
            18: (0, 2, self.api_versions), 19: (0, 0, self.create_topics),
        }

    def answer(self, frame: memoryview) -> list | None:
        request = Reader(frame)
        key, version, correlation = request.int16(), request.int16(), request.int32()
        least, greatest, handler = self.apis.get(key, (0, -1, None))
        if key == 18 and version > greatest:
            return [int32(correlation), int16(UNSUPPORTED_VERSION), self._versions()]
        if not least <= version <= greatest:
            raise ValueError(f"API {key} version {version} is not served")
        client = request.string() or "client"
        body = handler(request, version, client)
        return None if body is None else [int32(correlation), *body]

    def _versions(self) -> bytes:
        return array(int16(key) + int16(least) + int16(most) for key, (least, most, _) in self.apis.items())

    def api_versions(self, _request, version, _client):
        return [int16(0), self._versions(), int32(0) if version > 0 else b""]

    def metadata(self, request, version, _client):
        names = request.array(request.string)
        with self.topics.lock:
            known = dict(self.topics.topics)
        for name in names:
            if name not in known and self.topics.auto_partitions:
                self.topics.create(name, self.topics.auto_partitions)
                known = dict(self.topics.topics)
        brokers = array([int32(NODE) + string("127.0.0.1") + int32(self.port) + (string(None) if version else b"")])
        return [brokers, int32(NODE) if version else b"", array(
            self._topic(name, known.get(name), version) for name in (names or known))]

    def _topic(self, name, partitions, version):
        error = 0 if partitions else UNKNOWN_TOPIC
        replicas = array([int32(NODE)])
        return int16(error) + string(name) + (int8(0) if version else b"") + array(
            int16(0) + int32(n) + int32(NODE) + replicas + replicas for n in range(len(partitions or [])))

    def create_topics(self, request, _version, _client):
        def topic():
            name, partitions, _replicas = request.string(), request.int32(), request.int16()
            request.array(lambda: (request.int32(), request.array(request.int32)))
            request.array(lambda: (request.string(), request.string()))
            return name, partitions
        return [array(
            string(name) + int16(0 if self.topics.create(name, partitions) else TOPIC_EXISTS)
            for name, partitions in request.array(topic))]

    def produce(self, request, version, _client):
        if version >= 3:
            request.string()  # transactional id
        acks, _timeout = request.int16(), request.int32()
        def partition(name):
            number, records = request.int32(), request.data_field()
            with self.topics.lock:
                log = self.topics.partition(name, number)
                first = log.append(records) if log else -1
                self.topics.grown.notify_all()
            tail = int64(-1) if version >= 2 else b""
            return int32(number) + int16(0 if log else UNKNOWN_TOPIC) + int64(first) + tail
        def topic():
            name = request.string()
            return string(name) + array(request.array(lambda: partition(name)))
        answers = array(request.array(topic))
        return None if acks == 0 else [answers, int32(0) if version > 0 else b""]

    def fetch(self, request, version, _client):
        _replica, wait, least = request.int32(), request.int32(), request.int32()
        most = request.int32() if version >= 3 else 1 << 30
        if version >= 4:
            request.int8()  # isolation level: there are no transactions
        wanted = request.array(lambda: (
            request.string(), request.array(lambda: (request.int32(), request.int64(), request.int32()))))
        deadline = time.monotonic() + wait / 1000
        while True:
            with self.topics.lock:
                body, size = self._collect(wanted, most, version)
                rest = deadline - time.monotonic()
                if size >= least or rest <= 0:
                    return [int32(0) if version > 0 else b"", *body]
                self.topics.grown.wait(rest)

    def _collect(self, wanted, most, version):
        parts, total = [int32(len(wanted))], 0
        for name, partitions in wanted:
            parts += [string(name), int32(len(partitions))]
            for number, offset, partition_most in partitions:
                log = self.topics.partition(name, number)
                end = log.end if log else -1
                error = UNKNOWN_TOPIC if not log else 0 if 0 <= offset <= end else OFFSET_OUT_OF_RANGE
                records = log.read(offset, min(partition_most, most - total)) if not error and total < most else []
                size = sum(map(len, records))
                total += size if not error else 1 << 30
                stable = int64(end) + int32(-1) if version >= 4 else b""
                parts += [int32(number) + int16(error) + int64(end) + stable + int32(size), *records]
        return parts, total

    def list_offsets(self, request, version, _client):
        request.int32()
        def partition(name):
            number, when = request.int32(), request.int64()
            if version == 0:
                request.int32()
            log = self.topics.partition(name, number)
            error = 0 if log else UNKNOWN_TOPIC
            offset = 0 if when == -2 else log.end if log else -1
            found = array([int64(offset)]) if version == 0 else int64(-1) + int64(offset)
            return int32(number) + int16(error) + found
        def topic():
            name = request.string()
            return string(name) + array(request.array(lambda: partition(name)))
        return [array(request.array(topic))]

    def find_coordinator(self, request, _version, _client):
        return [int16(0), int32(NODE), string("127.0.0.1"), int32(self.port)]

    def join(self, request, version, client):
        group, session = self.groups[request.string()], request.int32() / 1000
        rebalance = request.int32() / 1000 if version >= 1 else session
        name, _type = request.string(), request.string()
        protocols = dict(request.array(lambda: (request.string(), bytes(request.data_field()))))
        error, name = group.join(name, client, session, rebalance, protocols)
        members = group.members.values() if name == group.leader and not error else []
        return [int16(error), int32(group.generation), string(group.protocol), string(group.leader), string(name),
                array(string(m.name) + data_field(m.protocols.get(group.protocol, b"")) for m in list(members))]

    def sync(self, request, _version, _client):
        group, generation, name = self.groups[request.string()], request.int32(), request.string()
        assignments = dict(request.array(lambda: (request.string(), bytes(request.data_field()))))
        error, assignment = group.sync(name, generation, assignments)
        return [int16(error), data_field(assignment)]

    def heartbeat(self, request, _version, _client):
        group, generation = self.groups[request.string()], request.int32()
        return [int16(group.heartbeat(request.string(), generation))]

    def leave(self, request, _version, _client):
        return [int16(self.groups[request.string()].leave(request.string()))]

    def offset_commit(self, request, version, _client):
        group = self.groups[request.string()]
        generation, name = (request.int32(), request.string()) if version >= 1 else (-1, "")
        if version >= 2:
            request.int64()  # retention
        def partition():
            number, offset = request.int32(), request.int64()
            if version == 1:
                request.int64()
            return number, offset, request.string()
        topics = request.array(lambda: (request.string(), request.array(partition)))
        error = group.commit(name, generation, {
            (topic, number): (offset, note) for topic, partitions in topics for number, offset, note in partitions})
        return [array(
            string(topic) + array(int32(number) + int16(error) for number, _, _ in partitions)
            for topic, partitions in topics)]

    def offset_fetch(self, request, _version, _client):
        offsets = self.groups[request.string()].offsets
        topics = request.array(lambda: (request.string(), request.array(request.int32)))
        def entry(topic, number):
            offset, note = offsets.get((topic, number), (-1, ""))
            return int32(number) + int64(offset) + string(note) + int16(0)
        return [array(string(t) + array(entry(t, n) for n in numbers) for t, numbers in topics)]


def serve(broker: Broker) -> None:
    listener = socket.create_server(("127.0.0.1", broker.port), backlog=128)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=converse, args=(broker, connection), daemon=True).start()


def converse(broker: Broker, connection: socket.socket) -> None:
    try:
        while head := connection.recv(4, socket.MSG_WAITALL):
            (length,) = struct.unpack(">i", head)
            if not 8 <= length <= REQUEST_BYTES_MAX:
                return
            frame = bytearray(length)
            view = memoryview(frame)
            filled = 0
            while filled < length:
                count = connection.recv_into(view[filled:])
                if count == 0:
                    return
                filled += count
            answer = broker.answer(view)
            if answer is not None:
                send(connection, [int32(sum(map(len, answer))), *answer])
    except (OSError, ValueError, struct.error) as error:
        print(f"connection ended: {error!r}", flush=True)
    finally:
        connection.close()


def send(connection: socket.socket, parts: list) -> None:
    """Small parts are joined; batches go out as they are."""
    small: list[bytes] = []
    for part in parts:
        if len(part) < 4096:
            small.append(bytes(part))
            continue
        if small:
            connection.sendall(b"".join(small), socket.MSG_MORE)
            small = []
        connection.sendall(part, socket.MSG_MORE)
    connection.sendall(b"".join(small))
    # An empty send does not flush what MSG_MORE holds back; turning Nagle's rule off again does.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
