"""The documented views of offboarding cases and their steps."""

from wecrm.store.columns import View, columns_of

OFFBOARDINGS = View(
    "offboardings",
    "Cases of members who leave: how far each is, and by when it has to be over.",
    columns_of(
        ("id", "Case", "id", "Id of the case."),
        ("userid", "Member", "id", "The member who leaves."),
        ("name", "Name", "text", "The member's name when the case began."),
        ("state", "State", "text", "open, waiting, blocked (a person is needed), closed or cancelled."),
        ("step", "Step", "text", "The step that it stands at; empty when it is over."),
        ("wait_until", "Next", "time", "When it can go on; empty when nothing waits for a time."),
        ("due", "Last day", "text", "The member's last day, YYYY-MM-DD."),
        ("left_at", "Left at", "time", "When the member was first seen to be gone."),
        ("deadline", "Deadline", "time", "One year after leaving (or the last day): then nothing can be inherited."),
        (
            "takers",
            "Takers",
            "list",
            "Who may take over.",
            "EXISTS (SELECT 1 FROM json_each(v.takers) WHERE value {item})",
        ),
        ("strategy", "Strategy", "text", "How they share."),
        ("removal", "Then", "text", "wait (HR deletes the member), disable or delete."),
        ("customers", "Customers", "int", "Customers when it began."),
        ("groups", "Groups", "int", "Groups when it began."),
        ("approved_by", "Approved by", "text", "Who approved it."),
        ("approved_at", "Approved", "time", "When it was approved."),
        ("created_at", "Began", "time", "When it began."),
        ("closed_at", "Closed", "time", "When it was closed."),
        ("blocked_by", "Blocked by", "text", "Who has to do what before it can go on."),
        ("digest", "Digest", "id", "Fingerprint of what was approved."),
    ),
    shown=("id", "userid", "name", "state", "step", "wait_until", "due", "deadline", "blocked_by"),
    sort="deadline,id",
    key=("id",),
)

OFFBOARDING_STEPS = View(
    "offboarding_steps",
    "The steps of offboarding cases: what was asked, answered and read back.",
    columns_of(
        ("case_id", "Case", "id", "Id of the case."),
        ("userid", "Member", "id", "The member who leaves."),
        ("n", "Number", "int", "Its place among the steps."),
        ("name", "Step", "text", "Name of the step."),
        ("state", "State", "text", "pending, running, waiting, done, skipped or blocked."),
        ("job", "Job", "id", "The job that does it, where it writes to WeCom."),
        ("wait_until", "Next", "time", "When it can go on."),
        ("blocked_by", "Blocked by", "text", "Who has to do what before it can go on."),
        ("asked", "Asked", "text", "What was wanted."),
        ("answered", "Answered", "text", "What WeCom or the planner said to it."),
        ("read_back", "Read back", "text", "What was there afterwards."),
        ("started_at", "Began", "time", "When it began."),
        ("finished_at", "Ended", "time", "When it ended."),
    ),
    shown=("n", "name", "state", "job", "wait_until", "finished_at", "blocked_by"),
    sort="case_id,n",
    key=("case_id", "n"),
)
