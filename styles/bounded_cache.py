"""A cache that gives up what was least recently used once it holds too many bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class BoundedCache(Generic[Value]):
    """Values by key, of at most so many bytes together.

    Parameters
    ----------
    limit_bytes
        A value larger than this alone is returned and not kept.
    size_of
        Bytes a value holds.
    """

    def __init__(self, limit_bytes: int, size_of: Callable[[Value], int]) -> None:
        self.limit_bytes = limit_bytes
        self.held_bytes = 0
        self._size_of = size_of
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        # Held while a value is made: two large pictures decoded at once would double the memory.
        self._lock = threading.RLock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return the value of a key, made now when it is not held; what ``make`` raises passes through."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            value = make()
            if self._size_of(value) <= self.limit_bytes:
                self._values[key] = value
                self.held_bytes += self._size_of(value)
                while self.held_bytes > self.limit_bytes:
                    _, oldest = self._values.popitem(last=False)
                    self.held_bytes -= self._size_of(oldest)
            return value

    def __len__(self) -> int:
        return len(self._values)
