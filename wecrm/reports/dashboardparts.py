"""Which reports stand on the dashboard, in their order, and what of each is shown there."""

from dataclasses import dataclass

from wecrm.models.document import ChartKind


@dataclass(frozen=True, slots=True)
class Shape:
    """How a report is drawn: `labels` are columns of which the first that says anything is taken, with the next one
    where several rows would be called the same.

    `each`: a column that makes one chart for each of its values.
    """

    kind: ChartKind
    labels: tuple[str, ...]
    values: tuple[str, ...]
    each: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One report by its name in the registry, and which of its columns are shown, in the report's own order of rows.

    No columns: the chart says it all. `some`: it is shown only when one of these has a figure other than 0.
    """

    report: str
    columns: tuple[str, ...]
    some: tuple[str, ...]
    shape: Shape | None = None


PARTS = (
    Part(
        "staff",
        ("userid", "name", "new", "lost", "handed_over", "net", "total"),
        ("total", "new", "lost"),
        Shape("bars", ("name", "userid"), ("new", "lost")),
    ),
    Part("departments", ("name", "members", "new", "lost", "net", "total"), ("total", "new", "lost")),
    Part(
        "channels",
        ("channel", "kind", "codes", "added", "active", "lost", "kept"),
        ("added",),
        Shape("bars", ("channel", "kind"), ("added",)),
    ),
    Part(
        "funnel",
        ("group", "stage", "reached", "conversion", "overall", "now", "days"),
        ("reached",),
        Shape("funnel", ("stage",), ("reached",), each="group"),
    ),
    Part("churn", ("userid", "name", "lost", "soon", "returned", "elsewhere", "days"), ("lost",)),
    Part("silent", ("userid", "name", "customers", "silent", "share"), ("silent",)),
    Part("inherited", ("userid", "name", "received", "active", "lost", "kept"), ("received",)),
    Part("transfers", ("userid", "name", "what", "started", "done", "refused", "waiting", "accepted"), ("started",)),
    Part(
        "messages",
        ("userid", "name", "chats", "chat_sent", "chat_received", "group_sent", "sent"),
        ("sent", "chat_received"),
        Shape("bars", ("name", "userid"), ("chat_sent", "chat_received")),
    ),
    Part(
        "replies",
        ("userid", "name", "waits", "answered", "share", "reply_median", "reply_work_median", "first_work_median"),
        ("waits",),
    ),
    Part("unanswered", ("userid", "name", "chats", "messages", "day", "oldest"), ("chats",)),
    Part("busiest-hours", (), ("customers", "members"), Shape("lines", ("hour",), ("customers", "members"))),
    Part(
        "behavior",
        ("userid", "name", "days", "chats", "messages", "reply_percentage", "reply_minutes", "negative", "added"),
        ("days",),
    ),
    Part("links", ("name", "clicks", "added", "rate"), ("clicks", "added")),
    Part(
        "groupsends", ("at", "creator", "members", "members_sent", "delivered", "undelivered", "reached"), ("members",)
    ),
    Part(
        "tags",
        ("group", "tag", "customers", "members"),
        ("customers",),
        Shape("bars", ("tag", "group"), ("customers",)),
    ),
    Part("groups", ("name", "owner_name", "people", "customers", "joined", "last_message"), ("people",)),
    Part("group-stats", ("owner", "name", "groups", "people", "new_people", "messages"), ("groups",)),
    Part("quality", ("userid", "name", "customers", "no_remark", "no_tag", "no_mobile", "no_owner"), ("customers",)),
)
