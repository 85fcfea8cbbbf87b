"""Hand-over files: what a member must know of customers who came to them, as XLSX or as HTML that prints on A4.

The HTML is one file that fetches nothing and runs nothing.
"""

from collections.abc import Iterator
from datetime import tzinfo
from typing import BinaryIO

from wecrm.files import tables
from wecrm.i18n import _, language
from wecrm.models.memory import Handover, HeldTag, Sheet
from wecrm.models.table import Cell, Column, Table
from wecrm.models.text import visible

FORMATS = ("xlsx", "html")

_PAGE = """<!DOCTYPE html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{{ title | visible }}</title>
<style>
@page { size: A4; margin: 14mm; @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt } }
* { box-sizing: border-box }
body { margin: 0 auto; padding: 4mm; max-width: 190mm; background: #fff; color: #000; overflow-wrap: anywhere;
  font: 9.5pt/1.45 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif }
header { border-bottom: .3mm solid #000; margin-bottom: 4mm }
h1 { margin: 0; font-size: 15pt }
h2 { margin: 0; font-size: 11.5pt }
h3 { margin: 2mm 0 0; font-size: 9.5pt }
p, ul { margin: 0 0 1mm }
ul { padding-left: 5mm }
article { padding: 3mm 0; border-bottom: .2mm solid #bbb; break-inside: avoid }
dl { margin: 1mm 0 0; display: grid; grid-template-columns: max-content 1fr; column-gap: 3mm }
dt { color: #555 }
dd { margin: 0 }
table { border-collapse: collapse; width: 100% }
th, td { border: .2mm solid #bbb; padding: .6mm 1.5mm; text-align: left; vertical-align: top }
small { color: #555; font-weight: normal }
@media print { body { padding: 0 } }
</style>
</head>
<body>
<header><h1>{{ title | visible }}</h1><p>{{ subtitle | visible }}</p>
<p>{{ note }}</p></header>
<main>
{% for one in customers %}<article>
<h2>{{ one.memory.name | visible }} <small>{{ one.external_userid | visible }}</small></h2>
{% for sentence in remarks(one) %}<p>{{ sentence }}</p>
{% endfor %}<dl>{% for label, value in facts(one) if value %}<dt>{{ label }}</dt><dd>{{ value | visible }}</dd>
{% endfor %}</dl>
{% if one.differs %}<h3>{{ labels.differs }}</h3>
<table><tr><th></th><th>{{ labels.former }}</th><th>{{ labels.own }}</th></tr>
{% for row in one.differs %}<tr><td>{{ row.what | visible }}</td><td>{{ row.former | visible }}</td>\
<td>{{ row.own | visible }}</td></tr>
{% endfor %}</table>
{% endif %}{% for label, lines in lists(one) if lines %}<h3>{{ label }}</h3>
<ul>{% for line in lines %}<li>{{ line | visible }}</li>{% endfor %}</ul>
{% endfor %}</article>
{% endfor %}</main>
</body>
</html>
"""


def write(sheet: Sheet, stream: BinaryIO, fmt: str, tz: tzinfo) -> None:
    """Write one member's sheet in that format, times as the clocks of `tz` show them."""
    if fmt == "xlsx":
        table = Table("handover", _columns(), (_row(one) for one in sheet.customers))
        tables.write(table, stream, fmt, for_file=True, tz=tz, titles=True)
        return
    from jinja2 import Environment

    page = Environment(autoescape=True)
    page.filters["visible"] = visible
    shown = sheet.name or sheet.userid
    values = {
        "language": language(),
        "title": _("Customers handed over to {name}", name=shown),
        "subtitle": _(
            "Customers: {n:,}. As of {at}. Job {job}.", n=len(sheet.customers), at=_day(sheet.as_of, tz), job=sheet.job
        ),
        "note": _("Pictures, follow-up notes and chats are not in here: WeCom tells no program of them."),
        "labels": {"differs": _("What differs"), "former": _("Former member"), "own": _("Your own")},
    }
    parts = page.from_string(_PAGE).generate(
        values,
        customers=sheet.customers,
        facts=lambda one: _facts(one, tz),
        lists=_lists,
        remarks=_remarks,
    )
    for piece in parts:
        stream.write(piece.encode("utf-8", "replace"))


def _remarks(one: Handover) -> Iterator[str]:
    """What has to be known before everything else."""
    if one.memory.own is not None:
        yield _("You knew this customer already: your own words were kept.")
    if not one.memory.fresh:
        yield _("WeCom no longer showed this customer at the former member: this is what was known before.")
    if not one.in_sight:
        yield _("WeCom does not show this customer at yours, so nothing could be compared or put back.")


def _facts(one: Handover, tz: tzinfo) -> tuple[tuple[str, str], ...]:
    memory, side = one.memory, one.memory.side
    stages, tags = _tags(side.tags)
    began = _day(memory.first.at, tz) if memory.first else ""
    return (
        (_("Former member"), one.former),
        (_("Remark"), side.remark),
        (_("Description"), side.description),
        (_("Company"), side.company),
        (_("Mobiles"), ", ".join(side.mobiles)),
        (_("Stage"), ", ".join(stages)),
        (_("Tags"), ", ".join(tags)),
        (_("Channel"), side.channel),
        (_("Added by"), one.came_by),
        (_("Since"), _day(side.createtime, tz) if side.createtime else ""),
        (_("First contact"), ", ".join(part for part in (began, one.began_by) if part)),
        (_("Groups with both"), ", ".join(memory.chats)),
    )


def _lists(one: Handover) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (
        (_("What came over"), one.arrived),
        (_("What is missing"), _missing(one)),
        (_("To be written by hand"), _by_hand(one)),
    )


def _missing(one: Handover) -> tuple[str, ...]:
    return tuple(f"{each.what}: {each.value}" + (f" ({each.why})" if each.why else "") for each in one.missing)


def _by_hand(one: Handover) -> tuple[str, ...]:
    """Personal tags, which no call can write."""
    personal = one.memory.side.personal_tags
    if personal is None:
        return (_("Personal tags, if there were any: they were not read."),)
    return tuple(_("Personal tag {name}", name=name) for name in personal)


def _tags(tags: tuple[HeldTag, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Stages, and the other tags."""
    return tuple(t.shown for t in tags if t.stage), tuple(t.shown for t in tags if not t.stage)


def _columns() -> tuple[Column, ...]:
    return (
        Column("external_userid", _("Customer id"), "id"),
        Column("name", _("Customer")),
        Column("former", _("Former member")),
        Column("note", _("Note")),
        Column("remark", _("Remark")),
        Column("description", _("Description")),
        Column("company", _("Company")),
        Column("mobiles", _("Mobiles"), "list"),
        Column("stage", _("Stage"), "list"),
        Column("tags", _("Tags"), "list"),
        Column("channel", _("Channel")),
        Column("add_way", _("Added by")),
        Column("added_at", _("Since"), "time"),
        Column("first_touch_at", _("First contact"), "time"),
        Column("first_member", _("First member")),
        Column("groups", _("Groups with both"), "list"),
        Column("arrived", _("What came over"), "list"),
        Column("differs", _("What differs"), "list"),
        Column("missing", _("What is missing"), "list"),
        Column("by_hand", _("To be written by hand (of pictures, notes and chats nothing is known)"), "list"),
    )


def _row(one: Handover) -> tuple[Cell, ...]:
    memory, side = one.memory, one.memory.side
    stages, tags = _tags(side.tags)
    differs = tuple(
        _("{what}: {former} (your own: {own})", what=each.what, former=each.former, own=each.own)
        for each in one.differs
    )
    return (
        one.external_userid,
        memory.name,
        one.former,
        " ".join(_remarks(one)),
        side.remark,
        side.description,
        side.company,
        side.mobiles,
        stages,
        tags,
        side.channel,
        one.came_by,
        side.createtime,
        memory.first.at if memory.first else None,
        one.began_by,
        memory.chats,
        one.arrived,
        differs,
        _missing(one),
        _by_hand(one),
    )


def _day(seconds: float, tz: tzinfo) -> str:
    at = tables.moment(seconds, tz)
    return at.strftime("%Y-%m-%d") if at else str(seconds)
