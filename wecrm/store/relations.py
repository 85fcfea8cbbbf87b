"""Finding relations for bulk work: by ids, mobile, unionid or names."""

from collections.abc import Sequence
from dataclasses import dataclass

from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class KnownRelation:
    """One cached relation, as far as a person needs it to tell it from others. `createtime` in unix seconds."""

    id: int
    userid: str
    external_userid: str
    name: str
    remark: str
    status: str
    createtime: int


_SELECT = (
    "SELECT r.id, r.userid, r.external_userid, coalesce(c.name, ''), coalesce(r.remark, ''), r.status, "
    "coalesce(r.createtime, 0) FROM relation r JOIN contact c ON c.external_userid = r.external_userid "
)


def by_ids(store: Store, userid: str, external_userid: str) -> KnownRelation | None:
    """The relation of this member with this customer, whatever its status."""
    row = store.connection.execute(
        _SELECT + "WHERE r.userid = ? AND r.external_userid = ?", (userid, external_userid)
    ).fetchone()
    return KnownRelation(*row) if row else None


def by_id(store: Store, relation_id: int) -> KnownRelation:
    """The relation with this number in the cache."""
    return KnownRelation(*store.connection.execute(_SELECT + "WHERE r.id = ?", (relation_id,)).fetchone())


def of_customer(store: Store, external_userid: str) -> list[KnownRelation]:
    """Active relations of one customer, oldest first."""
    return _all(store, "WHERE r.external_userid = ? AND r.status = 'active'", (external_userid,))


def by_unionid(store: Store, unionid: str) -> list[KnownRelation]:
    """Active relations of the customers with this unionid, oldest first."""
    return _all(store, "WHERE c.unionid = ? AND r.status = 'active'", (unionid,))


def by_mobile(store: Store, mobile: str) -> list[KnownRelation]:
    """Active relations with this mobile in their remark, oldest first; `+86` and spaces do not count."""
    digits = mobile.replace(" ", "").replace("-", "").removeprefix("+86")
    return _all(
        store,
        "WHERE r.status = 'active' AND r.id IN (SELECT relation_id FROM relation_mobile WHERE mobile IN (?, ?, ?))",
        (mobile, digits, f"+86{digits}"),
    )


def userids_named(store: Store, name: str) -> list[str]:
    """Userids of the members with this name or alias, still there."""
    rows = store.connection.execute(
        "SELECT userid FROM member WHERE (name = ? OR alias = ? OR userid = ?) AND gone_at IS NULL ORDER BY userid",
        (name, name, name),
    )
    return [userid for (userid,) in rows]


def member_names(store: Store) -> list[str]:
    """Names and userids of all members, for telling what was meant."""
    rows = store.connection.execute("SELECT name FROM member WHERE name <> '' UNION SELECT userid FROM member")
    return [name for (name,) in rows]


def tag_ids(store: Store, relation_id: int) -> frozenset[str]:
    """Ids of the corp tags this relation carries in the cache."""
    rows = store.connection.execute("SELECT tag_id FROM relation_tag WHERE relation_id = ?", (relation_id,))
    return frozenset(tag for (tag,) in rows)


def remark_fields(store: Store, relation_id: int) -> dict[str, str]:
    """remark, description and company (remark_corp_name) as cached, "" where empty."""
    row = store.connection.execute(
        "SELECT coalesce(remark, ''), coalesce(description, ''), coalesce(remark_corp_name, '') FROM relation "
        "WHERE id = ?",
        (relation_id,),
    ).fetchone()
    return dict(zip(("remark", "description", "company"), row, strict=True))


def mobiles(store: Store, relation_id: int) -> tuple[str, ...]:
    """Mobiles of the remark, in order of digits."""
    rows = store.connection.execute(
        "SELECT mobile FROM relation_mobile WHERE relation_id = ? ORDER BY mobile", (relation_id,)
    )
    return tuple(mobile for (mobile,) in rows)


def contact_type(store: Store, external_userid: str) -> int:
    """1 WeChat user, 2 WeCom user, 0 not known."""
    row = store.connection.execute("SELECT type FROM contact WHERE external_userid = ?", (external_userid,)).fetchone()
    return int(row[0] or 0) if row else 0


def _all(store: Store, where: str, params: Sequence[str]) -> list[KnownRelation]:
    rows = store.connection.execute(f"{_SELECT}{where} ORDER BY r.createtime, r.id", params)
    return [KnownRelation(*row) for row in rows]
