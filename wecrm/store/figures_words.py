"""What customers wrote, for reports that count words."""

from collections.abc import Iterator

from wecrm.models.report import Asked
from wecrm.models.speakers import side
from wecrm.store.asked import parameters, staffed
from wecrm.store.database import Store


def written(store: Store, archive: Store, asked: Asked) -> Iterator[tuple[str, str]]:
    """(external_userid, text) of text messages of customers, customer by customer.

    Where members were asked for: only from conversations in which one of them takes part.
    """
    person = staffed(asked, "person")
    mine = f"SELECT conversation FROM participant WHERE side = 'member' AND {person}"
    inside = f"AND conversation IN ({mine})" if asked.members or asked.departments else ""
    params = parameters(store, asked)
    for first, after in (("wm", "wn"), ("wo", "wp")):  # the beginnings of customers' ids, and of some userids
        rows = archive.connection.execute(
            "SELECT sender, text FROM record WHERE sender >= :first AND sender < :after "
            "AND msgtime >= :since * 1000 AND msgtime < :until * 1000 AND action = 'send' AND msgtype = 'text' "
            f"{inside} ORDER BY sender",
            {**params, "first": first, "after": after},
        )
        yield from (row for row in rows if side(row[0]) == "contact")
