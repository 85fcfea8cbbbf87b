"""What every operation is handed: the connection, the cache, the run."""

from dataclasses import dataclass

from wecrm.api.client import Client
from wecrm.models.clock import Run
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class Work:
    """One command's hands: `client` for WeCom, `store` for the cache, `run` for time and stopping."""

    client: Client
    store: Store
    run: Run

    def now(self) -> float:
        """Unix seconds on the run's clock."""
        return self.run.clock.now()
