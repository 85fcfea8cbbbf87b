"""What a member who took a customer over lacks of what the former one knew, and where the two do not agree.

Their own words win: a field that they have filled is never written over, also where they filled it after
the transfer. Tags and mobiles are united; of an exclusive group their own stage stands.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from wecrm.api import contacts as api
from wecrm.i18n import _
from wecrm.models.memory import Difference, HeldTag, Memory, Missing, Side
from wecrm.models.plan import Facts
from wecrm.operations.remarks import WECOM_USER
from wecrm.store import tags as store_tags
from wecrm.store.database import Store
from wecrm.store.tags import KnownTag

MAX = {"remark": api.REMARK_MAX, "description": api.DESCRIPTION_MAX, "company": api.COMPANY_MAX}


class Library:
    """The tags that can be put on now: their place in the library, and the exclusive groups."""

    def __init__(self, store: Store) -> None:
        self.groups = store_tags.groups(store)
        tags: list[tuple[KnownTag, bool]] = [(tag, group.exclusive) for group in self.groups for tag in group.tags]
        self._places = {tag.tag_id: n for n, (tag, _exclusive) in enumerate(tags)}
        self._stages = {tag.tag_id: tag.group_name for tag, exclusive in tags if exclusive}

    def place(self, tag: HeldTag) -> int | None:
        """Where it stands, None for one that is not there (any more, or not for this app)."""
        return self._places.get(tag.tag_id)

    def stage_of(self, tag: HeldTag) -> str:
        """The exclusive group of which it is a stage; "" if of none."""
        return self._stages.get(tag.tag_id, "")


@dataclass(slots=True)
class Lack:
    """What to put on and to write (`fields`, with what is there `before`), what differs, what stays undone."""

    tags: list[str] = field(default_factory=list)
    fields: Facts = field(default_factory=dict)
    before: Facts = field(default_factory=dict)
    differs: list[Difference] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        """Whether nothing more can be put back."""
        return not self.tags and not self.fields


def lack(memory: Memory, now: Side, library: Library) -> Lack:
    """What `now`, the side of who took over, lacks of the memory."""
    found = Lack()
    _texts(memory, now, found)
    _mobiles(memory, now, found)
    _tags(memory, now, library, found)
    return found


def field_name(name: str) -> str:
    """What people call a field of the remark."""
    return {
        "remark": _("Remark"),
        "description": _("Description"),
        "company": _("Company"),
        "mobiles": _("Mobiles"),
    }[name]


def _texts(memory: Memory, now: Side, found: Lack) -> None:
    for name in MAX:
        former, own = getattr(memory.side, name), getattr(now, name)
        if name == "remark" and memory.own is None and own == memory.name:
            own = ""  # the nickname that WeCom shows until somebody writes a remark
        if not former or former == own or (name == "remark" and former == memory.name):
            continue
        what = field_name(name)
        if own:
            found.differs.append(Difference(what, former, own))
        elif name == "company" and memory.contact_type == WECOM_USER:
            found.missing.append(Missing(what, former, _("a WeCom user's company can't be written")))
        elif len(former) > MAX[name]:
            found.missing.append(Missing(what, former, _("longer than WeCom takes: {n} characters", n=MAX[name])))
        else:
            found.fields[name], found.before[name] = former, getattr(now, name)
            found.missing.append(Missing(what, former))


def _mobiles(memory: Memory, now: Side, found: Lack) -> None:
    """All of both; how many WeCom takes is nowhere documented, so a refusal must tell."""
    lacking = sorted(set(memory.side.mobiles) - set(now.mobiles))
    if lacking:
        found.fields["mobiles"] = tuple(sorted({*now.mobiles, *lacking}))
        found.before["mobiles"] = tuple(sorted(now.mobiles))
        found.missing += [Missing(field_name("mobiles"), mobile) for mobile in lacking]


def _tags(memory: Memory, now: Side, library: Library, found: Lack) -> None:
    """The furthest stage of the memory is looked at first, so that it is the one that moves."""
    has = {tag.tag_id for tag in now.tags}
    stands = {library.stage_of(tag): tag for tag in now.tags if library.stage_of(tag)}
    for tag in sorted(memory.side.tags, key=lambda tag: (library.place(tag) or 0, tag.tag_id), reverse=True):
        group = library.stage_of(tag)
        if tag.tag_id in has:
            continue
        if library.place(tag) is None:
            found.missing.append(Missing(_("Tag"), tag.shown, _("the library has no such tag any more")))
        elif group in stands:
            found.differs.append(Difference(group, tag.name, stands[group].name))
        else:
            found.tags.append(tag.tag_id)
            found.missing.append(Missing(_("Tag"), tag.shown))
            if group:
                stands[group] = tag


def arrived(memory: Memory, now: Side) -> Iterator[str]:
    """What the memory had and `now` has, and the taking-over member had not before: it came over, or was put back."""
    own = memory.own or Side()
    for name in MAX:
        former = getattr(memory.side, name)
        if former and former == getattr(now, name) != getattr(own, name):
            yield f"{field_name(name)}: {former}"
    for mobile in sorted(set(memory.side.mobiles) & set(now.mobiles) - set(own.mobiles)):
        yield f"{field_name('mobiles')}: {mobile}"
    had, has = ({tag.tag_id for tag in side.tags} for side in (own, now))
    for tag in memory.side.tags:
        if tag.tag_id in has - had:
            yield f"{_('Tag')}: {tag.shown}"
