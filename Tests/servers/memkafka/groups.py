"""Consumer groups: join, sync, heartbeat, leave, eviction after the session time-out, committed offsets."""
import itertools
import threading
import time

UNKNOWN_MEMBER, ILLEGAL_GENERATION, REBALANCING = 25, 22, 27


class Member:
    def __init__(self, name: str):
        self.name = name
        self.protocols: dict[str, bytes] = {}
        self.session_seconds = self.rebalance_seconds = 10.0
        self.seen = time.monotonic()
        self.joined = False
        self.assignment = b""


class Group:
    def __init__(self):
        self.changed = threading.Condition()
        self.members: dict[str, Member] = {}
        self.generation = 0
        self.state = "empty"
        self.protocol = self.leader = ""
        self.join_deadline = 0.0
        self.offsets: dict[tuple[str, int], tuple[int, str | None]] = {}
        self.numbers = itertools.count(1)

    def join(self, name: str, client: str, session: float, rebalance: float, protocols: dict[str, bytes]):
        """Waits until every member has joined; returns (error, own name)."""
        with self.changed:
            if name and name not in self.members:
                return UNKNOWN_MEMBER, name
            name = name or f"{client}-{next(self.numbers)}"
            member = self.members.setdefault(name, Member(name))
            member.protocols, member.joined = protocols, True
            member.session_seconds, member.rebalance_seconds = session, rebalance
            if self.state != "joining":
                self._begin()
            generation = self.generation
            self._complete_if_all_joined()
            while self.generation == generation and name in self.members:
                self.changed.wait(0.1)
                self._complete_if_all_joined()
            member.seen = time.monotonic()
            return (0 if name in self.members else UNKNOWN_MEMBER), name

    def sync(self, name: str, generation: int, assignments: dict[str, bytes]):
        """Waits for the leader's plan; returns (error, own assignment)."""
        with self.changed:
            while True:
                if error := self._check(name, generation):
                    return error, b""
                if self.state == "joining":
                    return REBALANCING, b""
                if name == self.leader and self.state == "syncing":
                    for target, assignment in assignments.items():
                        if target in self.members:
                            self.members[target].assignment = assignment
                    self.state = "stable"
                    self.changed.notify_all()
                if self.state == "stable":
                    self.members[name].seen = time.monotonic()
                    return 0, self.members[name].assignment
                self.changed.wait(0.1)
                if name in self.members:
                    self.members[name].seen = time.monotonic()

    def heartbeat(self, name: str, generation: int) -> int:
        with self.changed:
            if error := self._check(name, generation):
                return error
            self.members[name].seen = time.monotonic()
            return REBALANCING if self.state == "joining" else 0

    def leave(self, name: str) -> int:
        with self.changed:
            if self.members.pop(name, None) is None:
                return UNKNOWN_MEMBER
            self._begin()
            return 0

    def commit(self, name: str, generation: int, offsets: dict) -> int:
        with self.changed:
            if generation >= 0 and (error := self._check(name, generation)):
                return error
            self.offsets |= offsets
            return 0

    def evict(self) -> None:
        """Removes members that have been silent for longer than their session, or that did not join in time."""
        with self.changed:
            now = time.monotonic()
            late = self.state == "joining" and now > self.join_deadline
            gone = [
                m.name for m in self.members.values()
                if not m.joined and (late or now - m.seen > m.session_seconds)
            ]
            for name in gone:
                del self.members[name]
            if gone and self.state != "joining":
                self._begin()
            self._complete_if_all_joined()

    def _check(self, name: str, generation: int) -> int:
        if name not in self.members:
            return UNKNOWN_MEMBER
        return 0 if generation == self.generation else ILLEGAL_GENERATION

    def _begin(self) -> None:
        self.state = "joining" if self.members else "empty"
        longest = max((m.rebalance_seconds for m in self.members.values()), default=0)
        self.join_deadline = time.monotonic() + longest
        self.changed.notify_all()

    def _complete_if_all_joined(self) -> None:
        members = self.members.values()
        if self.state != "joining" or not members or not all(m.joined for m in members):
            return
        self.generation += 1
        self.state = "syncing"
        self.leader = self.leader if self.leader in self.members else next(iter(self.members))
        common = set.intersection(*(set(m.protocols) for m in members))
        self.protocol = next((p for p in self.members[self.leader].protocols if p in common), "")
        for member in members:
            member.joined, member.assignment, member.seen = False, b"", time.monotonic()
        self.changed.notify_all()


class Groups:
    def __init__(self):
        self.lock = threading.Lock()
        self.groups: dict[str, Group] = {}
        threading.Thread(target=self._evict, daemon=True).start()

    def __getitem__(self, name: str) -> Group:
        with self.lock:
            return self.groups.setdefault(name, Group())

    def _evict(self) -> None:
        while True:
            time.sleep(0.1)
            with self.lock:
                groups = list(self.groups.values())
            for group in groups:
                group.evict()
