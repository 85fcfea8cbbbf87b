"""`wecrm archive words`: rules of sensitive words, what they hit, and telling who answers for them."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wecrm.cli import applying, rows
from wecrm.cli.archive import filters, opening
from wecrm.cli.command import command, group, session
from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import Exit, UsageError, WecrmError
from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.models.table import Cell, Column, Table

if TYPE_CHECKING:
    from wecrm.models.wordrules import Level, WordRule
    from wecrm.store.archive.pages import Derive
    from wecrm.store.archive.words import Hit
    from wecrm.store.database import Store

RulesOption = Annotated[
    Path | None, typer.Option("--rules", help=_("Another file than `archive.words` of the profile."), metavar="FILE")
]
LevelOption = Annotated[
    str, typer.Option("--level", help=_("Only of this level or graver: info, warn, severe."), metavar="LEVEL")
]


def commands(app: typer.Typer) -> None:
    """Put the group under `wecrm archive`."""
    own = group(_("Sensitive words: rules in YAML, looked for while pulling; what they hit, and who is told."))
    app.add_typer(own, name="words")
    command(
        own,
        "check",
        _("Check a file of rules, and show them."),
        ("wecrm archive words check words.yaml", "wecrm archive words check -f json"),
        _(
            "Each entry of `rules:` has `name`, `words` or `regex`, and may have `level` (info, warn, severe), `owner` "
            "(userid), `who` (member, contact, any) and `types`. Width and case do not count. A regular expression "
            "that could take minutes is refused."
        ),
    )(check)
    command(
        own,
        "scan",
        _("Look for the rules' words in what is stored already: for rules that came later."),
        ("wecrm archive words scan", "wecrm archive words scan --rules new.yaml --since '30d ago'"),
        _("A message counts once per rule, however often it is scanned."),
    )(scan)
    command(
        own,
        "hits",
        _("List which messages met which rule, the newest first."),
        (
            "wecrm archive words hits --level severe --reason 'monthly review'",
            "wecrm archive words hits --new --detailed-exitcode --reason cron",
            "wecrm archive words hits --rule refund --since '7d ago' -o hits.xlsx",
        ),
        _("The access log keeps who looked. `wecrm archive show MSGID` shows what was said around a hit."),
    )(hits)
    command(
        own,
        "notify",
        _("Tell the owners of rules how many new hits there are; never what was said."),
        (
            "wecrm archive words notify --dry-run",
            "wecrm archive words notify --level warn --to zhangwei",
            "wecrm archive words notify --yes --confirm ww1a2b3c4d5e6f7a8b",
        ),
        _("A notice can't be called back: it needs --confirm. Hits that were told of are not told again."),
        writes="archive words notify",
    )(notify)


def derivations(s: Session) -> "tuple[Derive, ...]":
    """What writes hits while messages are stored; rules that can't be read stop no pull, but it says so."""
    from wecrm.store.archive import words

    if not s.profile.archive.words:
        return ()
    try:
        return (words.derive(words.Finder(_rules(s, None))),)
    except WecrmError as error:
        s.warn(_("Sensitive words were not looked for: {why}", why=" ".join(filter(None, (error.what, error.why)))))
        s.warn(_("Messages are stored all the same; mend the file, then run `wecrm archive words scan`."))
        return (words.refused,)


def _rules(s: Session, path: Path | None) -> "tuple[WordRule, ...]":
    from wecrm.files import words

    own = path or (Path(s.profile.archive.words).expanduser() if s.profile.archive.words else None)
    if own is None:
        raise UsageError(
            _("There is no file of rules."),
            _("The profile does not name one."),
            _("Name it on the command line, or as `archive.words` in the configuration."),
        )
    return words.read(own)


def check(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help=_("The rules; by default those of the profile."), metavar="FILE")
    ] = None,
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    where: rows.WhereOption = "",
    sort: rows.SortOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> None:
    s = session(ctx)
    columns_ = (
        Column("name", _("Name")),
        Column("level", _("Level")),
        Column("owner", _("Owner"), "id"),
        Column("who", _("Who")),
        Column("types", _("Types"), "list"),
        Column("words", _("Words"), "int"),
        Column("regex", _("Expressions"), "int"),
    )
    lines = [
        (rule.name, rule.level, rule.owner, rule.who, rule.types, len(rule.words), len(rule.regex))
        for rule in _rules(s, file)
    ]
    wanted = rows.Rows(format, output, columns, where, sort, limit, csv_safe, headers)
    rows.show(s, Table("rules", columns_, lines), wanted)


def scan(ctx: typer.Context, rules: RulesOption = None, since: filters.SinceOption = "") -> int:
    from wecrm.store.archive import words
    from wecrm.store.literals import span

    s = session(ctx)
    finder = words.Finder(_rules(s, rules))
    begin_ms = int(span(since, s.clock.now(), s.tz).start * 1000) if since else 0
    if s.options.dry_run:
        s.warn(_("Would look through the archive; nothing is sent to WeCom."))
        return 0
    seen = found = 0
    for looked, new in words.scan(opening.archive(s), finder, begin_ms):
        seen, found = seen + looked, found + new
        s.run.progress(Progress("archive words", seen))
        s.run.check()
    s.say(_("{n:,} messages looked through, {m:,} new hits.", n=seen, m=found))
    return 0


def hits(
    ctx: typer.Context,
    level: LevelOption = "info",
    rule: Annotated[str, typer.Option("--rule", help=_("Only of the rule of this name."), metavar="NAME")] = "",
    new: Annotated[bool, typer.Option("--new", help=_("Only hits that nobody was told of."))] = False,
    from_: filters.FromOption = "",
    member: filters.MemberOption = "",
    contact: filters.ContactOption = "",
    group: filters.GroupOption = "",
    since: filters.SinceOption = "",
    until: filters.UntilOption = "",
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help=_("Exit 10 when one is there that nobody was told of."))
    ] = False,
    reason: filters.ReasonOption = "",
    format: rows.FormatOption = None,
    output: rows.OutputOption = None,
    columns: rows.ColumnsOption = "",
    limit: rows.LimitOption = None,
    csv_safe: rows.CsvSafeOption = "apostrophe",
    headers: rows.HeadersOption = "",
) -> int:
    from wecrm.store.archive import words
    from wecrm.store.archive.filters import Filter

    s = session(ctx)
    asked = rows.Rows(format, output, columns, csv_safe=csv_safe, headers=headers)
    if columns.strip() == "?":
        rows.show(s, Table("hits", _columns(), ()), asked)
        return 0
    wanted = Filter(from_, member=member, contact=contact, group=group, since=since, until=until)
    own, params = _condition(level, rule, new)
    archive = _told(s)
    with filters.narrowed(s, archive, wanted) as narrowed:
        where, more = narrowed.on_records()
        found = words.hits(archive, (f"{own} AND {where}", (*params, *more)), limit=limit)
        told = " ".join(f"--level {level} {f'--rule {rule}' if rule else ''} {wanted}".split())
        opening.accessed(s, archive, "archive words hits", reason=reason, filter=told, rows=len(found))
        rows.show(s, Table("hits", _columns(), _lines(archive, found)), asked)
    untold = sum(hit.told_at is None for hit in found)
    if detailed_exitcode and untold:
        return exit_code(Exit.changes, _("{n:,} hits that nobody was told of", n=untold))
    return 0


def _condition(level: str, rule: str, new: bool) -> tuple[str, tuple[str, ...]]:
    """The options of `hits` as SQL over `word_hit h`."""
    from wecrm.models.wordrules import LEVELS

    levels = LEVELS[LEVELS.index(_level(level)) :]
    parts = [f"h.level IN ({', '.join('?' * len(levels))})", "h.rule = ?" if rule else "", _NEW if new else ""]
    return " AND ".join(filter(None, parts)), (*levels, *((rule,) if rule else ()))


_NEW = "h.notified_at IS NULL"


def _level(text: str) -> "Level":
    from wecrm.models.wordrules import LEVELS

    for each in LEVELS:
        if each == text:
            return each
    raise UsageError(_("--level is {names}, not {value}.", names=", ".join(LEVELS), value=text))


def _told(s: Session) -> "Store":
    """The archive, in which by now stands which hits were told of."""
    from wecrm.operations.archive import words
    from wecrm.store.database import Store

    archive = opening.archive(s)
    if s.database.exists():  # the journal of notices is there; who only reads the archive may have none
        with closing(Store.open(s.database, busy_timeout_s=s.profile.busy_timeout_s)) as cache:  # attached later
            words.note_told(archive, cache)
    return archive


def _columns() -> tuple[Column, ...]:
    return (
        Column("at", _("At"), "time"),
        Column("level", _("Level")),
        Column("rule", _("Rule")),
        Column("found", _("Found")),
        Column("from", _("From"), "id"),
        Column("from_name", _("Name")),
        Column("conversation", _("Conversation"), "int"),
        Column("msgid", _("Message"), "id"),
        Column("told_at", _("Told"), "time"),
        Column("id", _("Number"), "int"),
    )


def _lines(archive: "Store", found: "list[Hit]") -> Iterator[tuple[Cell, ...]]:
    from wecrm.store.archive import people

    names = people.names(archive, [hit.sender for hit in found])
    for hit in found:
        yield (
            *(hit.at or None, hit.level, hit.rule, hit.found, hit.sender, names.get(hit.sender, "")),
            *(hit.conversation, hit.msgid, hit.told_at, hit.id),
        )


def notify(
    ctx: typer.Context,
    level: LevelOption = "info",
    to: Annotated[str, typer.Option("--to", help=_("Who is told of rules without an owner."), metavar="USERID")] = "",
    rules: RulesOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help=_("Write the plan there and stop."), metavar="PLAN")
    ] = None,
    yes: applying.YesOption = False,
    max_changes: applying.MaxChangesOption = None,
    max_failures: applying.MaxFailuresOption = "",
    confirm: applying.ConfirmOption = "",
) -> int:
    from wecrm.cli import codebook
    from wecrm.operations.archive import words

    s = session(ctx)
    grave = _level(level)
    archive = _told(s)
    plan = words.plan(archive, _rules(s, rules), s.clock.now(), s.tz, level=grave, rest=to)
    if output is not None and plan.changes:
        return applying.write_plan(s, plan, output)
    code = codebook.apply(s, plan, applying.Approval(yes, max_changes, "", max_failures, confirm))
    words.note_told(archive, s.store)
    return code
