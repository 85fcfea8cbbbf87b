"""Small answers every step gives in the same way."""

from wecrm.api.contacts import NO_RELATION
from wecrm.errors import ApiError
from wecrm.models.plan import Fact, NewId, State


def text(fact: Fact) -> str:
    """A fact that must be text by now; an id not yet made is a defect of the runner."""
    assert isinstance(fact, str), fact
    return fact


def failed_state(found: ApiError | None) -> State:
    """The state of a relation that is gone (None) or could not be read."""
    if found is None:
        return State(gone=True, errcode=NO_RELATION, errmsg="not external contact")
    return State(gone=True, errcode=found.errcode, errmsg=found.errmsg)


def ref_text(ref: str | NewId) -> str:
    """A reference as people read it; a tag to be made is shown by its change."""
    return ref if isinstance(ref, str) else f"<{ref.new}>"
