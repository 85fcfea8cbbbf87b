"""Errcodes of live codes (活码), acquisition links (获客链接), welcome and mass messages (欢迎语, 群发)."""

from wecrm.api.errcodes_entry import gone, item, refused, retry, usage, wait

LINES = (
    # Contact ways and join ways
    usage(41037, "The `type` of the contact way is missing.", "缺少联系方式type"),
    usage(41038, "The `scene` of the contact way is missing.", "缺少联系方式scene"),
    usage(41039, "The `type` of the contact way is not valid.", "无效的联系方式type"),
    usage(41040, "The `scene` of the contact way is not valid.", "无效的联系方式scene"),
    usage(
        41041,
        "The contact way names more than 100 members.",
        "联系方式使用人数超过限制",
        "Departments count with all their members.",
        "Name fewer members or departments, or make several live codes.",
    ),
    usage(41042, "The `style` of the contact way is not valid.", "无效的联系方式style"),
    usage(41043, "The `config_id` of the contact way is missing.", "缺少config_id"),
    gone(
        41044,
        "The contact way is unknown.",
        "无效的config_id",
        "It was deleted, or made by another app.",
        "Run `wecrm sync livecodes`, then plan again.",
    ),
    refused(
        41045,
        "The corp has reached its limit of contact ways.",
        "联系方式总数达到上限",
        "Contact ways and group join ways together may be 500,000.",
        "Find unused ones with `wecrm livecodes audit` and remove them with `wecrm livecodes delete`.",
    ),
    item(
        41054,
        "The member is not activated or not verified.",
        "成员尚未激活或未实名认证",
        "A member of a live code, link or transfer must have logged in to WeCom and verified their name.",
        (
            "Ask the member to log in and verify, or take another member; `wecrm livecodes audit` lists "
            "the codes that name them."
        ),
    ),
    usage(41091, "A group join way may name at most 5 groups.", "加入群聊的客户群数量超过限制"),
    # Acquisition links
    refused(
        41095,
        "The corp has too many acquisition links.",
        "获客链接数量超过上限",
        "The platform limits the number of links.",
        "Delete unused links in the admin console (获客助手).",
    ),
    refused(
        41098,
        "The acquisition link was granted to another component.",
        "获客链接已授权给其他组件",
        "Only the component that holds the link may use it.",
        "Make a link of your own, or withdraw the grant in the admin console (获客助手).",
    ),
    # Mass messages
    usage(41046, "The msgid is missing.", "缺少企业群发消息id"),
    gone(
        41047,
        "The mass message is unknown.",
        "无效的企业群发消息id",
        "It is too old, was made by another app, or the id is misspelt.",
        "Take the id from the record of the job that made it (`wecrm jobs show JOB`).",
    ),
    item(
        41048,
        "No customer of this task can be reached.",
        "无可发送的客户",
        "Nobody of the selection is a customer of a member who could send to them.",
        "Run `wecrm sync contacts` and check the selection.",
    ),
    usage(41052, "The send time is not valid.", "无效的发送时间"),
    retry(
        41063,
        "The mass message is still being dispatched.",
        "群发消息正在被派发中",
        "Its records were asked for right after it was made.",
        "Ask again in a minute.",
    ),
    gone(
        41093,
        "The task was cancelled.",
        "群发任务已取消",
        "Somebody cancelled it in the console or by API.",
        "Nothing needs to be done; what members sent before stays sent.",
    ),
    wait(
        41094,
        "Reminders of this message are sent too often.",
        "群发提醒次数达到上限",
        "At most three reminders in 24 hours are allowed for one message.",
        "Wait until 24 hours have passed since the first one.",
    ),
    usage(86214, "The type of the mass message is not valid.", "无效的群发消息类型"),
    # Welcome messages
    item(
        41049,
        "The welcome code is missing.",
        "缺少欢迎语code",
        ("The event carried no code, for example because a welcome message is set for this member in the console."),
        "Nothing can be sent afterwards; set the welcome message in the console or by API, not both.",
    ),
    item(
        41050,
        "The welcome code is not valid any more.",
        "无效的欢迎语code",
        "A code lives 20 seconds and works once.",
        "Nothing can be sent afterwards; write to the customer by hand.",
    ),
    item(
        41051,
        "The two are already chatting, or another app used the code first.",
        "客户和服务人员已经开始聊天了",
        "Several apps receive the code and the first caller wins.",
        "Let one app alone send welcome messages.",
    ),
    item(
        41053,
        "The customer has not agreed to chat archiving.",
        "客户未同意聊天存档",
        "The customer was asked and has not agreed, or has objected.",
        "See the state with `wecrm archive consent`; only the customer can change it.",
    ),
    item(
        41096,
        "The welcome message is already being sent.",
        "欢迎语正在发送中",
        "Two calls used the same code at once.",
        "Nothing needs to be done; let one app alone send welcome messages.",
    ),
    refused(
        41055,
        "The corp has reached its limit of 100 group welcome templates.",
        "入群欢迎语素材数量达到上限",
        "Templates are never removed by the platform.",
        "Delete unused templates, in the console or with the app that made them.",
    ),
    refused(
        41058,
        "This group welcome template belongs to another app.",
        "无权操作该入群欢迎语素材",
        "Only the app that made a template may edit or delete it.",
        "Use the secret of that app, or make a new template.",
    ),
    # Attachments and content
    usage(41064, "There are too many attachments.", "附件数量超过限制"),
    usage(41065, "The kind of attachment is not valid.", "无效的附件类型"),
    usage(41088, "The attachment is empty.", "附件为空"),
    refused(
        40201,
        "WeCom blocked the content as spam.",
        "内容被判定为垃圾信息",
        "The text, link or frequency looks like unwanted advertising to the platform.",
        "Let a person look at the text and change it; repeating it puts the account at risk.",
    ),
    refused(
        40204,
        "WeCom blocked the content as sensitive.",
        "内容含有敏感信息",
        "The text or a name holds words that the platform forbids.",
        "Let a person look at the text and change it; do not repeat it unchanged.",
    ),
)
