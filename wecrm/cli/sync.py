"""`wecrm sync`: fill the local cache."""

from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import ending
from wecrm.cli.command import command, session, single
from wecrm.cli.main import exit_code
from wecrm.cli.options import share
from wecrm.cli.root import duration
from wecrm.cli.session import Session
from wecrm.errors import Exit, LockedError, UsageError, most_severe
from wecrm.i18n import _

if TYPE_CHECKING:
    from wecrm.store.syncs import Counts

app = single()


@command(
    app,
    "sync",
    _("Fetch members, tags, contacts, groups, live codes and statistics into the local cache."),
    (
        "wecrm sync",
        "wecrm sync contacts",
        "wecrm sync new          # who is new, who is gone; one call per member",
        "wecrm sync tags members --cron",
        "wecrm sync stats        # WeCom's own figures by day, in the morning",
        "wecrm --profile @all sync --cron --max-age 26h",
        "wecrm sync contacts --max-removals 100%",
    ),
    _(
        "Stopped in the middle, the next run goes on where it was. Customers that are missing become `lost` "
        "only with positive evidence; a member out of view, or with over 30 % fewer, is exit 7. `stats` reads days "
        "that are over and missing, once more when they are final, 180 days back; it costs a call per member a day "
        "(1,000 members: 1,000 calls, six times as many the first time), one per 100 owners of groups and day, and "
        "two for each member who sent a mass message."
    ),
    many=True,
)
def sync(
    ctx: typer.Context,
    what: Annotated[
        list[str] | None, typer.Argument(help=_("members, tags, contacts, groups, livecodes, stats, new or all."))
    ] = None,
    max_removals: Annotated[
        str,
        typer.Option(
            help=_("Share of a member's customers that may be lost; 100% lets all tags or groups end, too."),
            metavar="N%",
        ),
    ] = "",
    max_age: ending.MaxAgeOption = "",
) -> int:
    s = session(ctx)
    purposes = _purposes(what or ["all"])
    allowed = share("--max-removals", max_removals) if max_removals else s.limits.max_removals
    if s.options.dry_run:
        s.warn(_("Would fetch: {what}. A sync writes only the local cache.", what=", ".join(purposes)))
        return 0
    age_s = duration("--max-age", max_age) if max_age else None
    began = s.clock.now()
    try:
        with s.locked("sync"):
            results = [_one(s, purpose, allowed) for purpose in purposes]
    except LockedError as error:
        return ending.let_be(s, "sync", purposes, age_s, error)
    code = most_severe([code for code, _line in results])
    ending.finished(s, "sync", " · ".join(line for _code, line in results), s.clock.now() - began, code)
    again = _("Run it again; what was not read stays as it was known.") if code == Exit.partial else ""
    return exit_code(code, "; ".join(line for code, line in results if code), again)


def _purposes(words: list[str]) -> list[str]:
    from difflib import get_close_matches

    from wecrm.operations.sync import PURPOSES

    known = (*PURPOSES, "new")
    for word in words:
        if word not in (*known, "all"):
            near = get_close_matches(word, known, n=1)
            fix = _("Did you mean {near}?", near=near[0]) if near else _("Known: {names}.", names=", ".join(known))
            raise UsageError(_("Nothing called {word} can be synced.", word=word), "", fix)
    wanted = {*words, *(PURPOSES if "all" in words else ())}
    return [purpose for purpose in known if purpose in wanted]


def _one(s: Session, purpose: str, max_removals: float) -> tuple[Exit, str]:
    from wecrm.operations import sync as operations
    from wecrm.operations import sync_contacts, sync_new

    if purpose == "contacts":
        result = sync_contacts.contacts(s.work, max_removals=max_removals)
    elif purpose == "new":
        result = sync_new.new_contacts(s.work, max_removals=max_removals)
    elif purpose == "livecodes":
        from wecrm.operations import sync_livecodes

        result = sync_livecodes.livecodes(s.work)
    elif purpose == "stats":
        from wecrm.operations import sync_stats

        result = sync_stats.stats(s.work)
    elif purpose == "members":
        result = operations.members(s.work)
    else:
        result = {"tags": operations.tags, "groups": operations.groups}[purpose](s.work, max_removals=max_removals)
    line = _told(purpose, result.counts)
    for note in result.notes if result.exit or s.options.quiet < 2 else ():  # -qq: a good run is silent
        s.warn(f"  {note}")
    if not s.options.cron and (s.options.quiet < 2 or result.exit):
        s.warn(f"{line} · {result.seconds:.0f} s")
    return result.exit, line


def _told(purpose: str, c: "Counts") -> str:
    """One purpose in one sentence; what did not happen is left out."""
    parts = [
        _("{n:,} read", n=c.seen),
        _("{n:,} new", n=c.added) if c.added else "",
        _("{n:,} changed", n=c.changed) if c.changed else "",
        _("{n:,} lost", n=c.lost) if c.lost else "",
        _("{n:,} out of sight", n=c.out_of_sight) if c.out_of_sight else "",
        _("{n:,} not read", n=c.failed) if c.failed else "",
    ]
    return f"{purpose}: " + ", ".join(part for part in parts if part)
