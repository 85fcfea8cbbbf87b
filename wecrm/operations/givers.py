"""Who hands over: members as people name them, whether they still work here, and which customers wait for somebody."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wecrm.api import contacts as contacts_api
from wecrm.api import transfers as api
from wecrm.i18n import _
from wecrm.models.text import visible
from wecrm.models.transfer import Kind
from wecrm.operations.rows import Problems
from wecrm.operations.work import Work
from wecrm.store import directory, handovers, relations
from wecrm.store.database import Store
from wecrm.store.nearest import did_you_mean


class Names:
    """Members by userid, name or alias, those who left too; each name is looked up, and complained about, once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[str, str] = {}

    def userid(self, name: str, where: str, problems: Problems) -> str:
        """The one member that is meant; "" where a problem was noted, now or before."""
        if name not in self._found:
            known = handovers.named(self._store, name)
            self._found[name] = known[0] if len(known) == 1 else ""
            if len(known) > 1:
                shown = ", ".join(known)
                problems.add(where, _("several members are called {name}: {shown}", name=visible(name), shown=shown))
            elif not known:
                near = did_you_mean(name, relations.member_names(self._store))
                what = _("no member is called {name}.", name=visible(name))
                problems.add(where, f"{what} {near}".strip())
        return self._found[name]

    def accept(self, userid: str) -> None:
        """Take this userid as it is, though the cache does not know it."""
        self._found[userid] = userid


@dataclass(frozen=True, slots=True)
class Givers:
    """Who hands over: userid → the kind of transfer that fits, and the customers who wait, of those who left."""

    kinds: Mapping[str, Kind]
    waiting: Mapping[str, tuple[str, ...]]

    def of(self, kind: Kind) -> list[str]:
        """The members with whom this kind of transfer is made."""
        return [userid for userid, each in self.kinds.items() if each == kind]


def find(work: Work, named: Mapping[str, str], names: Names, problems: Problems) -> Givers:
    """Look up these names (name → what errors call its place): one call, and for leavers the list of who waits.

    That list is read to its end before anybody is assigned: an assigned customer disappears from it.

    Raises:
        ApiError: WeCom refuses the whole corp.
    """
    directory.put_followers(work.store, contacts_api.follow_users(work.client), work.now())
    found = {name: handovers.named(work.store, name) for name in named}
    strangers = [name for name, userids in found.items() if not userids]
    known = [userids[0] for userids in found.values() if len(userids) == 1]
    here = {userid for userid, member in directory.known(work.store, known).items() if member.follows}
    waiting: dict[str, list[str]] = {}
    asked = {userid.lower(): userid for userid in (*strangers, *known) if userid.lower() not in here}
    if asked:
        for row in api.unassigned(work.client):
            if row.handover_userid.lower() in asked:
                waiting.setdefault(asked[row.handover_userid.lower()], []).append(row.external_userid)
    for name in strangers:
        if name in waiting:
            names.accept(name)
    userids = [userid for name, where in named.items() if (userid := names.userid(name, where, problems))]
    return Givers(_kinds(work.store, userids, waiting), {userid: tuple(ids) for userid, ids in waiting.items()})


def _kinds(store: Store, userids: Iterable[str], waiting: Mapping[str, object]) -> dict[str, Kind]:
    """Resigned are those who have left, by what is cached, or by what WeCom lists as theirs; disabled is not left."""
    wanted = list(dict.fromkeys(userids))
    members, orphaned = directory.known(store, wanted), handovers.orphaned(store, wanted)
    found: dict[str, Kind] = {}
    for userid in wanted:
        member = members.get(userid.lower())
        follows = member is not None and member.follows
        left = userid in waiting or userid.lower() in orphaned or (member is not None and member.gone)
        found[userid] = "resigned" if left and not follows else "onjob"
    return found
