"""The documented views of what wecrm itself did: syncs, jobs and their rows."""

from wecrm.store.columns import View, columns_of

SYNCS = View(
    "syncs",
    "Syncs: what each read from WeCom and what it found.",
    columns_of(
        ("id", "Sync", "int", "Number of the sync."),
        ("purpose", "What", "text", "members, contacts, tags, groups."),
        ("state", "State", "text", "done, holes (done, but parts could not be read), or unfinished."),
        ("started_at", "Started", "time", "When it began."),
        ("finished_at", "Finished", "time", "When it ended."),
        ("seen", "Seen", "int", "Objects read."),
        ("added", "Added", "int", "Objects that were new."),
        ("changed", "Changed", "int", "Objects that had changed."),
        ("lost", "Lost", "int", "Objects that were gone."),
        ("out_of_sight", "Out of sight", "int", "Objects that the app may no longer see."),
        ("failed", "Failed", "int", "Objects that could not be read."),
        ("note", "Note", "text", "Why it ended as it did."),
    ),
    shown=(
        "id",
        "purpose",
        "state",
        "started_at",
        "finished_at",
        "seen",
        "added",
        "changed",
        "lost",
        "failed",
    ),
    sort="-id",
    key=("id",),
)

JOBS = View(
    "jobs",
    "Jobs: plans that were applied, and how far they are.",
    columns_of(
        ("id", "Job", "id", "Id of the job, and of its plan."),
        ("kind", "Kind", "text", "Kind of operation."),
        ("title", "Title", "text", "What the plan does, in one line."),
        ("state", "State", "text", "running, waiting, done or cancelled."),
        ("created_at", "Created", "time", "When it was first applied."),
        ("finished_at", "Finished", "time", "When it ended."),
        ("due_at", "Due", "time", "When a waiting job can be looked at again."),
        ("undo_of", "Undo of", "id", "The job it undoes."),
        ("case_id", "Case", "id", "The case it belongs to."),
        ("rows", "Rows", "int", "Number of changes."),
        ("good", "Good", "int", "Changes made, verified, or not needed."),
        ("bad", "Bad", "int", "Changes that failed, conflicted, were skipped, or have no known outcome."),
        ("open", "Open", "int", "Changes that are still to be sent, verified or cleared up."),
    ),
    shown=("id", "kind", "title", "state", "created_at", "rows", "good", "bad", "open"),
    sort="-created_at",
    key=("id",),
)

JOB_ROWS = View(
    "job_rows",
    "The changes of jobs, and what became of each.",
    columns_of(
        ("job", "Job", "id", "Id of the job."),
        ("n", "Row", "int", "Number of the change in its plan."),
        ("stage", "Stage", "int", "A stage opens when all earlier ones are good."),
        ("op", "Operation", "text", "Kind of change."),
        ("cluster", "Cluster", "text", "Changes of one cluster may be sent together."),
        ("object", "Object", "text", "What is changed: its ids, as JSON."),
        ("change", "Change", "text", "The whole change, as JSON."),
        ("status", "Status", "text", "pending same ok submitted verified failed conflict unknown skipped."),
        ("errcode", "errcode", "int", "WeCom's errcode."),
        ("errmsg", "errmsg", "text", "WeCom's errmsg."),
        ("hint", "hint", "text", "What to do, or the hint in the errmsg, which Tencent's support asks for."),
        ("attempts", "Attempts", "int", "How often it was sent."),
        ("sent_at", "Sent", "time", "When it was last sent."),
        ("due_at", "Due", "time", "When its effect can be looked for."),
        ("evidence", "Evidence", "text", "What reading back found."),
    ),
    shown=("job", "n", "op", "object", "status", "errcode", "errmsg", "attempts"),
    sort="job,n",
    key=("job", "n"),
)
