"""Live codes drawn into files, or onto one sheet: what fails is told and left out, nothing is replaced unasked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from wecrm.cli.main import exit_code
from wecrm.cli.session import Session
from wecrm.errors import ApiError, Exit, PartialError, TemporaryError, UsageError
from wecrm.i18n import _
from wecrm.models.clock import Progress
from wecrm.models.text import visible

if TYPE_CHECKING:
    from wecrm.files.campaigns import Card
    from wecrm.files.qrcodes import Look
    from wecrm.store.livecodes import KnownCode

T = TypeVar("T")

IN_A_ROW = 3
"""So many pictures that can't be fetched, one after the other, are an end: the next ones won't come either."""
NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """How codes are to be drawn; `caption` and `channel` are None where each code has its own."""

    look: "Look"
    format: str = "png"
    caption: str | None = None
    font: Path | None = None
    channel: str | None = None
    as_is: bool = False

    def channel_of(self, known: "KnownCode") -> str:
        """What customers of a code carry."""
        from wecrm.store.code_details import channel_of

        return channel_of(known) if self.channel is None else self.channel

    def caption_of(self, known: "KnownCode", unless_told: str) -> str:
        """The caption of one code."""
        text = unless_told if self.caption is None else "" if self.caption == "none" else self.caption
        return text.replace("{name}", known.shown).replace("{channel}", self.channel_of(known))


@dataclass(slots=True)
class Notes:
    """What a person must know when all is drawn: names of codes."""

    failed: list[str] = field(default_factory=list)
    fine: list[str] = field(default_factory=list)
    needed_mm: float = 0
    bare: list[str] = field(default_factory=list)


def files(s: Session, codes: "Sequence[KnownCode]", wanted: Wanted, output: Path, force: bool) -> int:
    """One file for each code."""
    from wecrm.files.atomic import replacing

    paths = _paths(codes, wanted, output, force)
    if s.options.dry_run:
        return _dry(s, len(paths))
    if paths[0] != output:
        _make_folder(output)
    notes, targets = Notes(), iter(paths)

    def write(known: "KnownCode", path: Path) -> None:
        picture, ending = _drawn(s, known, wanted, notes)
        with replacing(path if path == output else path.with_name(path.name + ending), private=False) as stream:
            stream.write(picture)

    done = sum(1 for _written in _each(s, codes, lambda known: write(known, next(targets)), notes))
    return _told(s, notes, done, output)


def _dry(s: Session, count: int) -> int:
    s.warn(_("Dry run: {n} files were not written.", n=count))
    return 0


def _paths(codes: "Sequence[KnownCode]", wanted: Wanted, output: Path, force: bool) -> list[Path]:
    """Where each code goes: `output` itself, or names without an ending in that folder."""
    from wecrm.files.filenames import distinct
    from wecrm.files.pictures import ENDINGS

    endings = [ending for _mark, ending in ENDINGS] if wanted.as_is else [f".{wanted.format}"]
    if len(codes) == 1 and not output.is_dir() and (output.suffix.lower() in endings):
        paths, there = [output], [output] if output.exists() else []
    else:
        if output.suffix and not output.is_dir():
            raise UsageError(
                _("{path} is no folder, and no {endings}.", path=output, endings=", ".join(endings)),
                _("Several codes need a folder."),
                _("Make the folder first if its name is to end like that."),
            )
        paths = [output / name for name in distinct((known.shown, known.code.id) for known in codes)]
        named = (path.with_name(path.name + ending) for path in paths for ending in endings)
        there = [path for path in named if path.exists()]
    _refuse(there, force)
    return paths


def _refuse(there: Sequence[Path], force: bool) -> None:
    """Refuse to replace files that nobody said may be replaced."""
    if there and not force:
        raise UsageError(
            _("{n} of the files are there already, as {path}.", n=len(there), path=there[0]),
            _("One of them may be what is being printed."),
            _("Take another folder, or --force to replace them."),
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(_("The folder {path} can't be made.", path=folder), error.strerror or str(error)) from error


def _drawn(s: Session, known: "KnownCode", wanted: Wanted, notes: Notes) -> tuple[bytes, str]:
    """One picture, and the ending of its file."""
    from wecrm.files import captions, pictures
    from wecrm.files.qrcodes import png, svg
    from wecrm.operations import qrcodes

    if wanted.as_is:
        picture = qrcodes.picture(s.client, known)
        return picture, pictures.ending(picture)
    content = _content(s, known, wanted, notes)
    caption = wanted.caption_of(known, "{name}")
    if wanted.format == "svg":
        return svg(content, wanted.look, caption).encode(), ".svg"
    font = captions.find(caption, wanted.font) if caption else None
    if caption and font is None:
        notes.bare.append(known.shown)
    return png(content, wanted.look, caption, font), ".png"


def _content(s: Session, known: "KnownCode", wanted: Wanted, notes: Notes) -> str:
    from wecrm.files.qrcodes import fine
    from wecrm.operations import qrcodes

    content = qrcodes.content(s.client, known, wanted.channel)
    needed = fine(content, wanted.look)
    if needed:
        notes.fine.append(known.shown)
        notes.needed_mm = max(notes.needed_mm, needed)
    return content


def _each(s: Session, codes: "Sequence[KnownCode]", work: "Callable[[KnownCode], T]", notes: Notes) -> Iterator[T]:
    """What `work` makes of each code; of several, those that fail are told and left out."""
    missed = 0
    for n, known in enumerate(codes):
        s.run.check()
        s.progress(Progress(_("QR codes"), n, len(codes), len(notes.failed)))
        try:
            made = work(known)
        except (UsageError, ApiError, TemporaryError) as error:
            missed = missed + 1 if isinstance(error, TemporaryError) else 0
            if len(codes) == 1 or missed == IN_A_ROW:
                raise
            notes.failed.append(known.shown)
            s.warn(f"{known.shown}: {error.what} {error.why}".rstrip())
            s.warn("  " + _("To fix: {fix}", fix=error.fix))
        else:
            missed = 0
            yield made


def sheet(s: Session, codes: "Sequence[KnownCode]", wanted: Wanted, path: Path, force: bool) -> int:
    """All codes on one sheet."""
    from wecrm.files import campaigns
    from wecrm.files.atomic import replacing

    size = wanted.look.size_mm
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(_("A contact sheet is HTML: name it like campaign.html."))
    if size > campaigns.WIDTH_MM:
        raise UsageError(_("A code of {mm:g} mm does not fit on A4: at most {most}.", mm=size, most=campaigns.WIDTH_MM))
    _refuse([path] if path.exists() else [], force)
    if s.options.dry_run:
        return _dry(s, 1)
    notes = Notes()
    day = datetime.fromtimestamp(s.clock.now(), s.tz).date().isoformat()
    subtitle = f"{s.profile.name or s.profile.corp_id} · {day}"
    with replacing(path, private=False) as stream:
        cards = _each(s, codes, lambda known: _card(s, known, wanted, notes), notes)
        campaigns.write(stream, cards, title=path.stem, subtitle=subtitle, size_mm=size)
        if len(notes.failed) == len(codes):
            raise PartialError(_("None of the {n} codes could be drawn.", n=len(codes)))
    return _told(s, notes, len(codes) - len(notes.failed), path)


def _card(s: Session, known: "KnownCode", wanted: Wanted, notes: Notes) -> "Card":
    from wecrm.files import qrcodes
    from wecrm.files.campaigns import Card

    drawn = qrcodes.svg(_content(s, known, wanted, notes), wanted.look)
    until = known.entry.until if known.entry else ""
    caption = wanted.caption_of(known, "")
    return Card(drawn, known.shown, known.code.kind, wanted.channel_of(known), caption, until)


def _told(s: Session, notes: Notes, done: int, path: Path) -> int:
    """Say what was written and what a person should look at; the exit code."""
    if notes.bare:
        s.warn(
            _("No font here has all characters of the caption, so it was left out: {names}.", names=_few(notes.bare))
        )
        s.warn(_("To fix: {fix}", fix=_("Name a font with --font FILE, or take --format svg.")))
    if notes.fine:
        s.warn(_("So fine that many phones will not read them on paper: {names}.", names=_few(notes.fine)))
        s.warn(_("To fix: {fix}", fix=_("Take --size {mm:g}mm or more, or a shorter channel.", mm=notes.needed_mm)))
    s.say(_("{n} QR codes: {path}", n=done, path=path))
    if not notes.failed:
        return 0
    failed = len(notes.failed)
    return exit_code(Exit.partial, _("{n} of {total} could not be drawn", n=failed, total=done + failed))


def _few(names: Sequence[str]) -> str:
    more = f" … (+{len(names) - NAMES_SHOWN})" if len(names) > NAMES_SHOWN else ""
    return ", ".join(visible(name) for name in names[:NAMES_SHOWN]) + more
