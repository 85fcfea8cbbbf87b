"""One person under several ids, customers who went, and everything kept about somebody."""

from datetime import tzinfo

from wecrm.i18n import _
from wecrm.models.table import Column, Query, Table
from wecrm.store.database import Store
from wecrm.store.details import Details, contact
from wecrm.store.figures import as_of
from wecrm.store.selection import table

_LOST = ("external_userid", "name", "remark", "userid", "member", "status", "status_at", "added_at", "channel", "tags")
_WENT = "v.status IN ('lost', 'transferred')"


def lost(store: Store, query: Query, *, now: float, tz: tzinfo) -> Table:
    """Relations that ended: when, with which member last, and how they had come; newest first.

    Raises:
        UsageError: as `selection.table`.
    """
    asked = Query(query.columns or _LOST, query.where, query.sort or "-status_at", query.limit)
    return table(store, "contacts", asked, now=now, tz=tz, base_where=(_WENT, ()))


def duplicates(store: Store) -> Table:
    """Unionids and mobiles that several customers, or several members, have; most customers first.

    A customer whom two members follow is one person with two owners; two customer ids with one
    unionid or mobile are one person twice.
    """
    rows = store.connection.execute(
        "WITH shared AS ("
        " SELECT 'unionid' AS kind, c.unionid AS value, r.external_userid, r.userid FROM contact c"
        " JOIN relation r ON r.external_userid = c.external_userid"
        " WHERE c.unionid > '' AND r.status = 'active'"  # WeCom sends none, null or "" where there is none
        " UNION ALL SELECT 'mobile', m.mobile, r.external_userid, r.userid FROM relation_mobile m"
        " JOIN relation r ON r.id = m.relation_id WHERE r.status = 'active')"
        " SELECT kind, value, count(DISTINCT external_userid) AS customers, count(DISTINCT userid) AS members,"
        " group_concat(DISTINCT external_userid), group_concat(DISTINCT userid) FROM shared"
        " GROUP BY kind, value HAVING customers > 1 OR members > 1 ORDER BY customers DESC, members DESC, kind, value"
    )
    columns = (
        Column("kind", _("Shared")),
        Column("value", _("Value"), "id"),
        Column("customers", _("Customers"), "int"),
        Column("members", _("Members"), "int"),
        Column("external_userids", _("Customer ids"), "list"),
        Column("userids", _("Member ids"), "list"),
    )
    found = ((*row[:4], tuple(row[4].split(",")), tuple(row[5].split(","))) for row in rows)
    return Table("duplicates", columns, found, as_of=as_of(store, "contacts"))


def everything(store: Store, external_userid: str, *, now: float, tz: tzinfo) -> Details:
    """All that is kept about one customer, and the answers of WeCom it came from.

    Raises:
        UsageError: not in the cache; names up to three that are near.
    """
    parts = contact(store, external_userid, now=now, tz=tz)
    rows = store.connection.execute(
        "SELECT 'external_contact', NULL, CAST(raw AS TEXT) FROM contact WHERE external_userid = ? "
        "UNION ALL SELECT 'follow_user', userid, CAST(raw AS TEXT) FROM relation WHERE external_userid = ?",
        (external_userid, external_userid),
    ).fetchall()
    columns = (Column("object", _("Object")), Column("userid", _("Userid"), "id"), Column("raw", _("As WeCom sent it")))
    return (*parts, (_("As WeCom sent it"), Table("raw", columns, rows)))
