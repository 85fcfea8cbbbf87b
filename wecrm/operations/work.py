"""What every operation is handed: the connection, the cache, the run."""

from collections.abc import Callable
from dataclasses import dataclass, field

from wecrm.api.client import Client
from wecrm.models.clock import Run
from wecrm.models.status import ArchiveStatus
from wecrm.store.database import Store


def _none() -> ArchiveStatus | None:
    return None


@dataclass(frozen=True, slots=True)
class Work:
    """One command's hands: `client` for WeCom, `store` for the cache, `run` for time and stopping.

    `archive` reads how the corp's archive of conversations stands; None where there is none.
    """

    client: Client
    store: Store
    run: Run
    archive: Callable[[], ArchiveStatus | None] = field(default=_none)

    def now(self) -> float:
        """Unix seconds on the run's clock."""
        return self.run.clock.now()
