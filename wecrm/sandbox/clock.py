"""The world's time as a clock that a client can be given."""

from wecrm.sandbox.world import World


class WorldClock:
    """Tells the world's time; sleeping moves it at once, so that nobody waits."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> float:
        """Unix seconds of the world."""
        return self._world.now()

    def sleep(self, seconds: float) -> None:
        """Let that much of the world's time pass, in no real time."""
        self._world.advance(max(0.0, seconds))
