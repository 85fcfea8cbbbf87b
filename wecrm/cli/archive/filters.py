"""Options that narrow archived messages, the same for every verb, and `--reason`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli.session import Session
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.store.archive.filters import Filter, Narrowed
    from wecrm.store.database import Store

FromOption = Annotated[
    str, typer.Option("--from", help=_("Only what this person sent: an id or a name."), metavar="PERSON")
]
ToOption = Annotated[str, typer.Option("--to", help=_("Only what this person got."), metavar="PERSON")]
MemberOption = Annotated[str, typer.Option("--member", help=_("Only conversations of this member."), metavar="MEMBER")]
ContactOption = Annotated[
    str,
    typer.Option("--contact", help=_("Only conversations of this customer: id, name or remark."), metavar="CUSTOMER"),
]
GroupOption = Annotated[
    str, typer.Option("--group", help=_("Only this group: its id, or its name in the cache."), metavar="GROUP")
]
TagOption = Annotated[
    str, typer.Option("--tag", help=_("Only conversations with a customer who has this tag."), metavar="TAG")
]
TypeOption = Annotated[
    str, typer.Option("--type", help=_("Only messages of these types, as text,image,file."), metavar="TYPES")
]
SinceOption = Annotated[
    str, typer.Option("--since", help=_("Only messages of then or later: a day, a month, 7d ago."), metavar="TIME")
]
UntilOption = Annotated[
    str, typer.Option("--until", help=_("Only messages of then or before: a day, a month, 7d ago."), metavar="TIME")
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help=_("Why you look: the access log keeps it."), metavar="TEXT")
]


@contextmanager
def narrowed(s: Session, archive: "Store", wanted: "Filter") -> Iterator["Narrowed"]:
    """The filter as SQL, with the CRM cache attached to the archive while the block runs; read all rows inside it."""
    from wecrm.store.archive import filters
    from wecrm.store.archive.opening import with_cache

    with with_cache(archive, s.database):
        yield filters.narrowed(archive, wanted, now=s.clock.now(), tz=s.tz)
