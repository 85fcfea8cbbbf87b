"""Errcodes of customers (客户), customer tags (企业标签), transfers (继承) and groups (客户群)."""

from wecrm.api.errcodes_entry import gone, item, refused, usage

LINES = (
    # Customers
    gone(
        84061,
        "This member and this customer are not connected.",
        "不存在外部联系人的关系",
        (
            "The member deleted the customer, or never accepted them; for a member without customers it is "
            "WeCom's way to say that the list is empty."
        ),
        "Run `wecrm sync contacts`; if the customer was added a moment ago, try again in a minute.",
    ),
    refused(
        84074,
        "There is no permission for external contacts.",
        "没有外部联系人权限",
        "The member is not in the range of customer contact (客户联系), or the app was not granted it.",
        (
            "Admin console → 客户联系: add the member to those who may use it (使用范围); then "
            "客户联系 → 客户 → API → 可调用接口的应用: add the app."
        ),
    ),
    item(
        84083,
        "The person is not a service member.",
        "不是服务人员",
        "The call is for members who serve customers in this function.",
        "Choose a member from `wecrm members list` who has customer contact (客户联系).",
    ),
    item(
        84084,
        "The member does not follow this customer.",
        "不是该客户的跟进人",
        "The customer is connected to somebody else.",
        "See the followers with `wecrm contacts show EXTERNAL_USERID`.",
    ),
    item(
        40132,
        "Team accounts cannot do this.",
        "团队账号不支持该操作",
        "The call needs the account of one person.",
        "Choose a personal account.",
    ),
    item(
        40205,
        "The member's WeChat login is too old.",
        "成员的微信票据已过期",
        "The member has not logged in to WeCom with WeChat within the last year.",
        "Ask the member to log in and authorise again, then retry the failed rows.",
    ),
    usage(
        41056,
        "The id is of the wrong kind of external contact.",
        "外部联系人id类型不正确",
        "The call takes only WeChat users (ids beginning with wm).",
        "Leave out ids that begin with wo.",
    ),
    refused(
        41057,
        "The corp has bound no WeChat developer account.",
        "企业未绑定微信开发者ID",
        "Unionids are only given to corps that bound a WeChat developer id (微信开发者ID).",
        "Admin console → 客户联系 → 客户 → API: bind the developer id.",
    ),
    item(
        610004,
        "The person is not a customer of this corp.",
        "不是该企业的客户",
        "Nobody of this corp ever added this person.",
        "Check the id and the profile.",
    ),
    item(
        610014,
        "The unionid is not valid.",
        "unionid无效",
        "The unionid is misspelt, or belongs to another WeChat developer account.",
        "Take it from `wecrm contacts show EXTERNAL_USERID`.",
    ),
    refused(
        845001,
        "The openid is of the wrong kind for this corp.",
        "openid类型不匹配",
        "The mini program or account that gave the openid does not fit the call.",
        "Use openids of the mini program that is bound to this corp.",
    ),
    refused(
        845002,
        "The openid's owner is not this corp.",
        "openid主体与企业不匹配",
        "The mini program or account belongs to another legal subject.",
        "Bind a mini program of the same subject (企业主体).",
    ),
    refused(
        845003,
        "The unionid's owner is not this corp.",
        "unionid主体与企业不匹配",
        "The WeChat developer account belongs to another legal subject.",
        "Bind a developer account of the same subject (企业主体).",
    ),
    item(
        710006,
        "The temporary external_userid is not valid.",
        "tmp_external_userid无效",
        "Temporary ids live a short time only.",
        "Read the list again and use the new id at once.",
    ),
    item(
        730000,
        "The temporary openid is not valid.",
        "tmp_openid无效",
        "Temporary ids live four hours only.",
        "Read the list again and use the new id at once.",
    ),
    # Tags
    refused(
        40126,
        "The corp has reached its limit of customer tags.",
        "企业标签个数达到上限",
        "The text of the code says 3000 tags, the current page 10,000; strategy tags count too.",
        (
            "Find what can go with `wecrm tags lint`, join doubles with `wecrm tags merge`, or remove with "
            "`wecrm tags delete`."
        ),
    ),
    # Transfers of customers
    item(
        40097,
        "The handing-over member has not left the corp.",
        "该成员尚未离职",
        "The resigned kind of transfer (离职继承) was used for a member who still works here.",
        (
            "Run `wecrm sync members`, then plan the transfer again: it chooses the on-job kind (在职继承). If the "
            "member was deleted a moment ago, wait some minutes first."
        ),
    ),
    item(
        40098,
        "The member is not real-name verified.",
        "成员尚未实名认证",
        "Customers may only be given to members who verified their name in WeCom.",
        "Ask the member to complete 实名认证 in the WeCom app, then retry the failed rows.",
    ),
    item(
        40099,
        "The taking-over member has reached the customer limit.",
        "接替成员的客户数量已达上限",
        "A member holds 5,000 customers by default, as far as vendors report.",
        (
            "Spread the rest over other members, or raise the member's limit (客户上限) in the admin "
            "console; then plan the failed rows again."
        ),
    ),
    item(
        40100,
        "This customer is already being transferred.",
        "客户已在转接中",
        "An earlier transfer waits for the customer, up to 24 hours.",
        "Look with `wecrm transfers poll`; plan again when it is finished.",
    ),
    item(
        40128,
        "This customer was transferred too often.",
        "客户转接过于频繁",
        (
            "A customer of a member who still works here may be moved twice in 90 days. Moves made in the admin "
            "console count as well, and refused ones may."
        ),
        (
            "Wait until the older of the two moves is 90 days old (`wecrm transfers list` knows those that wecrm "
            "made), or leave the customer where they are."
        ),
    ),
    item(
        40129,
        "This customer is being transferred right now.",
        "客户正在转接中",
        "An earlier transfer waits for the customer, up to 24 hours.",
        "Look with `wecrm transfers poll`; plan again when it is finished.",
    ),
    usage(
        40130,
        "The member who hands over and the one who takes over are the same.",
        "原跟进成员与接替成员相同",
        "Both columns of a row name one member.",
        "Name another member to take over.",
    ),
    item(
        40131,
        "The handing-over member does not follow this customer.",
        "原跟进成员不是该客户的跟进人",
        "The customer was moved or deleted after the plan was made.",
        "Run `wecrm sync contacts`, then plan again.",
    ),
    item(
        40143,
        "A member of the transfer is banned.",
        "成员已被封禁，无法继承",
        "WeCom has restricted the account of the member who hands over or of the one who takes over.",
        (
            "Choose another member to take over; if it is the one who hands over, they have to appeal in the WeCom "
            "app first."
        ),
    ),
    refused(
        90510,
        "The corp had no active member for a year.",
        "企业一年内无活跃成员",
        "Transfers need members who logged in to WeCom within the last year, or within the year before they left.",
        "Let the members who still work here log in, then plan again.",
    ),
    # Customer groups
    gone(
        49008,
        "The group was dissolved.",
        "群已解散",
        "The owner dissolved the group, or everybody left.",
        "Run `wecrm sync groups`; the group is then marked as gone.",
    ),
    refused(
        40165,
        "The upgrade of group ids does not allow this call.",
        "客户群ID升级状态不符",
        "The corp is before, in or after a change to new group ids.",
        "Look at the notices in the admin console, or ask WeCom support with the hint of the message.",
    ),
    refused(
        40166,
        "The upgrade of group ids does not allow this call.",
        "客户群ID升级状态不符",
        "The corp is before, in or after a change to new group ids.",
        "Look at the notices in the admin console, or ask WeCom support with the hint of the message.",
    ),
    refused(
        40167,
        "The upgrade of group ids does not allow this call.",
        "客户群ID升级状态不符",
        "The corp is before, in or after a change to new group ids.",
        "Look at the notices in the admin console, or ask WeCom support with the hint of the message.",
    ),
    item(
        90500,
        "The group owner has not left the corp.",
        "群主并未离职",
        "The resigned kind of transfer (离职继承) was used for a group whose owner still works here.",
        ("Run `wecrm sync members` and `wecrm sync groups`, then plan again: it chooses the on-job kind (在职继承)."),
    ),
    item(
        90501,
        "The group is not a customer group.",
        "该群不是客户群",
        "The group has no outsiders, or its creator has no customer contact (客户联系).",
        "Take group ids from `wecrm groups list`.",
    ),
    item(
        90502,
        "The group owner has already left the corp.",
        "群主已离职",
        "The on-job kind of transfer (在职继承) was used for a group whose owner is gone.",
        ("Run `wecrm sync members` and `wecrm sync groups`, then plan again: it chooses the resigned kind (离职继承)."),
    ),
    item(
        90503,
        "The group is full, with 99 WeChat members.",
        "客户群满员且有99个微信成员",
        "Nobody can be moved out to make room for the new owner.",
        "Hand this group over in the WeCom app, where somebody confirms.",
    ),
    item(
        90504,
        "The new owner is the owner already.",
        "群主未发生变化",
        "The group was moved before, or the input names the present owner.",
        "Run `wecrm sync groups`; nothing else is needed.",
    ),
    item(
        90507,
        "The group of a member who left is being transferred.",
        "离职群正在继承中",
        "An earlier transfer is not finished.",
        "Run `wecrm sync groups` in some minutes and see its owner with `wecrm groups show CHAT_ID`.",
    ),
    item(
        90508,
        "The group of a member who left was already transferred.",
        "离职群已经继承",
        "An earlier run, or somebody in the console, has moved it.",
        "Run `wecrm sync groups` and see its owner with `wecrm groups show CHAT_ID`.",
    ),
    item(
        90509,
        "The group is not a customer group of WeCom.",
        "非企业微信客户群",
        "It was started in WeChat, or belongs to another corp.",
        "Take group ids from `wecrm groups list`.",
    ),
    item(
        90511,
        "The opengid is unknown.",
        "opengid不存在或不合法",
        "It comes from a group of another corp, or is misspelt.",
        "Take it anew from the mini program that was opened in the group.",
    ),
)
