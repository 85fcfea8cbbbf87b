"""`archive export`: conversations as pages for people or rows for programs, in a folder, with their media files.

First everything that will be written is counted (`plan`), so that the access log says it before; then it is written
conversation by conversation: memory does not grow with messages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from wecrm.errors import UsageError
from wecrm.files import archivepages, tables
from wecrm.files.archivepages import Page, Row
from wecrm.files.atomic import replacing
from wecrm.files.filenames import distinct
from wecrm.files.tables import moment
from wecrm.i18n import _
from wecrm.models.clock import Progress, Run
from wecrm.models.table import Column, Table
from wecrm.operations.archive.exportentries import MEDIA, Copies, columns, entries, row
from wecrm.store.archive import conversations, people
from wecrm.store.archive.conversations import Conversation, Where
from wecrm.store.archive.filters import Narrowed
from wecrm.store.database import Store

By = Literal["conversation", "member", "contact", "group", "case"]
BYS: Final[tuple[By, ...]] = ("conversation", "member", "contact", "group", "case")
FORMATS: Final = ("html", "jsonl", "csv")

PAGE_MESSAGES: Final = 5000
"""Messages of one page; a browser opens it at once."""

_NAMED = 3  # people in the name of a conversation


@dataclass(frozen=True, slots=True)
class Chapter:
    """A folder of an export: whom it is about ("" when the export has no folders), and (conversation, messages)."""

    id: str
    title: str
    conversations: Sequence[tuple[Conversation, int]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be written: messages that meet `within`; `folders`: each chapter has one."""

    chapters: Sequence[Chapter]
    within: Where
    folders: bool

    @property
    def messages(self) -> int:
        """How many messages will be written; one in two folders counts twice."""
        return sum(n for chapter in self.chapters for _conversation, n in chapter.conversations)


@dataclass(frozen=True, slots=True)
class Settings:
    """How an export is written. `about` stands on every page: when, who, which filter."""

    format: str
    tz: tzinfo
    about: str = ""


def plan(archive: Store, narrowed: Narrowed, by: By, only: Sequence[str] = ()) -> Plan:
    """What an export by that will hold; without messages it has no chapters.

    Args:
        only: by member or contact, the ids of those who get a folder; all who take part when none is named.

    Raises:
        UsageError: by case, and the cache has none.
    """
    within = conversations.up_to(narrowed.on_records("r"), conversations.newest(archive))
    inside = narrowed.on_conversations("c.id")
    found = []
    for id_, title, where in _chapters(archive, by, inside, only):
        listed = conversations.of(archive, where)
        counted = ((each, conversations.count(archive, conversations.inside(within, each.id))) for each in listed)
        kept = [(each, n) for each, n in counted if n]
        if kept:
            found.append(Chapter(id_, title, kept))
    return Plan(found, within, by in ("member", "contact", "case"))


def _chapters(archive: Store, by: By, inside: Where, only: Sequence[str]) -> Iterator[tuple[str, str, Where]]:
    if by in ("conversation", "group"):
        yield "", "", conversations.groups_only(inside) if by == "group" else inside
        return
    if by == "case":
        wanted = [(case, person, case) for case, person in people.cases(archive)]
        if not wanted:
            raise UsageError(_("There is no offboarding case."), "", _("`wecrm offboard list` shows the cases."))
    else:
        wanted = [(person, person, "") for person in only or people.taking_part(archive, by)]
    known = people.names(archive, [person for _id, person, _case in wanted])
    for id_, person, case in wanted:
        title = people.named(person, known)
        yield id_, f"{title} {case}".rstrip(), conversations.with_person(inside, person)


def write(archive: Store, wanted: Plan, folder: Path, copies: Copies, settings: Settings, run: Run) -> int:
    """Write what was planned into the folder, which is there and empty; the number of files with messages."""
    writer = _Writer(archive, wanted, folder, copies, settings, run)
    if not wanted.folders:
        return sum(writer.chapter(chapter, "") for chapter in wanted.chapters)
    names = distinct([(MEDIA, ""), ("index", ""), *((chapter.title, chapter.id) for chapter in wanted.chapters)])[2:]
    total = 0
    for name, chapter in zip(names, wanted.chapters, strict=True):
        (folder / name).mkdir(mode=0o700)
        total += writer.chapter(chapter, f"{name}/")
    writer.contents(names)
    return total


class _Writer:
    def __init__(
        self, archive: Store, wanted: Plan, folder: Path, copies: Copies, settings: Settings, run: Run
    ) -> None:
        self.archive = archive
        self.wanted = wanted
        self.folder = folder
        self.copies = copies
        self.settings = settings
        self.run = run
        self.done = 0

    def chapter(self, chapter: Chapter, under: str) -> int:
        """Write the conversations of a chapter and what leads to them; how many files."""
        titles = [self.title(each) for each, _n in chapter.conversations]
        wanted = [
            (f"{title}.{page + 1}" if page else title, each.key)
            for (each, n), title in zip(chapter.conversations, titles, strict=True)
            for page in range(self.pages(n))
        ]
        names = iter(distinct([(MEDIA, ""), ("index", ""), *wanted])[2:])
        firsts = []
        for (each, n), title in zip(chapter.conversations, titles, strict=True):
            self.run.check()
            own = list(islice(names, self.pages(n)))
            self.conversation(each, n, title, under, own)
            firsts.append(own[0])
            self.done += n
            self.run.progress(Progress("messages", self.done, self.wanted.messages))
        self.index(chapter, under, titles, firsts)
        return len(wanted)

    def pages(self, n: int) -> int:
        """Files that so many messages of one conversation become."""
        return max(1, -(-n // PAGE_MESSAGES)) if self.settings.format == "html" else 1

    def title(self, each: Conversation) -> str:
        persons = [] if each.kind == "group" else [who for who, _side in conversations.people(self.archive, each.id)]
        ids = [each.key] if each.kind == "group" else persons[:_NAMED]
        known = people.names(self.archive, ids)
        more = " …" if len(persons) > _NAMED else ""
        return (" · ".join(known.get(id_, id_) for id_ in ids) or each.key) + more

    def conversation(self, each: Conversation, n: int, title: str, under: str, names: Sequence[str]) -> None:
        """Write one conversation as pages or as one file of rows, under these names."""
        persons = conversations.people(self.archive, each.id)
        speakers = people.speakers(self.archive, persons)
        said = conversations.said(self.archive, conversations.inside(self.wanted.within, each.id))
        if self.settings.format != "html":
            rows = (row(one, speakers.names, self.copies) for one in said)
            self.table(f"{under}{names[0]}", Table("messages", columns(), rows))
            return
        shown = ", ".join(speakers.name(person) for person, _side in persons[:20])
        facts = (
            _("{people} ({n:,} people)", people=shown, n=len(persons)) if len(persons) > 2 else shown,
            self.span(each, n),
            self.settings.about,
        )
        up = "../" if under else ""
        for at, name in enumerate(names):
            page = Page(
                title if len(names) == 1 else f"{title} ({at + 1}/{len(names)})",
                facts,
                "index.html",
                _href(names[at - 1]) if at else "",
                _href(names[at + 1]) if name != names[-1] else "",
            )
            part = said if name == names[-1] else islice(said, PAGE_MESSAGES)
            with replacing(self.folder / under / f"{name}.html") as stream:
                archivepages.write_page(stream, page, entries(part, speakers, self.copies, up, self.settings.tz))

    def index(self, chapter: Chapter, under: str, titles: Sequence[str], names: Sequence[str]) -> None:
        """Write the list of a chapter's conversations, the newest first."""
        listed = list(zip(chapter.conversations, titles, names, strict=True))[::-1]
        if self.settings.format == "html":
            rows = [
                Row(_href(name), title, (each.kind, n, self.day(each.first_at), self.day(each.last_at)))
                for (each, n), title, name in listed
            ]
            heads = (_("Conversation"), _("Kind"), _("Messages"), _("First"), _("Last"))
            above = "../index.html" if under else ""
            page = Page(chapter.title or _("Archived conversations"), (self.settings.about,), above)
            with replacing(self.folder / under / "index.html") as stream:
                archivepages.write_index(stream, page, heads, rows)
            return
        cells = (
            (f"{name}.{self.settings.format}", title, each.id, each.kind, each.key, n, each.first_at, each.last_at)
            for (each, n), title, name in listed
        )
        self.table(f"{under}index", Table("conversations", _index_columns(), cells))

    def contents(self, names: Sequence[str]) -> None:
        """Write the list of chapters."""
        counts = [sum(n for _each, n in chapter.conversations) for chapter in self.wanted.chapters]
        listed = zip(names, self.wanted.chapters, counts, strict=True)
        if self.settings.format == "html":
            rows = [
                Row(f"{quote(name)}/index.html", chapter.title, (len(chapter.conversations), n))
                for name, chapter, n in listed
            ]
            page = Page(_("Archived conversations"), (self.settings.about,), "")
            with replacing(self.folder / "index.html") as stream:
                archivepages.write_index(stream, page, (_("Name"), _("Conversations"), _("Messages")), rows)
            return
        heads = (Column("folder", _("Folder")), Column("id", _("Id"), "id"), Column("messages", _("Messages"), "int"))
        self.table("index", Table("chapters", heads, ((name, chapter.id, n) for name, chapter, n in listed)))

    def table(self, name: str, table: Table) -> None:
        form = "ndjson" if self.settings.format == "jsonl" else "csv"
        with replacing(self.folder / f"{name}.{self.settings.format}") as stream:
            tables.write(table, stream, form, for_file=True, tz=self.settings.tz)

    def span(self, each: Conversation, n: int) -> str:
        first, last = self.day(each.first_at), self.day(each.last_at)
        return _(
            "{n:,} of {all:,} messages archived from {first} to {last}", n=n, all=each.messages, first=first, last=last
        )

    def day(self, at: int) -> str:
        found = moment(at, self.settings.tz)
        return f"{found:%Y-%m-%d}" if found else ""


def _href(name: str) -> str:
    return quote(f"{name}.html")


def _index_columns() -> tuple[Column, ...]:
    return (
        Column("file", _("File")),
        Column("name", _("Name")),
        Column("conversation", _("Conversation"), "int"),
        Column("kind", _("Kind")),
        Column("key", _("Key"), "id"),
        Column("messages", _("Messages"), "int"),
        Column("first_at", _("First"), "time"),
        Column("last_at", _("Last"), "time"),
    )
