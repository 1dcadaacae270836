"""Topics as lists of record batches."""
import bisect
import struct
import threading


class Partition:
    """One log. With `repeat` it reads as that many copies of itself, one behind the other, at no cost in memory."""

    def __init__(self, repeat: int):
        self.batches: list[memoryview] = []
        self.starts: list[int] = []
        self.length = 0
        self.repeat = repeat

    @property
    def end(self) -> int:
        return self.length * self.repeat

    def append(self, records: memoryview) -> int:
        """Takes a record set of whole batches (MessageFormat 2) and returns the offset of its first record."""
        first, position = self.length, 0
        while position + 61 <= len(records):
            (size,) = struct.unpack_from(">i", records, position + 8)
            (last_delta,) = struct.unpack_from(">i", records, position + 23)
            # The checksum covers what follows the base offset, so that may change.
            batch = struct.pack(">q", self.length) + bytes(records[position + 8:position + 12 + size])
            self.batches.append(memoryview(batch))
            self.starts.append(self.length)
            self.length += last_delta + 1
            position += 12 + size
        return first

    def read(self, offset: int, bytes_max: int) -> list[memoryview | bytes]:
        """Whole batches from the one that holds `offset` on: at least one where there is one."""
        parts: list[memoryview | bytes] = []
        total = 0
        while offset < self.end:
            cycle, inner = divmod(offset, self.length)
            index = bisect.bisect_right(self.starts, inner) - 1
            batch = self.batches[index]
            if parts and total + len(batch) > bytes_max:
                break
            if cycle:
                parts += [struct.pack(">q", cycle * self.length + self.starts[index]), batch[8:]]
            else:
                parts.append(batch)
            total += len(batch)
            following = self.starts[index + 1] if index + 1 < len(self.starts) else self.length
            offset = cycle * self.length + following
        return parts


class Topics:
    def __init__(self, repeat: int, auto_partitions: int):
        self.lock = threading.Lock()
        self.grown = threading.Condition(self.lock)
        self.topics: dict[str, list[Partition]] = {}
        self.repeat = repeat
        self.auto_partitions = auto_partitions

    def create(self, name: str, partitions: int) -> bool:
        with self.lock:
            if name in self.topics:
                return False
            self.topics[name] = [Partition(self.repeat) for _ in range(max(1, partitions))]
            return True

    def partition(self, name: str, number: int) -> Partition | None:
        partitions = self.topics.get(name, [])
        return partitions[number] if 0 <= number < len(partitions) else None
