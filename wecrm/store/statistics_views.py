"""The documented views of what WeCom counts by itself."""

from wecrm.store.columns import View, columns_of

_DAY = ("day", "Day", "text", "Day of UTC+8, as 2026-11-22: WeCom counts no others.")
_PROVISIONAL = (
    "provisional",
    "Provisional",
    "bool",
    "Whether it was read less than 24 hours after the day's end, when WeCom may still change it.",
)
_READ = ("read_at", "Read", "time", "When it was read from WeCom.")

BEHAVIOR_DAYS = View(
    "behavior_days",
    "One-to-one chats of members by day, as WeCom counts them; a day of which WeCom told nothing is absent.",
    columns_of(
        _DAY,
        ("userid", "Member", "id", "Id of the member; case does not count in comparisons."),
        ("name", "Name", "text", "Name of the member."),
        ("chats", "Chats", "int", "One-to-one chats in which the member wrote."),
        ("messages", "Messages", "int", "Messages that the member sent in them."),
        (
            "reply_percentage",
            "Share answered",
            "float",
            "Per cent of the chats begun by customers that were answered the same day; empty when there were none.",
        ),
        ("reply_minutes", "Reply time", "int", "Mean minutes until the first answer; empty when there were none."),
        ("negative", "Negative feedback", "int", "Customers who deleted or blocked the member."),
        ("applied", "Requests", "int", "Friend requests that the member sent."),
        ("added", "New customers", "int", "New customers."),
        _PROVISIONAL,
        _READ,
    ),
    shown=("day", "userid", "name", "chats", "messages", "reply_percentage", "reply_minutes", "added"),
    sort="-day,userid",
    key=("userid", "day"),
    purpose="stats",
    staffed="userid",
)

GROUP_DAYS = View(
    "group_days",
    "Customer groups of each owner by day, as WeCom counts them; a day of which WeCom told nothing is absent.",
    columns_of(
        _DAY,
        ("owner", "Owner", "id", "Member who owned the groups; case does not count in comparisons."),
        ("owner_name", "Owner name", "text", "Name of the owner."),
        ("new_groups", "New groups", "int", "Groups made on that day."),
        ("groups", "Groups", "int", "Groups at the end of the day."),
        ("talking_groups", "Groups with messages", "int", "Groups in which anything was ever written."),
        ("new_people", "People who joined", "int", "People who joined on that day."),
        ("people", "People", "int", "People in the groups at the end of the day."),
        ("talking_people", "People who wrote", "int", "People who ever wrote in them."),
        ("messages_total", "Messages ever", "int", "All messages until the end of the day."),
        (
            "messages",
            "Messages",
            "int",
            "Messages of the day: the difference from the day before; empty where that day is not known, or WeCom told "
            "nothing of it but of an earlier one. A group that changes its owner takes its messages along.",
        ),
        _PROVISIONAL,
        _READ,
    ),
    shown=("day", "owner", "owner_name", "groups", "people", "new_people", "messages"),
    sort="-day,owner",
    key=("owner", "day"),
    purpose="stats",
    staffed="owner",
)

LINK_DAYS = View(
    "link_days",
    "Clicks and new customers of acquisition links by day, as WeCom counts them.",
    columns_of(
        _DAY,
        ("link_id", "Acquisition link", "id", "Id of the link."),
        ("name", "Name", "text", "Our name of the link, or else WeCom's."),
        ("clicks", "Clicks", "int", "Customers who opened it."),
        ("added", "New customers", "int", "Customers who were added by it."),
        _PROVISIONAL,
        _READ,
    ),
    shown=("day", "link_id", "name", "clicks", "added"),
    sort="-day,link_id",
    key=("link_id", "day"),
    purpose="stats",
)

_FATES = (
    ("delivered", "Delivered", "int", "Receivers whom it reached."),
    ("undelivered", "Not sent", "int", "Receivers to whom it was not sent yet."),
    ("no_friend", "No friend", "int", "Receivers whom it did not reach: they are no friends of the member."),
    ("cap_reached", "Cap reached", "int", "Receivers whom it did not reach: they had enough mass messages."),
)

GROUPSENDS = View(
    "groupsends",
    "Mass messages of the corporation, and what became of them as far as it was read.",
    columns_of(
        ("msgid", "Message", "id", "Id of the mass message."),
        ("chat_type", "To", "text", "single (customers) or group (customer groups)."),
        ("creator", "Creator", "id", "Member who made it; empty when an app did."),
        ("creator_name", "Creator name", "text", "Name of that member."),
        ("create_time", "Made", "time", "When it was made."),
        ("text", "Text", "text", "Its words; empty when it has none."),
        ("members", "Members", "int", "Members who were asked to send it."),
        ("members_sent", "Members who sent", "int", "Those of them who did."),
        *_FATES,
        ("read_at", "Read", "time", "When its members were last read; empty before that."),
    ),
    shown=("create_time", "chat_type", "text", "members", "members_sent", "delivered", "no_friend", "cap_reached"),
    sort="-create_time",
    key=("msgid",),
    purpose="stats",
)

GROUPSEND_TASKS = View(
    "groupsend_tasks",
    "Mass messages by the member who was asked to send them.",
    columns_of(
        ("msgid", "Message", "id", "Id of the mass message."),
        ("userid", "Member", "id", "Id of the member; case does not count in comparisons."),
        ("name", "Name", "text", "Name of the member."),
        ("sent", "Sent it", "bool", "Whether the member sent it."),
        ("send_time", "Sent at", "time", "When the member sent it."),
        *_FATES,
        ("read_at", "Read", "time", "When what became of the receivers was read; empty before that."),
    ),
    shown=("msgid", "userid", "name", "sent", "send_time", "delivered", "no_friend", "cap_reached"),
    sort="msgid,userid",
    key=("msgid", "userid"),
    purpose="stats",
    staffed="userid",
)
