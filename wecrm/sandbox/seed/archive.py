"""The session archive of a new world: one key, and conversations that began five days ago and go on."""

import sqlite3
from typing import Final

HISTORY_S: Final = 5 * 86_400
RELATIONS_A_MESSAGE: Final = 500  # relations of the corp for each message of a busy hour
RATES: Final = (20, 200)


def sow_archive(db: sqlite3.Connection, relations: int, start: float) -> None:
    """The first public key and the stream of messages; nothing of it is made before somebody asks."""
    begins = start - HISTORY_S
    db.execute("INSERT INTO archive_key VALUES (1, ?, NULL, 0)", (begins,))
    least, most = RATES
    rate = float(min(most, max(least, relations // RELATIONS_A_MESSAGE)))
    db.execute("INSERT INTO archive_stream VALUES (1, ?, NULL, ?, 0)", (begins, rate))
