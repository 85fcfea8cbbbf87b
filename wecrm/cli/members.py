"""`wecrm members`: the corporation's own people, as the cache knows them."""

from typing import Annotated

import typer

from wecrm.cli import pages, rows
from wecrm.cli.command import command, group, session
from wecrm.cli.listing import listing
from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _

app = group(_("Members (成员) of the corporation."))


listing(
    app,
    "members",
    _("List the members with how many customers and groups they have."),
    (
        "wecrm members list",
        "wecrm members list --where \"department under '销售部'\" --sort -customers",
        "wecrm members list --where 'follows = true' -o members.csv",
    ),
)


@command(
    app,
    "show",
    _("Show one member: departments, customers by status, groups owned."),
    ("wecrm members show zhangsan", "wecrm members show 张三", "wecrm members show zhangsan --part groups -f json"),
    _("Parts: member, departments, customers, groups. Programs get one of them, `member` unless told."),
)
def show(
    ctx: typer.Context,
    who: Annotated[str, typer.Argument(help=_("userid, or a name that only one member has."), metavar="USERID|NAME")],
    part: pages.PartOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    from wecrm.store import details

    s = session(ctx)
    found = details.member(s.store, _userid(s, who), now=s.clock.now(), tz=s.tz)
    pages.show(s, found, rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers), part, "member")


def _userid(s: Session, who: str) -> str:
    """The userid that a userid or a name means; what is near no name comes back as it is."""
    from wecrm.store import relations
    from wecrm.store.nearest import did_you_mean

    found = relations.userids_named(s.store, who)
    own = [userid for userid in found if userid.lower() == who.lower()]
    if len(found) == 1 or own:
        return (own or found)[0]
    if found:
        raise UsageError(
            _("{n} members are called {name}.", n=len(found), name=who),
            "",
            _("Say which: {userids}.", userids=", ".join(found)),
        )
    known = relations.member_names(s.store)
    near = did_you_mean(who, known, 3)
    if near and who.lower() not in [name.lower() for name in known]:
        raise UsageError(_("The cache knows no member {name}.", name=who), "", near)
    return who
