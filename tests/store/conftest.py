"""The small corp as a fixture, and an empty database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.small_corp import fill
from wecrm.store.database import Store


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The small corp; only to be read."""
    folder: Path = tmp_path_factory.mktemp("corp")
    store = Store.open(folder / "a b?c#%41.db")
    fill(store)
    yield store
    store.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Store]:
    """A new database."""
    store = Store.open(tmp_path / "empty.db")
    yield store
    store.close()
