"""Who takes part in archived conversations, told by the form of the id."""

from typing import Literal

Side = Literal["member", "contact", "robot"]

_LONG = 30
"""Characters from which an id with such a beginning is nobody's userid: WeCom makes them 32 long."""


def side(person: str) -> Side:
    """Whether that id is a member's, a customer's (`wm…`, `wo…`) or a robot's (`wb…`).

    A member may be called `wolfgang`: behind the two letters WeCom's own ids go on with a capital, or are long.
    """
    if person[:2] in ("wm", "wo", "wb") and (person[2:3].isupper() or len(person) >= _LONG):
        return "robot" if person[1] == "b" else "contact"
    return "member"
