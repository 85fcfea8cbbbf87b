"""What the history of relations says about our own jobs."""

from wecrm.store.contacts import log_events
from wecrm.store.database import Store


def note_tag_deleted(store: Store, job: str, tag_id: str, now: float) -> None:
    """Take a deleted tag off every cached relation, leaving an event for each."""
    with store.write() as db:
        ids = [id_ for (id_,) in db.execute("SELECT relation_id FROM relation_tag WHERE tag_id = ?", (tag_id,))]
        log_events(db, [(int(now), id_, "tag", tag_id, None, job, None) for id_ in ids])
        db.execute(
            "UPDATE relation SET raw = NULL WHERE id IN (SELECT relation_id FROM relation_tag WHERE tag_id = ?)",
            (tag_id,),
        )
        db.execute("DELETE FROM relation_tag WHERE tag_id = ?", (tag_id,))


def lost_tag(store: Store, job: str, tag_id: str) -> list[tuple[str, str]]:
    """(userid, external_userid) of active relations that lost this tag by this job.

    Also those of whom a sync noticed it, after the deletion was sent and before the job recorded it.
    """
    sent_at = store.connection.execute(
        "SELECT max(sent_at) FROM job_row WHERE job = ? AND json_extract(change, '$.key.id') = ?", (job, tag_id)
    ).fetchone()[0]
    return store.connection.execute(
        "SELECT DISTINCT r.userid, r.external_userid FROM relation_event e JOIN relation r ON r.id = e.relation_id "
        "WHERE (e.job = ? OR e.job IS NULL AND e.at > ?) AND e.field = 'tag' AND e.old = ? AND e.new IS NULL "
        "AND r.status = 'active' ORDER BY r.id",
        (job, sent_at, tag_id),
    ).fetchall()
