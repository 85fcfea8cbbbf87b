"""The documented views as data: what `--columns`, `--where`, `--sort` and the schema page know.

Every column here is a column of the SQLite view of the same name, in the same order
(`migrations.py`); a test keeps the two together.
"""

from wecrm.store.code_views import LIVECODES, WELCOMES
from wecrm.store.columns import View, columns_of
from wecrm.store.journal_views import JOB_ROWS, JOBS, SYNCS
from wecrm.store.offboarding_views import OFFBOARDING_STEPS, OFFBOARDINGS
from wecrm.store.statistics_views import BEHAVIOR_DAYS, GROUP_DAYS, GROUPSEND_TASKS, GROUPSENDS, LINK_DAYS
from wecrm.store.transfer_views import TRANSFERS

_DEPARTMENTS = View(
    "departments",
    "Departments of the corporation, as far as the app may see them.",
    columns_of(
        ("id", "Id", "int", "Department id; 1 is the corporation."),
        ("parentid", "Parent id", "int", "Id of the department above; may lie outside what the app may see."),
        ("parent", "Parent", "text", "Name of the department above."),
        ("name", "Name", "text", "Name; empty when WeCom withholds it from the app."),
        ("name_en", "English name", "text", "English name."),
        ("order", "Order", "int", "Place among its neighbours; a larger number stands first."),
        ("people", "Members", "int", "Members directly in it, departed ones not counted."),
        ("seen_at", "Seen", "time", "When a sync last saw it."),
        ("gone_at", "Gone", "time", "When a sync first missed it; empty while it exists."),
    ),
    shown=("id", "name", "parent", "people"),
    sort="parentid,-order,id",
    key=("id",),
    purpose="members",
)

_MEMBERS = View(
    "members",
    "Members (employees) of the corporation, with their customers and groups counted.",
    columns_of(
        ("userid", "Member", "id", "Id of the member; case does not count in comparisons."),
        ("name", "Name", "text", "Name; empty when WeCom withholds it from the app."),
        ("alias", "Alias", "text", "Alias."),
        ("position", "Position", "text", "Job title."),
        (
            "departments",
            "Departments",
            "list",
            "Names of the member's departments; the id where there is no name.",
            "v.userid IN (SELECT md.userid FROM member_department md LEFT JOIN department d ON d.id ="
            " md.department WHERE coalesce(nullif(d.name, ''), CAST(md.department AS TEXT)) {item})",
        ),
        ("main_department", "Main department", "id", "Id of the main department."),
        ("status", "Status", "int", "1 activated, 2 disabled, 4 not activated, 5 quit, 0 not readable."),
        ("follows", "Customer contact", "bool", "Whether the member may use customer contact."),
        ("in_view", "In view", "bool", "Whether the app may see the member."),
        ("customers", "Customers", "int", "Number of the member's active relations."),
        ("groups_owned", "Groups", "int", "Number of existing customer groups the member owns."),
        ("first_seen", "First seen", "time", "When a sync first saw the member."),
        ("seen_at", "Seen", "time", "When a sync last saw the member."),
        ("gone_at", "Gone", "time", "When a sync first missed the member; empty while the member is there."),
        ("pass_at", "Contacts read", "time", "When the member's customers were last read completely."),
    ),
    shown=("userid", "name", "departments", "status", "follows", "customers", "groups_owned"),
    sort="userid",
    key=("userid",),
    purpose="members",
    staffed="userid",
)

_CONTACTS = View(
    "contacts",
    "Relations member × customer: a customer of two members stands here twice.",
    columns_of(
        ("relation_id", "Relation", "int", "Number of the relation in this database."),
        ("userid", "Member", "id", "Id of the member; case does not count in comparisons."),
        ("member", "Member name", "text", "Name of the member."),
        ("external_userid", "Customer", "id", "Id of the customer."),
        ("name", "Name", "text", "The customer's own name."),
        ("remark", "Remark", "text", "The name the member gave the customer."),
        ("description", "Description", "text", "The member's description of the customer."),
        ("company", "Company", "text", "The company the member noted."),
        ("type", "Type", "int", "1 WeChat user, 2 WeCom user."),
        ("gender", "Gender", "int", "0 unknown, 1 male, 2 female."),
        ("position", "Position", "text", "Job title of a customer who uses WeCom."),
        ("corp_name", "Corporation", "text", "Short name of the corporation of a customer who uses WeCom."),
        ("corp_full_name", "Corporation in full", "text", "Full name of that corporation."),
        ("unionid", "Union id", "id", "Id of the customer across the corporation's WeChat apps."),
        (
            "add_way",
            "Added by",
            "int",
            "How the customer was added, as WeCom numbers it: 1 QR code, 202 assigned.",
        ),
        ("channel", "Channel", "text", "The `state` of the live code by which the customer came."),
        ("added_at", "Added", "time", "When the customer was added."),
        ("oper_userid", "Added by whom", "id", "Who began: the member, the assigner, or the customer."),
        ("status", "Status", "text", "active, or else lost, transferred, out_of_sight.", "", "active"),
        ("status_at", "Status since", "time", "When the status last changed."),
        ("first_seen", "First seen", "time", "When a sync first saw the relation."),
        ("first_touch_at", "First touch", "time", "When the customer was first added by anybody; never overwritten."),
        ("first_userid", "First member", "id", "Member who had the customer first."),
        ("first_channel", "First channel", "text", "The `state` by which the customer came first."),
        ("first_add_way", "First added by", "int", "How the customer was first added, as `add_way`."),
        (
            "tags",
            "Tags",
            "list",
            "Names of the corp tags on the relation; the id where there is no name.",
            "v.relation_id IN (SELECT rt.relation_id FROM corp_tag t JOIN relation_tag rt"
            " ON rt.tag_id = t.tag_id WHERE t.name {item})",
        ),
        (
            "tag_ids",
            "Tag ids",
            "list",
            "Ids of the corp tags on the relation.",
            "v.relation_id IN (SELECT rt.relation_id FROM relation_tag rt WHERE rt.tag_id {item})",
        ),
        (
            "personal_tags",
            "Personal tags",
            "list",
            "Names of the member's personal tags on the relation, where they were read.",
            "v.relation_id IN (SELECT pt.relation_id FROM relation_personal_tag pt WHERE pt.tag_name {item})",
        ),
        (
            "mobiles",
            "Mobiles",
            "list",
            "Phone numbers the member noted.",
            "v.relation_id IN (SELECT rm.relation_id FROM relation_mobile rm WHERE rm.mobile {item})",
        ),
    ),
    shown=("userid", "member", "external_userid", "name", "remark", "tags", "channel", "added_at", "status"),
    sort="userid,external_userid",
    key=("relation_id",),
    purpose="contacts",
    tagged="relation_id",
    staffed="userid",
)

_TAGS = View(
    "tags",
    "Corp tags with their groups, and how many active relations carry each.",
    columns_of(
        ("tag_id", "Tag id", "id", "Id of the tag."),
        ("name", "Tag", "text", "Name of the tag; unique in its group only."),
        ("group", "Tag group", "text", "Name of the tag group."),
        ("group_id", "Group id", "id", "Id of the tag group."),
        ("order", "Order", "int", "Place in its group; a larger number stands first."),
        ("group_order", "Group order", "int", "Place of the group; a larger number stands first."),
        ("exclusive", "Exclusive", "bool", "Whether a customer has at most one tag of the group (stages)."),
        ("create_time", "Created", "time", "When the tag was made."),
        ("deleted_at", "Deleted", "time", "When a sync first missed it; empty while it exists."),
        ("made_by_job", "Made by job", "id", "The job that made it, if wecrm did."),
        ("customers", "Customers", "int", "Number of active relations that carry it."),
    ),
    shown=("group", "name", "tag_id", "customers"),
    sort="-group_order,group,-order,name",
    key=("tag_id",),
    purpose="tags",
)

_GROUPS = View(
    "groups",
    "Customer groups (group chats with customers).",
    columns_of(
        ("chat_id", "Group id", "id", "Id of the group."),
        ("name", "Name", "text", "Name; empty when nobody gave it one."),
        ("owner", "Owner", "id", "Member who owns the group; case does not count in comparisons."),
        ("owner_name", "Owner name", "text", "Name of the owner."),
        ("status", "Status", "int", "0 owner normal, 1 owner left, 2 being inherited, 3 inherited."),
        ("create_time", "Created", "time", "When the group was made."),
        ("notice", "Notice", "text", "The group's notice."),
        ("people", "People", "int", "Number of people in it."),
        ("customers", "Customers", "int", "Number of external people in it."),
        ("first_seen", "First seen", "time", "When a sync first saw it."),
        ("seen_at", "Seen", "time", "When a sync last saw it."),
        ("gone_at", "Gone", "time", "When a sync first missed it; empty while it exists."),
    ),
    shown=("chat_id", "name", "owner", "owner_name", "people", "customers", "create_time", "status"),
    sort="-create_time",
    key=("chat_id",),
    purpose="groups",
    staffed="owner",
)

_GROUP_MEMBERS = View(
    "group_members",
    "People in customer groups.",
    columns_of(
        ("chat_id", "Group id", "id", "Id of the group."),
        ("group_name", "Group", "text", "Name of the group."),
        ("userid", "Person", "id", "userid of a member, or external_userid of a customer."),
        ("type", "Type", "int", "1 own member, 2 external."),
        ("name", "Name", "text", "Name, as the group, the contacts or the directory know it."),
        ("group_nickname", "Nickname", "text", "Nickname in the group."),
        ("join_time", "Joined", "time", "When the person joined."),
        ("join_scene", "Joined by", "int", "1 invited, 2 invitation link, 3 QR code."),
        ("channel", "Channel", "text", "The `state` of the join code by which the person came."),
        ("invitor", "Invited by", "id", "Member who invited the person."),
        ("is_admin", "Administrator", "bool", "Whether the person is an administrator of the group."),
    ),
    shown=("chat_id", "group_name", "userid", "type", "name", "join_time", "join_scene"),
    sort="chat_id,userid",
    key=("chat_id", "userid"),
    purpose="groups",
)

_HISTORY = View(
    "history",
    "What changed in relations; never altered afterwards.",
    columns_of(
        ("id", "Event", "int", "Number of the event; grows with time."),
        ("at", "When", "time", "When the change was seen or made."),
        ("relation_id", "Relation", "int", "Number of the relation in this database."),
        ("userid", "Member", "id", "Id of the member; case does not count in comparisons."),
        ("external_userid", "Customer", "id", "Id of the customer."),
        ("name", "Name", "text", "The customer's own name, as it is now."),
        ("field", "Field", "text", "What changed."),
        ("old", "Before", "text", "Value before; empty when there was none."),
        ("new", "After", "text", "Value after; empty when there is none."),
        ("tag_name", "Tag", "text", "Name of the tag, where the field is a tag."),
        ("job", "Job", "id", "The job that made the change; empty when wecrm only saw it."),
        ("run", "Sync", "int", "The sync that saw the change."),
    ),
    shown=("at", "userid", "external_userid", "name", "field", "old", "new", "tag_name", "job"),
    sort="-id",
    key=("id",),
    purpose="contacts",
    tagged="relation_id",
    staffed="userid",
)

VIEWS = {
    view.name: view
    for view in (
        _DEPARTMENTS,
        _MEMBERS,
        _CONTACTS,
        _TAGS,
        _GROUPS,
        _GROUP_MEMBERS,
        LIVECODES,
        WELCOMES,
        TRANSFERS,
        OFFBOARDINGS,
        OFFBOARDING_STEPS,
        _HISTORY,
        BEHAVIOR_DAYS,
        GROUP_DAYS,
        LINK_DAYS,
        GROUPSENDS,
        GROUPSEND_TASKS,
        SYNCS,
        JOBS,
        JOB_ROWS,
    )
}
"""Every documented view by name."""


def view(name: str) -> View:
    """The documented view called `name`."""
    return VIEWS[name]
