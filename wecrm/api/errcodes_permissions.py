"""Errcodes of permission, visible range (可见范围) and licences."""

from wecrm.api.errcodes_entry import item, refused

LINES = (
    # Permission
    refused(
        43009,
        "The corp is not verified.",
        "企业未验证主体",
        "The API is only for corps whose legal subject WeCom has verified.",
        "Admin console → 我的企业 → 企业信息: complete the verification (企业认证).",
    ),
    refused(
        48001,
        "The function is not granted.",
        "功能未授权",
        "The corp or the app has not been given this function.",
        "Grant the function to the app in the admin console, then run `wecrm doctor`.",
    ),
    refused(
        48002,
        "This app may not call this API.",
        "API接口无权限调用",
        (
            "The app is not in the list of apps allowed to call, or the secret is of the wrong kind "
            "(contact, directory and archive each need their own; links refuse that of 客户联系)."
        ),
        (
            "Admin console → 客户联系 → 客户 → API → 可调用接口的应用: add the app; for the archive use "
            "the secret of 会话内容存档. See `wecrm explain secrets`."
        ),
    ),
    refused(
        48004,
        "The authorisation of the app was cancelled.",
        "授权已取消",
        "The corp withdrew its grant to the app.",
        "Grant the app again in the admin console.",
    ),
    refused(
        48005,
        "WeCom has retired this API.",
        "API接口已废弃",
        "The call is no longer offered by the platform.",
        "Look for a newer version of wecrm, or report the command that you ran.",
    ),
    refused(
        48006,
        "The permission was withdrawn because the app was unused for long.",
        "接口权限被收回",
        "WeCom takes rights away from apps that sleep for a long time.",
        "Grant the right to the app again in the admin console.",
    ),
    refused(
        48008,
        "The right to edit the address book is too narrow.",
        "通讯录编辑权限不足",
        "Contacts sync (通讯录同步) is set to read only, or covers only part of the address book.",
        "Admin console → 管理工具 → 通讯录同步: allow API editing, and check its range.",
    ),
    refused(
        48009,
        "Contacts sync may not read details from this IP.",
        "通讯录同步不可从该IP读取详情",
        "IPs added to contacts sync (通讯录同步) after 2022-08-15 get ids only, no details.",
        (
            "Give the profile the secret of a self-built app that sees these members, for their details; "
            "this secret still lists their ids."
        ),
    ),
    refused(
        50001,
        "The redirect domain is not trusted.",
        "redirect_url未登记可信域名",
        "A login page was asked for a domain that the app does not list.",
        "Admin console → 应用管理 → the app → 网页授权及JS-SDK: add the domain.",
    ),
    refused(
        50003,
        "The app is disabled.",
        "应用已禁用",
        "An administrator has switched the app off.",
        "Admin console → 应用管理 → the app: enable it.",
    ),
    refused(
        50006,
        "The system app is disabled.",
        "系统应用已停用",
        "An administrator has switched off a built-in app such as 客户联系.",
        "Enable it in the admin console, then run `wecrm doctor`.",
    ),
    refused(
        60031,
        "The app is barred from this API.",
        "应用被禁止调用该接口",
        "WeCom or the administrator has blocked the app for this API.",
        "Look at the notices in the admin console, or ask WeCom support with the hint of the message.",
    ),
    refused(
        92001,
        "The app has no right to sensitive data.",
        "应用无敏感信息权限",
        "The API answers personal data that the app was not granted.",
        "Grant the sensitive fields to the app in the admin console.",
    ),
    refused(
        92002,
        "A call across corps is refused.",
        "不允许跨企业调用",
        "The ids in the input belong to another corp than the profile.",
        "Check `--profile`, and take the ids from a list of the same corp.",
    ),
    refused(
        92003,
        "A call across apps is refused.",
        "不允许跨应用调用",
        "The object was made by another app, and only that app may touch it.",
        "Use the secret of the app that made the object.",
    ),
    refused(
        301007,
        "The corp is not available.",
        "企业不可用",
        "The corp was dissolved or banned.",
        "Log in to the admin console: it says why; then ask WeCom support.",
    ),
    # Visible range
    item(
        50002,
        "The member is outside the permitted range.",
        "成员不在权限范围",
        "The app's visible range (可见范围) does not contain this member.",
        (
            "Admin console → 应用管理 → the app → 可见范围: add the member or the department. See `wecrm "
            "explain visible-range`."
        ),
    ),
    item(
        60011,
        "There is no right on this member, department or tag.",
        "无权限操作指定的成员、部门或标签",
        (
            "The member is outside the app's visible range (可见范围), or the tag was made in the console "
            "or by another app."
        ),
        (
            "For a member: Admin console → 应用管理 → the app → 可见范围. For a tag: change it in the "
            "console, or with the app that made it. See `wecrm explain tags`."
        ),
    ),
    item(
        60021,
        "The member is outside the app's visible range.",
        "成员不在应用可见范围内",
        "The visible range (可见范围) of the app does not contain this member.",
        "Admin console → 应用管理 → the app → 可见范围: add the member or the department.",
    ),
    item(
        60030,
        "The object is beyond the app's visible range.",
        "超出应用可见范围",
        "The visible range (可见范围) of the app does not contain everything that was asked for.",
        "Admin console → 应用管理 → the app → 可见范围: widen it, or leave these rows out.",
    ),
    item(
        60111,
        "The member does not exist, has left, or is not visible.",
        "userid不存在",
        (
            "The userid is misspelt, the member was deleted, or the app's visible range (可见范围) does "
            "not contain them."
        ),
        (
            "Run `wecrm sync members` and `wecrm members show USERID`; widen the visible range if the "
            "member still works here."
        ),
    ),
    item(
        92000,
        "The member is outside the app's visible range.",
        "成员不在应用可见范围内",
        "The visible range (可见范围) of the app does not contain this member.",
        "Admin console → 应用管理 → the app → 可见范围: add the member or the department.",
    ),
    # Licences
    item(
        701008,
        "The member has no valid interface licence.",
        "成员没有有效的接口许可",
        (
            "The profile uses a provider app (代开发, 第三方), which needs a licence (接口许可) per "
            "member; a self-built app needs none."
        ),
        "Let the provider buy or assign a licence, or use the secret of a self-built app (自建应用).",
    ),
    item(
        701099,
        "The member's interface licence does not cover this call.",
        "接口许可不可用",
        "The profile uses a provider app, and the member's licence (接口许可) is missing or expired.",
        "Let the provider buy or renew the licence, or use the secret of a self-built app (自建应用).",
    ),
)
