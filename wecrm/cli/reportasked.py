"""What a person asks of a report, from the words of the options to an `Asked`."""

from dataclasses import dataclass, fields

from wecrm.cli.session import Session
from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.report import Asked, By
from wecrm.reports.entries import OPTIONS, Report


@dataclass(frozen=True, slots=True)
class Given:
    """The options of `wecrm report NAME` as they were typed, by the names that a report's `takes` knows."""

    since: str = ""
    until: str = ""
    by: str = ""
    department: tuple[str, ...] = ()
    member: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Which of them were given."""
        return [field.name for field in fields(self) if getattr(self, field.name)]

    def __str__(self) -> str:
        """As typed: what the access log keeps."""
        values = ((name, getattr(self, name)) for name in self.names())
        return " ".join(
            f"--{name} {each}" for name, value in values for each in ([value] if isinstance(value, str) else value)
        )


def able(report: Report) -> list[str]:
    """The options that the report takes, as they are typed."""
    flags = (("--compare", report.compares), ("--rows", report.rows), ("--timeout", report.own))
    return [*(f"--{each}" for each in OPTIONS if each in report.takes), *(flag for flag, can in flags if can)]


def check(name: str, report: Report, given: Given, *, compare: bool, rows: bool, timed: bool) -> None:
    """Refuse what this report cannot answer.

    Raises:
        UsageError: an option it does not take; says which it takes.
    """
    can = able(report)
    flags = [flag for flag, wanted in (("--compare", compare), ("--rows", rows), ("--timeout", timed)) if wanted]
    for flag in [*(f"--{each}" for each in given.names()), *flags]:
        if flag not in can:
            raise UsageError(
                _("The report {name} does not take {option}.", name=name, option=flag),
                _("It takes: {options}.", options=", ".join(can)) if can else _("It takes none of these options."),
                _("`wecrm report {name} --explain` says what it counts.", name=name),
            )
    if compare and (given.by or rows):
        raise UsageError(
            _("--compare goes neither with --by nor with --rows."),
            _("Rows of two periods have no common days or rows to be joined by."),
            _("Leave one of them out."),
        )


def asked(s: Session, given: Given) -> Asked:
    """The period in unix seconds, the names looked up in the cache.

    Raises:
        UsageError: no time, no such member, department or tag, or a period that ends before it begins.
    """
    from wecrm.store import literals

    now, tz = s.clock.now(), s.tz
    since = float(literals.span(given.since, now, tz).start) if given.since else None
    until = float(literals.span(given.until, now, tz).end) if given.until else None
    if since is not None and until is not None and until <= since:
        raise UsageError(_("The period ends before it begins."), "", _("Exchange --since and --until."))
    return Asked(
        since,
        until,
        now,
        tz,
        s.profile.archive.working_hours,
        _by(given.by),
        *_people(s, given),
        channels=given.channel,
        tags=_tags(s, given.tag),
    )


def _by(text: str) -> By:
    known: dict[str, By] = {"": "", "day": "day", "week": "week", "month": "month"}
    if text not in known:
        raise UsageError(_("--by is day, week or month, not {value}.", value=repr(text)))
    return known[text]


def _people(s: Session, given: Given) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Ids of departments with all below them, and userids; nothing is opened when neither was asked."""
    if not (given.department or given.member):
        return (), ()
    from wecrm.store.lookups import departments_under, userids_meant

    departments = {each for name in given.department for each in departments_under(s.store, name)}
    members = {each for name in given.member for each in userids_meant(s.store, name)}
    return tuple(sorted(departments)), tuple(sorted(members))


def _tags(s: Session, names: tuple[str, ...]) -> tuple[str, ...]:
    from wecrm.store.lookups import tag_ids

    return tuple(sorted({each for name in names for each in tag_ids(s.store, name)}))
