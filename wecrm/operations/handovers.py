"""What each taking-over member has to know of the customers who came to them: the contents of hand-over files."""

from collections.abc import Mapping, Sequence

from wecrm.models.memory import Handover, Kept, Sheet
from wecrm.operations.memory import Standing, standings
from wecrm.operations.succession import arrived
from wecrm.operations.work import Work
from wecrm.store import directory
from wecrm.store.details import in_words


def sheets(work: Work, kept: Sequence[Kept]) -> list[Sheet]:
    """A sheet for each taking-over member, beside what WeCom has now; members in order of userid.

    Raises:
        ApiError, TemporaryError: WeCom can't be read.
    """
    names = {userid.lower(): name for userid, name in directory.names(work.store).items()}
    found: dict[str, list[Standing]] = {}
    for standing in standings(work, kept):
        found.setdefault(standing.kept.takeover, []).append(standing)
    return [
        Sheet(
            userid,
            names.get(userid.lower(), ""),
            of[0].kept.job,
            work.now(),
            tuple(_handover(standing, names) for standing in of),
        )
        for userid, of in sorted(found.items())
    ]


def _handover(standing: Standing, names: Mapping[str, str]) -> Handover:
    kept, now, lack = standing.kept, standing.now, standing.lack
    memory = kept.memory
    way = in_words(memory.side.add_way)
    first = memory.first.userid if memory.first else ""
    seen = now is not None and lack is not None
    return Handover(
        kept.external_userid,
        memory,
        former=names.get(kept.handover.lower()) or kept.handover,
        came_by="" if way is None else str(way),
        began_by=names.get(first.lower()) or first,
        arrived=tuple(arrived(memory, now)) if now is not None else (),
        differs=tuple(lack.differs) if lack is not None else (),
        missing=tuple(lack.missing) if lack is not None else (),
        in_sight=seen,
    )
