"""The register of group welcome templates: WeCom has no list of them, so rows are marked gone and never deleted."""

from dataclasses import dataclass

import msgspec

from wecrm.models.welcome import WelcomeEntry, WelcomeTemplate, as_shown
from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class KnownWelcome:
    """A template of the register. `content` is what WeCom showed last, None until it was read.

    `entry` has no name while nobody described the template.
    """

    id: str
    entry: WelcomeEntry
    content: WelcomeTemplate | None = None
    gone_at: int | None = None

    def seen_as(self, shown: WelcomeTemplate) -> WelcomeEntry:
        """Its entry now that WeCom shows this: our own words, unless somebody changed the template since."""
        return self.entry if self.content in (None, shown) else as_shown(self.entry, shown)


def register(
    store: Store, template_id: str, entry: WelcomeEntry, now: float, *, written: bool, job: str | None = None
) -> None:
    """Remember what a template is by our words.

    Args:
        written: whether WeCom was told just now; what it showed before does not count any more.
        job: the one that made it, if one did.
    """
    with store.write() as db:
        db.execute(
            "INSERT INTO welcome_template (template_id, name, entry, first_seen, seen_at, made_by_job) "
            "VALUES (?1, nullif(?2, ''), ?3, ?4, ?4, ?5) ON CONFLICT (template_id) DO UPDATE SET name = excluded.name, "
            "entry = excluded.entry, content = iif(?6, NULL, content), seen_at = excluded.seen_at, gone_at = NULL",
            (template_id, entry.name, msgspec.json.encode(entry).decode(), int(now), job, written),
        )


def saw(store: Store, template_id: str, shown: WelcomeTemplate, now: float) -> KnownWelcome:
    """Store what WeCom shows; the template as it is known then, new ones without a name."""
    known = find(store, template_id) or KnownWelcome(template_id, as_shown(WelcomeEntry(""), shown))
    entry = known.seen_as(shown)
    if known.gone_at is not None and named(store, entry.name):  # it came back, and another one got its name meanwhile
        entry = msgspec.structs.replace(entry, name="")
    plain, content = (msgspec.json.encode(value).decode() for value in (entry, shown))
    with store.write() as db:
        db.execute(
            "INSERT INTO welcome_template (template_id, name, entry, content, first_seen, seen_at) "
            "VALUES (?1, nullif(?2, ''), ?3, ?4, ?5, ?5) ON CONFLICT (template_id) DO UPDATE SET name = excluded.name, "
            "entry = excluded.entry, content = excluded.content, seen_at = excluded.seen_at, gone_at = NULL",
            (template_id, entry.name, plain, content, int(now)),
        )
    return KnownWelcome(template_id, entry, shown)


def note_gone(store: Store, template_id: str, now: float) -> None:
    """Mark one template as no longer there."""
    with store.write() as db:
        sql = "UPDATE welcome_template SET gone_at = ? WHERE template_id = ? AND gone_at IS NULL"
        db.execute(sql, (int(now), template_id))


_COLUMNS = "template_id, entry, content, gone_at"


def known(store: Store, *, gone: bool = False) -> tuple[KnownWelcome, ...]:
    """Every template that exists (with `gone`, also those that did), by name; those without one last."""
    rows = store.connection.execute(
        f"SELECT {_COLUMNS} FROM welcome_template WHERE ? OR gone_at IS NULL ORDER BY name IS NULL, name, template_id",
        (gone,),
    )
    return tuple(_known(*row) for row in rows)


def find(store: Store, template_id: str) -> KnownWelcome | None:
    """The template of that id, also when it is gone."""
    sql = f"SELECT {_COLUMNS} FROM welcome_template WHERE template_id = ?"
    row = store.connection.execute(sql, (template_id,)).fetchone()
    return _known(*row) if row else None


def named(store: Store, name: str) -> KnownWelcome | None:
    """The existing template of that name."""
    sql = f"SELECT {_COLUMNS} FROM welcome_template WHERE name = ? AND gone_at IS NULL"
    row = store.connection.execute(sql, (name,)).fetchone()
    return _known(*row) if row else None


def refused(store: Store, errcode: int) -> frozenset[str]:
    """Ids of templates whose newest change WeCom refused with that errcode."""
    rows = store.connection.execute(
        "SELECT id FROM (SELECT json_extract(CAST(change AS TEXT), '$.key.id') AS id, errcode, max(sent_at) "
        "FROM job_row WHERE op IN ('welcome.edit', 'welcome.delete') AND sent_at IS NOT NULL GROUP BY 1) "
        "WHERE errcode = ?",
        (errcode,),
    )
    return frozenset(id_ for (id_,) in rows)


_entry = msgspec.json.Decoder(WelcomeEntry)
_content = msgspec.json.Decoder(WelcomeTemplate)


def _known(template_id: str, entry: str, content: str | None, gone_at: int | None) -> KnownWelcome:
    shown = _content.decode(content) if content else None
    return KnownWelcome(template_id, _entry.decode(entry), shown, gone_at)
