"""What every reader of outside data has to hold, whatever it is given."""

import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings

from wecrm.errors import WecrmError

CORPUS = Path(__file__).parent / "corpus"
SHORT, LONG = 40, 4_000
SHRINK = bool(os.environ.get("FUZZ_SHRINK"))
"""Whether a failing input is made as small as can be: minutes, where one example takes long."""

SECONDS = 5.0
"""CPU time that one input may take; the worst one kept takes a tenth of that."""

MEGABYTES = 300
"""What the whole process may grow by while one reader is tried."""


def tries(count: int) -> settings:
    """So many examples, the same in every run and on every machine."""
    return settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink) if SHRINK else (Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


def kept(reader: str) -> list[Path]:
    """The inputs of a reader that are replayed in every run: a few good ones, and all that ever failed."""
    return sorted(path for path in (CORPUS / reader).iterdir() if path.is_file())


def held(read: Callable[[], Any]) -> WecrmError | None:
    """Read something: the error it ended with, which has to be one of ours and to say what, and why or how to fix it.

    Iterators are read to their end. Any other exception gets out, and so does a reader that takes too long.
    """
    begun = time.process_time()
    caught: WecrmError | None = None
    try:
        found = read()
        if isinstance(found, Iterator):
            for _each in found:
                pass
    except WecrmError as error:
        caught = error
    assert time.process_time() - begun < SECONDS, "it takes too long"
    if caught is not None:
        assert caught.what, "it does not say what happened"
        assert caught.why or caught.fix, f"it says neither why nor how to fix it: {caught.what}"
        assert len(f"{caught.what}{caught.why}{caught.fix}") < 20_000, "it repeats what it read"
    return caught


@contextmanager
def shown(data: bytes, folder: Path) -> Iterator[None]:
    """An input that fails is written beside the folder, to be put into the corpus."""
    try:
        yield
    except BaseException as error:
        file = folder.with_name(f"{folder.name}-failing")
        file.write_bytes(data)
        error.add_note(f"The input is in {file}: put it into the corpus.")
        raise


@contextmanager
def nothing_written(folder: Path) -> Iterator[None]:
    """Nothing below the folder appears, goes or changes meanwhile, and memory does not grow without bound."""
    before, memory = _contents(folder), _peak_mb()
    yield
    assert _contents(folder) == before
    assert _peak_mb() - memory < MEGABYTES


def _contents(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
