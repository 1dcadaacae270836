"""Kafka's primitive types (https://kafka.apache.org/protocol#protocol_types), read and written."""
import struct


class Reader:
    def __init__(self, data: memoryview):
        self.data, self.at = data, 0

    def _take(self, form: str, size: int) -> int:
        (value,) = struct.unpack_from(form, self.data, self.at)
        self.at += size
        return value

    def int8(self) -> int:
        return self._take(">b", 1)

    def int16(self) -> int:
        return self._take(">h", 2)

    def int32(self) -> int:
        return self._take(">i", 4)

    def int64(self) -> int:
        return self._take(">q", 8)

    def string(self) -> str | None:
        length = self.int16()
        return None if length < 0 else bytes(self._bytes(length)).decode()

    def data_field(self) -> memoryview:
        return self._bytes(max(0, self.int32()))

    def array(self, element) -> list:
        return [element() for _ in range(max(0, self.int32()))]

    def _bytes(self, length: int) -> memoryview:
        if self.at + length > len(self.data):
            raise ValueError("request is cut short")
        self.at += length
        return self.data[self.at - length:self.at]


def int8(value: int) -> bytes:
    return struct.pack(">b", value)


def int16(value: int) -> bytes:
    return struct.pack(">h", value)


def int32(value: int) -> bytes:
    return struct.pack(">i", value)


def int64(value: int) -> bytes:
    return struct.pack(">q", value)


def string(value: str | None) -> bytes:
    if value is None:
        return int16(-1)
    encoded = value.encode()
    return int16(len(encoded)) + encoded


def data_field(value: bytes) -> bytes:
    return int32(len(value)) + bytes(value)


def array(items) -> bytes:
    items = list(items)
    return int32(len(items)) + b"".join(items)
