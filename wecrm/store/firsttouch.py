"""First touches: the earliest known beginning of every customer, kept for ever.

A relation that a colleague shared (add_way 201) or that was assigned (202) begins nothing. An earlier
beginning that is learnt of later takes the place of a later one, never the other way round: losing,
returning and handing over a customer change nothing here.
"""

import json
from collections.abc import Sequence
from sqlite3 import Connection

PASSED_ON = "201, 202"
"""The `add_way`s by which a customer of the corp comes to another member."""


def note(db: Connection, relation_ids: Sequence[int]) -> None:
    """Move first touches to these relations where they began earlier."""
    db.execute(
        "INSERT INTO first_touch SELECT external_userid, createtime, userid, state, add_way FROM relation "
        "WHERE id IN (SELECT value FROM json_each(?)) AND createtime > 0 "
        f"AND coalesce(add_way, 0) NOT IN ({PASSED_ON}) ON CONFLICT (external_userid) DO UPDATE SET "
        "at = excluded.at, userid = excluded.userid, channel = excluded.channel, add_way = excluded.add_way "
        "WHERE excluded.at < first_touch.at",
        (json.dumps(relation_ids),),
    )
