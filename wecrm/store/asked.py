"""SQL for what a person asked of a report: whose customers, by which channel, in which time.

Every condition takes its values from `parameters`, so that statements may use all, some or none of them.
"""

import json
from collections.abc import Mapping

from wecrm.models.report import Asked
from wecrm.store.database import Store

EVER = 2**62
"""Unix seconds that nothing reaches."""


def parameters(store: Store, asked: Asked) -> Mapping[str, str | float | None]:
    """What the conditions below refer to, and `:now`.

    Members and departments asked for together mean those who are named and belong there. Members who left still
    belong to the departments of which they last were.
    """
    named = {userid.lower() for userid in asked.members}
    if asked.departments:
        rows = store.connection.execute(
            "SELECT DISTINCT lower(userid) FROM member_department WHERE department IN (SELECT value FROM json_each(?))",
            (json.dumps(asked.departments),),
        )
        below = {userid for (userid,) in rows}
        named = named & below if asked.members else below
    return {
        "since": 0 if asked.since is None else asked.since,
        "until": EVER if asked.until is None else asked.until,
        "now": asked.now,
        "staff": json.dumps(sorted(named)),
        "channels": json.dumps(asked.channels),
        "tags": json.dumps(asked.tags),
    }


def within(column: str) -> str:
    """The moment lies in the period asked for."""
    return f"{column} >= :since AND {column} < :until"


def staffed(asked: Asked, column: str) -> str:
    """The member is one of those asked for; always true when nobody was named."""
    if not (asked.members or asked.departments):
        return "1"
    return f"lower({column}) IN (SELECT value FROM json_each(:staff))"


def channelled(asked: Asked, column: str) -> str:
    """The channel is one of those asked for; always true when none was named."""
    return f"coalesce({column}, '') IN (SELECT value FROM json_each(:channels))" if asked.channels else "1"
