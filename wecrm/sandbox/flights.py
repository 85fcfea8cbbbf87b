"""How many calls of each API are in flight at this moment, in this process."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Flights:
    """Counts calls between take-off and landing; another process's calls are not seen."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._up: Counter[str] = Counter()

    @contextmanager
    def boarding(self, path: str) -> Iterator[int]:
        """Be in flight on `path`; the value is how many are, this one included."""
        with self._lock:
            self._up[path] += 1
            crowd = self._up[path]
        try:
            yield crowd
        finally:
            with self._lock:
                self._up[path] -= 1
