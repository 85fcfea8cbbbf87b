"""Members and departments as reports name them."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from wecrm.store.database import Store


@dataclass(frozen=True, slots=True)
class Named:
    """A member: `department` is the main one, or the lowest of several, None when unknown; `gone`: left the corp."""

    userid: str
    name: str | None
    department: int | None
    gone: bool


def staff(store: Store, userids: Collection[str]) -> dict[str, Named]:
    """These members by userid in lower case; one whom no sync saw has nothing but the userid."""
    rows = store.connection.execute(
        "SELECT lower(m.userid), m.userid, m.name, coalesce(nullif(m.main_department, 0), "
        "(SELECT min(d.department) FROM member_department d WHERE d.userid = m.userid)), m.gone_at IS NOT NULL "
        "FROM member m WHERE lower(m.userid) IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(userids)),),
    )
    known = {key: Named(userid, name, department, bool(gone)) for key, userid, name, department, gone in rows}
    return {userid: known.get(userid) or Named(userid, None, None, True) for userid in userids}


def departments(store: Store) -> dict[int | None, str]:
    """Names of departments, those that are gone included."""
    return dict(store.connection.execute("SELECT id, coalesce(name, '') FROM department").fetchall())
