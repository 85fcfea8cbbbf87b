"""Small answers every step gives in the same way."""

from wecrm.api.contacts import NO_RELATION
from wecrm.errors import ApiError
from wecrm.models.plan import Fact, State


def text(fact: Fact) -> str:
    """A fact that must be text by now; an id not yet made is a defect of the runner."""
    assert isinstance(fact, str), fact
    return fact


def failed_state(found: ApiError | None) -> State:
    """The state of a relation that is gone (None) or could not be read."""
    if found is None:
        return State(gone=True, errcode=NO_RELATION, errmsg="not external contact")
    return State(gone=True, errcode=found.errcode, errmsg=found.errmsg)
