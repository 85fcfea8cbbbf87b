"""Rate windows with lock-outs, per (corp, API) and per (address, API), by the world's clock.

Windows are fixed: one opens with the first call after the last one closed. The call that exceeds a window
is refused, and from it on the API is blocked for as long as the window is: 60 s or 60 min. Calls that
meet the block are not counted.
"""

from typing import Final

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.world import World

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0

COUNT: Final = """
UPDATE rate SET
  minute = CASE WHEN :now >= minute_from + 60 THEN 1 ELSE minute + 1 END,
  minute_from = CASE WHEN :now >= minute_from + 60 THEN :now ELSE minute_from END,
  hour = CASE WHEN :now >= hour_from + 3600 THEN 1 ELSE hour + 1 END,
  hour_from = CASE WHEN :now >= hour_from + 3600 THEN :now ELSE hour_from END
WHERE scope = :scope AND path = :path AND blocked <= :now
RETURNING minute, hour
"""


def count(world: World, scope: str, path: str, now: float, per_minute: int, per_hour: int) -> None:
    """Count one call; 45009 if it is one too many or the block of an earlier one lasts."""
    db = world.db.connection
    where = {"scope": scope, "path": path, "now": now}
    row = db.execute(COUNT, where).fetchone()
    if row is None:
        first = "INSERT INTO rate VALUES (:scope, :path, :now, 1, :now, 1, 0) ON CONFLICT DO NOTHING"
        if not db.execute(first, where).rowcount:
            raise Refusal(45009)
        return
    minute, hour = row
    block = HOUR_S if hour > per_hour else MINUTE_S if minute > per_minute else 0.0
    if block:
        db.execute(
            "UPDATE rate SET blocked = :now + :block WHERE scope = :scope AND path = :path",
            {**where, "block": block},
        )
        raise Refusal(45009)
