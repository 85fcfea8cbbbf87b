"""Members, departments, groups and tags that entries name, looked up in the cache."""

from collections.abc import Iterable, Mapping

from wecrm.i18n import _
from wecrm.models.codebook import CodeEntry
from wecrm.models.text import folded, visible
from wecrm.operations.codematch import Match
from wecrm.operations.rows import Problems
from wecrm.operations.tagnames import TagNames
from wecrm.store import directory, groups
from wecrm.store import tags as library
from wecrm.store.database import Store
from wecrm.store.nearest import did_you_mean


def check(store: Store, matches: Iterable[Match], problems: Problems) -> None:
    """Note every name that is new in its entry and that the cache does not know.

    What an entry had before is not asked about again: a member who left, say, stays until taken out.
    """
    people, departments, chats = directory.names(store), directory.departments(store), groups.names(store)
    userids = {userid.lower() for userid in people}
    tags = TagNames(library.known(store))
    for match in matches:
        entry, where = match.entry, visible(match.entry.name)
        old = _had(match)
        for userid in entry.named:
            if userid.lower() not in userids and userid.lower() not in old:
                problems.add(where, _no_member(userid, people))
        for id_ in entry.departments:
            if id_ not in departments and str(id_) not in old:
                problems.add(where, _("there is no department {id}.", id=id_))
        for chat in entry.groups:
            if chat not in chats and chat not in old:
                problems.add(where, _no_group(chat, chats))
        for tag in entry.tags:
            if tag not in old:
                _check_tag(where, tag, tags, problems)


def _had(match: Match) -> set[str]:
    """All names that the code had before, members in lower case."""
    if match.known is None:
        return set()
    code, entry = match.known.code, match.known.entry or CodeEntry("")
    members = {userid.lower() for userid in (*code.users, *code.priority_users, *entry.named)}
    departments = {str(id_) for id_ in (*code.departments, *entry.departments)}
    return {*members, *departments, *code.chats, *entry.groups, *entry.tags}


def _no_member(userid: str, people: Mapping[str, str]) -> str:
    called = [own for own, name in people.items() if name and folded(name) == folded(userid)]
    if called:
        return _("{name} is a name; entries take userids: {userids}", name=visible(userid), userids=", ".join(called))
    what = _("there is no member {userid}.", userid=visible(userid))
    return f"{what} {did_you_mean(userid, people) or _('`wecrm sync members` reads new ones.')}"


def _no_group(chat: str, chats: Mapping[str, str]) -> str:
    called = [own for own, name in chats.items() if name and folded(name) == folded(chat)]
    if called:
        return _("{name} is a name; entries take chat_ids: {chats}", name=visible(chat), chats=", ".join(called))
    return _("there is no group {chat}; `wecrm groups list` shows them.", chat=visible(chat))


def _check_tag(where: str, tag: str, tags: TagNames, problems: Problems) -> None:
    own = Problems()
    tags.existing(tag, own)
    for name, what in own.found:
        problems.add(where, f"{name}: {what}")
