"""Cases of members who leave, and their steps: written down at once, so that any run can go on with them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.offboarding import OVER, STEPS, Case, CaseState, CaseStep, Envelope, StepName, StepState
from wecrm.store.database import Store
from wecrm.store.nearest import did_you_mean

_CASE = (
    "id, userid, name, state, due, left_at, envelope, digest, approved_by, approved_at, created_at, closed_at, "
    "blocked_by"
)
_STEP = "case_id, n, name, state, job, wait_until, blocked_by, asked, answered, read_back, started_at, finished_at"
_envelope = msgspec.json.Decoder(Envelope)


def create(store: Store, case: Case) -> None:
    """Write down a new case with all its steps pending, in one transaction."""
    with store.write() as db:
        db.execute(
            f"INSERT INTO offboarding ({_CASE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                case.id,
                case.userid,
                case.name,
                case.state,
                case.due,
                case.left_at,
                msgspec.json.encode(case.envelope).decode(),
                case.digest,
                case.approved_by,
                case.approved_at,
                case.created_at,
                case.closed_at,
                case.blocked_by,
            ),
        )
        db.executemany(
            "INSERT INTO offboarding_step (case_id, n, name) VALUES (?, ?, ?)",
            [(case.id, n, name) for n, name in enumerate(STEPS, 1)],
        )


def get(store: Store, name: str) -> Case:
    """The case of that id, or the newest one of that userid.

    Raises:
        UsageError: there is none; says the nearest.
    """
    found = _cases(store, "id = ?1 OR userid = ?1 ORDER BY id = ?1 DESC, created_at DESC, rowid DESC LIMIT 1", name)
    if not found:
        known = [text for pair in store.connection.execute("SELECT id, userid FROM offboarding") for text in pair]
        fix = did_you_mean(name, known) or _("`wecrm offboard list` shows them.")
        raise UsageError(_("There is no offboarding case {case}.", case=name), "", fix)
    return found[0]


def of_member(store: Store, userid: str) -> list[Case]:
    """Every case of that member, the newest first."""
    return _cases(store, "userid = ? ORDER BY created_at DESC, rowid DESC", userid)


def unfinished(store: Store) -> list[Case]:
    """Cases that are not over, by the last day of the leaver."""
    marks = ", ".join(f"'{state}'" for state in OVER)
    return _cases(store, f"state NOT IN ({marks}) ORDER BY coalesce(left_at, 0) = 0, left_at, due, created_at, id")


def set_state(
    store: Store, case_id: str, state: CaseState, blocked_by: str = "", closed_at: float | None = None
) -> None:
    """Move a case to another state."""
    with store.write() as db:
        db.execute(
            "UPDATE offboarding SET state = ?, blocked_by = ?, closed_at = coalesce(?, closed_at) WHERE id = ?",
            (state, blocked_by, None if closed_at is None else int(closed_at), case_id),
        )


def note_left(store: Store, case_id: str, at: float) -> None:
    """The leaver was seen to be gone; the first time stays."""
    with store.write() as db:
        db.execute("UPDATE offboarding SET left_at = coalesce(left_at, ?) WHERE id = ?", (int(at), case_id))


def begin_step(
    store: Store,
    case_id: str,
    name: StepName,
    now: float,
    *,
    asked: Mapping[str, Any],
    answered: Mapping[str, Any],
    job: str = "",
) -> None:
    """A step begins: what is wanted, what planning said, and the job that will do it; nothing of it is done yet."""
    with store.write() as db:
        db.execute(
            "UPDATE offboarding_step SET state = 'running', job = ?, asked = ?, answered = ?, blocked_by = '', "
            "wait_until = NULL, started_at = coalesce(started_at, ?) WHERE case_id = ? AND name = ?",
            (job, _json(asked), _json(answered), int(now), case_id, name),
        )


def end_step(
    store: Store,
    case_id: str,
    name: StepName,
    state: StepState,
    *,
    now: float,
    wait_until: float | None = None,
    blocked_by: str = "",
    answered: Mapping[str, Any] | None = None,
    read_back: Mapping[str, Any] | None = None,
) -> None:
    """How a step stands now; what is None stays as it was. `done` and `skipped` end it."""
    with store.write() as db:
        db.execute(
            "UPDATE offboarding_step SET state = ?, wait_until = ?, blocked_by = ?, answered = coalesce(?, answered), "
            "read_back = coalesce(?, read_back), finished_at = ? WHERE case_id = ? AND name = ?",
            (
                state,
                None if wait_until is None else int(wait_until),
                blocked_by,
                None if answered is None else _json(answered),
                None if read_back is None else _json(read_back),
                int(now) if state in ("done", "skipped") else None,
                case_id,
                name,
            ),
        )


def _json(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def _cases(store: Store, where: str, *params: object) -> list[Case]:
    rows = store.connection.execute(f"SELECT {_CASE} FROM offboarding WHERE {where}", params).fetchall()
    found = []
    for row in rows:
        fields = [*row, _steps(store, row[0])]
        fields[6] = _envelope.decode(row[6])
        found.append(Case(*fields))
    return found


def _steps(store: Store, case_id: str) -> tuple[CaseStep, ...]:
    rows = store.connection.execute(f"SELECT {_STEP} FROM offboarding_step WHERE case_id = ? ORDER BY n", (case_id,))
    return tuple(CaseStep(*row) for row in rows)
