"""What a handler is given, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass

from wecrm.sandbox.fields import Fields
from wecrm.sandbox.state.media import File
from wecrm.sandbox.state.scope import App
from wecrm.sandbox.world import World

Answer = dict[str, object] | str | File
"""Fields beside errcode and errmsg; a str is those fields as JSON, ready."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One well-formed call of a known API by a known app."""

    world: World
    app: App
    fields: Fields
    ip: str
    now: float
    file: File | None = None


Handler = Callable[[Asked], Answer]
