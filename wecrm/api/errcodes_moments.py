"""Errcodes of moments (客户朋友圈), products, sensitive words, the calendar (日程) and app messages."""

from wecrm.api.errcodes_entry import Errcode, gone, item, refused, retry, usage, wait

_KNOWN = (
    # Moments
    usage(41059, "The moment_id is missing.", "缺少moment_id"),
    usage(41060, "The moment_id is not valid.", "不合法的moment_id"),
    item(
        41061,
        "This member did not publish the moment.",
        "该成员未发表此朋友圈",
        "The moment was made by somebody else, or the member was not asked to publish it.",
        "Leave this member out.",
    ),
    item(
        41062,
        "This member has not published the moment yet.",
        "该成员尚未发表朋友圈",
        "Moments are tasks: the member must confirm in the WeCom app.",
        "Remind the member, and ask again later.",
    ),
    usage(41067, "The moment is of the wrong origin for this call.", "朋友圈来源类型不匹配"),
    usage(41072, "The attachment was uploaded for another purpose.", "附件使用场景不正确"),
    wait(
        41078,
        "Too many moment tasks are still running.",
        "朋友圈任务数量超过限制",
        "A corp may start 10 tasks a minute, and each must be dispatched first.",
        "Wait some minutes, then run the command again.",
    ),
    usage(41080, "The attachment is too large.", "附件大小超过限制"),
    usage(41081, "The resolution of the picture or video is not valid.", "附件分辨率不合法"),
    usage(41082, "The video is too long.", "视频时长超过限制"),
    usage(41089, "Text and attachments are both empty.", "文本和附件不能同时为空"),
    usage(41090, "The format of the video is not valid.", "视频格式不合法"),
    usage(41066, "The name of the channel is wrong.", "视频号名称错误"),
    retry(
        41079,
        "The moment is still being dispatched.",
        "朋友圈正在被派发中",
        "Its records were asked for right after it was made.",
        "Ask again in a minute.",
    ),
    # Products
    usage(41073, "The description of the product is not valid.", "商品描述不合法"),
    gone(
        41074,
        "The product was deleted.",
        "商品已被删除",
        "Somebody deleted it in the console or by API.",
        "Leave it out, or make a new one.",
    ),
    gone(
        41075,
        "The product is unknown.",
        "商品不存在",
        "The id is misspelt, or belongs to another corp.",
        "Take the id from the product album (商品图册) in the console.",
    ),
    usage(41085, "The product code is not valid.", "商品编码不合法"),
    usage(41086, "The price of the product is not valid.", "商品价格不合法"),
    usage(41087, "The description of the product is not valid.", "商品描述不合法"),
    # Sensitive words
    usage(41068, "The list of sensitive words is too long.", "敏感词列表超过限制"),
    refused(
        41069,
        "The corp has reached its limit of 100 sensitive-word rules.",
        "敏感词规则数量达到上限",
        "Rules are never removed by the platform.",
        "Delete or join rules in the admin console (聊天敏感词).",
    ),
    gone(
        41070,
        "The sensitive-word rule is unknown.",
        "敏感词规则不存在",
        "The id is misspelt, or belongs to another corp.",
        "List the rules again and take the id from there.",
    ),
    gone(
        41071,
        "The sensitive-word rule was deleted.",
        "敏感词规则已删除",
        "Somebody deleted it in the console or by API.",
        "Leave it out, or make a new one.",
    ),
    usage(41076, "The range of the sensitive-word rule is too large.", "敏感词规则适用范围超过限制"),
    usage(41077, "A sensitive-word rule of this name exists already.", "敏感词规则名称已存在"),
    usage(41083, "A sensitive word is not valid.", "敏感词不合法"),
    usage(41084, "The semantics of the sensitive-word rule are not valid.", "敏感词语义规则不合法"),
    # App messages
    item(
        42052,
        "The app message is older than 24 hours and cannot be recalled.",
        "应用消息已超过撤回时限",
        "WeCom recalls messages of the last 24 hours only.",
        "Send a correction instead.",
    ),
    # Calendar
    usage(90457, "The calendar id is not valid.", "不合法的日历id"),
    gone(
        90459,
        "The calendar was already deleted.",
        "日历已删除",
        "Somebody deleted it in the WeCom app or by API.",
        "Nothing needs to be done, or make a new one.",
    ),
    gone(
        90460,
        "The schedule was already deleted.",
        "日程已删除",
        "Somebody deleted it in the WeCom app or by API.",
        "Nothing needs to be done, or make a new one.",
    ),
    usage(90461, "The schedule id is not valid.", "不合法的日程id"),
    usage(90464, "The schedule has too many attendees.", "日程参与者数量超过限制"),
    usage(90465, "The repeat type of the schedule is not valid.", "不合法的日程重复类型"),
    item(
        90466,
        "The calendar or schedule belongs to another app.",
        "不可操作其他应用的日历或日程",
        "Only the app that made it may change it.",
        "Use the secret of that app, or make a new one.",
    ),
    usage(90471, "The reminder time is not valid.", "不合法的提醒时间"),
    item(
        90472,
        "There is no right on this calendar or schedule.",
        "没有日历或日程的权限",
        "The app was not granted the calendar (日程), or somebody else owns the entry.",
        "Grant the app API access to 日程 in the admin console.",
    ),
    usage(90480, "The time zone is not valid.", "不合法的时区"),
    usage(90484, "The repeated schedule cannot be edited like this.", "重复日程编辑参数不合法"),
    usage(90485, "The repeated schedule cannot be edited like this.", "重复日程编辑参数不合法"),
    usage(90486, "The repeated schedule cannot be edited like this.", "重复日程编辑参数不合法"),
    usage(90487, "The repeated schedule cannot be edited like this.", "重复日程编辑参数不合法"),
    usage(90488, "The repeated schedule cannot be edited like this.", "重复日程编辑参数不合法"),
    usage(
        90704,
        "The list of reminder times holds a value that is not allowed.",
        "不合法的remind_time_diffs",
    ),
    usage(
        90708,
        "The app has no default calendar; a calendar id must be given.",
        "没有默认日历，需指定cal_id",
    ),
)

CALENDAR_CODES = (*range(90456, 90500), *range(90700, 90711))
"""The calendar family, as WeCom numbers it; most of its codes only say which field is wrong."""


def _calendar() -> tuple[Errcode, ...]:
    known = {line.code for line in _KNOWN}
    return tuple(
        usage(
            code,
            "The calendar or schedule request is not valid.",
            "日历或日程参数不合法",
            "The message after the code names the field.",
            "Correct that field; if it is not yours, report the command that you ran.",
        )
        for code in CALENDAR_CODES
        if code not in known
    )


LINES = (*_KNOWN, *_calendar())
