"""The documented view of transfers."""

from wecrm.store.columns import View, columns_of

TRANSFERS = View(
    "transfers",
    "Our own ledger: every transfer of a customer or a group that WeCom accepted, and how it ended.",
    columns_of(
        ("id", "Number", "int", "Number of the attempt."),
        ("what", "What", "text", "customer or group."),
        ("kind", "Kind", "text", "onjob (the former member still worked here) or resigned."),
        ("handover", "Former member", "id", "Who hands over."),
        ("handover_name", "Former name", "text", "The former member's name."),
        ("takeover", "New member", "id", "The member who takes over."),
        ("takeover_name", "New name", "text", "The name of who takes over."),
        ("object_id", "Id", "id", "external_userid of the customer, or chat_id of the group."),
        ("name", "Name", "text", "Name of the customer or the group."),
        (
            "status",
            "Status",
            "text",
            "waiting, done, refused, full (taker at the limit) or lost (WeCom shows nothing).",
        ),
        ("started_at", "Started", "time", "When WeCom accepted it."),
        ("due_at", "Due", "time", "When its outcome can be asked for."),
        ("finished_at", "Finished", "time", "When its outcome was read."),
        ("job", "Job", "id", "The job that made it."),
    ),
    shown=("what", "kind", "handover", "takeover", "object_id", "name", "status", "started_at", "due_at"),
    sort="-id",
    key=("id",),
)
