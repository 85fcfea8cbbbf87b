"""The documented views of live codes and of group welcome templates."""

from wecrm.store.columns import View, columns_of

LIVECODES = View(
    "livecodes",
    "Live codes of all kinds, with what our register says of each.",
    columns_of(
        ("name", "Name", "text", "Our name; empty while nobody described the code."),
        ("kind", "Kind", "text", "contact (contact way), group (group join way) or link (acquisition link)."),
        ("code_id", "Code id", "id", "Its config_id, or link_id."),
        ("channel", "Channel", "text", "Its `state`, which comes back on every customer it brings."),
        ("remark", "Remark", "text", "Its remark; of a link, its name."),
        (
            "members",
            "Members",
            "list",
            "Members who receive customers now.",
            "v.code_id IN (SELECT l.code_id FROM live_code l JOIN live_code_member lm ON lm.code = l.id"
            " WHERE lm.userid {item})",
        ),
        (
            "departments",
            "Departments",
            "list",
            "Ids of departments that receive customers.",
            "EXISTS (SELECT 1 FROM json_each(v.departments) WHERE value {item})",
        ),
        (
            "groups",
            "Groups",
            "list",
            "Ids of the groups it leads to.",
            "EXISTS (SELECT 1 FROM json_each(v.groups) WHERE value {item})",
        ),
        ("cap", "Cap", "int", "Most customers a member gets through it in a day; empty: any number."),
        (
            "tags",
            "Tags",
            "list",
            "Tags for its customers, as described.",
            "EXISTS (SELECT 1 FROM json_each(v.tags) WHERE value {item})",
        ),
        ("until", "Until", "text", "Last day of the campaign."),
        ("described", "Described", "bool", "Whether a file described it."),
        ("url", "Address", "text", "The picture of the QR code, or the link."),
        ("added", "Customers", "int", "Relations that ever began through its channel."),
        ("last_added_at", "Last customer", "time", "When the newest of them began."),
        ("create_time", "Created", "time", "When it was made, where WeCom tells (links only)."),
        ("first_seen", "First seen", "time", "When wecrm first saw or made it."),
        ("seen_at", "Seen", "time", "When wecrm last read it from WeCom."),
        ("gone_at", "Gone", "time", "When it was deleted or no longer found; empty while it exists."),
        ("made_by_job", "Made by job", "id", "The job that made it, if wecrm did."),
    ),
    shown=("name", "kind", "code_id", "channel", "members", "added", "last_added_at"),
    sort="kind,name,code_id",
    key=("kind", "code_id"),
    purpose="livecodes",
)

WELCOMES = View(
    "welcomes",
    "Group welcome templates that wecrm made or took over; WeCom has no list of them.",
    columns_of(
        ("name", "Name", "text", "Our name; empty while nobody described the template."),
        ("template_id", "Template id", "id", "Its template_id."),
        ("text", "Text", "text", "Its text; %NICKNAME% stands for the customer's name."),
        ("part", "Part", "text", "What comes beside the text: image, link, miniprogram, file or video."),
        ("title", "Title", "text", "Title of the link or mini program."),
        ("content", "Content", "text", "Address, page or media_id of the part."),
        ("first_seen", "First seen", "time", "When wecrm first saw or made it."),
        ("seen_at", "Seen", "time", "When wecrm last wrote it or read it from WeCom."),
        ("gone_at", "Gone", "time", "When it was deleted or no longer found; empty while it exists."),
        ("made_by_job", "Made by job", "id", "The job that made it, if wecrm did."),
    ),
    shown=("name", "template_id", "text", "part", "content", "seen_at", "gone_at"),
    sort="name,template_id",
    key=("template_id",),
    purpose="livecodes",
)
