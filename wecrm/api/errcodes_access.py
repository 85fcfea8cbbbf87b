"""Errcodes of load, tokens, secrets and IPs."""

from wecrm.api.errcodes_entry import (
    config,
    refresh,
    restart,
    retry,
    slow,
    success,
    usage,
    wait,
)

LINES = (
    success(0, "The call succeeded.", "请求成功", "WeCom accepted the request.", "Nothing needs to be done."),
    # Load
    retry(
        -1,
        "WeCom is busy.",
        "系统繁忙",
        "The platform is overloaded for a moment; the request itself is right.",
        (
            "Run the same command again in some minutes, or `wecrm jobs resume JOB` if it was a job: three "
            "tries have already failed."
        ),
    ),
    retry(
        6000,
        "Somebody else changed the same object at the same moment.",
        "数据版本冲突",
        "Two programs, or a program and the admin console, wrote at once.",
        "Run the command again, and keep other tools from writing to the same objects meanwhile.",
    ),
    retry(
        81026,
        "This feature is under maintenance at WeCom.",
        "功能维护中",
        "The platform has switched the feature off for a while.",
        "Try again later; nothing on your side mends it.",
    ),
    wait(
        45009,
        "The call limit of this API is exceeded.",
        "接口调用超过限制",
        (
            "Too many calls within a minute, an hour or a day, by all programs of the corp together, too many wrong "
            "secrets from this IP, or more than 300 customer groups given to one new owner in a day."
        ),
        (
            "Wait until the exceeded window ends (60 seconds, 60 minutes or midnight), then resume with "
            "`wecrm jobs resume JOB`; see `wecrm explain limits`."
        ),
    ),
    wait(
        45011,
        "The API is called too often.",
        "API调用太频繁",
        ("This is a code of WeChat official accounts; WeCom is not known to send it, so it is handled like 45009."),
        "Wait a minute and run the command again; see `wecrm explain limits`.",
    ),
    slow(
        45033,
        "Too many calls of this API run at the same time.",
        "接口并发调用超过限制",
        "Several programs of the corp call the same API in parallel, or one object is fetched over and over.",
        (
            "wecrm has already lowered its parallelism; stop other tools that use the same corp, then run "
            "the command again."
        ),
    ),
    restart(
        50100,
        "The page cursor is not valid.",
        "分页cursor无效",
        "The cursor is too old, belongs to another request, or the list changed while it was read.",
        "Run the command again: the listing starts from its first page.",
    ),
    # Tokens and secrets
    config(
        40001,
        "The secret is wrong, was reset, or its app is disabled.",
        "不合法的secret参数",
        (
            "The secret in the configuration is not the one that the admin console shows now, or it "
            "belongs to another app."
        ),
        (
            "Copy the secret anew (Admin console → 应用管理 → the app → Secret), update the place that the "
            "profile refers to, then run `wecrm doctor`. Do not loop: repeated wrong secrets block this IP "
            "for an hour."
        ),
    ),
    refresh(
        40014,
        "The access token is not valid.",
        "不合法的access_token",
        (
            "The platform ended the token early, or the token belongs to another app; a new one has been "
            "fetched once and was refused too."
        ),
        (
            "Run `wecrm doctor` to see which secret is concerned, and check that the profile names the "
            "secret of the right app."
        ),
    ),
    refresh(
        42001,
        "The access token has expired.",
        "access_token已过期",
        ("A token lives two hours and may be ended earlier; a new one has been fetched once and was refused too."),
        "Run the command again; if it returns, check the clock of this machine and run `wecrm doctor`.",
    ),
    refresh(
        42009,
        "The suite token of the provider app has expired.",
        "suite_access_token已过期",
        "The token of a provider's suite lives two hours; wecrm itself is meant for self-built apps.",
        "Use the secret of a self-built app (自建应用) in the profile.",
    ),
    config(
        40013,
        "The corp id is not valid.",
        "不合法的CorpID",
        "The corp id in the profile has a typing mistake or belongs to no corp.",
        "Copy it from Admin console → 我的企业 → 企业信息 → 企业ID, then run `wecrm config validate`.",
    ),
    config(
        40082,
        "The suite token of the provider app is not valid.",
        "不合法的suite_token",
        "The credential belongs to a provider app, not to a self-built app.",
        "Use the secret of a self-built app (自建应用) in the profile.",
    ),
    config(
        40084,
        "The permanent code of the provider app is not valid.",
        "不合法的永久授权码",
        "The corp withdrew or renewed its grant to the provider app.",
        "Let the corp grant the app again, or use the secret of a self-built app (自建应用).",
    ),
    config(
        40085,
        "The suite ticket of the provider app is not valid.",
        "不合法的suite_ticket",
        "The ticket that WeCom pushes to the provider is old or missing.",
        "Use the secret of a self-built app (自建应用) in the profile.",
    ),
    config(
        40091,
        "The secret does not belong to this corp.",
        "secret不合法",
        "The corp id and the secret in the profile come from two different corps.",
        "Take both from the same admin console, then run `wecrm config show` and `wecrm doctor`.",
    ),
    config(
        41001,
        "The access token is missing.",
        "缺少access_token参数",
        (
            "A proxy cut the query from the address, or an old archive library hides a wrong secret or an "
            "untrusted IP behind this code."
        ),
        "Run `wecrm doctor`; check the proxy, and for the archive its secret and its trusted IPs.",
    ),
    config(
        41002,
        "The corp id is missing.",
        "缺少corpid参数",
        "The profile has no corp id, or the reference to it is empty.",
        "Fill in the corp id and run `wecrm config validate`.",
    ),
    config(
        41004,
        "The secret is missing.",
        "缺少secret参数",
        "The reference to the secret (environment, file or command) gives an empty value.",
        "Run `wecrm config show` to see where the secret should come from, then `wecrm config validate`.",
    ),
    config(
        41024,
        "The secret is missing.",
        "缺少secret参数",
        "The reference to the secret (environment, file or command) gives an empty value.",
        "Run `wecrm config show` to see where the secret should come from, then `wecrm config validate`.",
    ),
    config(
        45031,
        "WeCom judged the secret unsafe; it must be reset.",
        "secret不安全，需要重置",
        "The secret was found in public, for example in a code repository.",
        (
            "Reset it (Admin console → 应用管理 → the app → Secret), update the profile's reference, and "
            "look for where it leaked."
        ),
    ),
    config(
        301002,
        "The token does not belong to this agentid.",
        "无权限操作指定的应用",
        "The `agentid` in the profile and its secret belong to two different apps.",
        "Copy AgentId and Secret from the same page (Admin console → 应用管理 → the app).",
    ),
    config(
        60020,
        "The IP of this machine is not trusted.",
        "访问IP不在白名单之中",
        (
            "The app answers only the IPs in its list; this machine has a new egress IP, or a proxy or NAT "
            "stands in front of it."
        ),
        (
            "Admin console → 应用管理 → the app → 企业可信IP: add the IP that the message names (from ip: "
            "…), wait a minute, run `wecrm doctor`."
        ),
    ),
    usage(
        40056,
        "The agentid is not valid.",
        "不合法的agentid",
        "The `agentid` in the profile belongs to no app of this corp.",
        "Copy AgentId from Admin console → 应用管理 → the app.",
    ),
    usage(
        40203,
        "A parameter of the request was retired by WeCom.",
        "请求参数已废弃",
        "The API changed after this version of wecrm.",
        "Look for a newer version of wecrm, or report the command that you ran.",
    ),
    usage(
        40206,
        "The request body is too large.",
        "请求包体过大",
        "Too many ids or too long texts were sent at once.",
        "Split the input file and run the command on each part.",
    ),
    usage(
        45029,
        "The answer would be too large.",
        "回包大小超过上限",
        "The call asked for too much at once, for example a whole department tree.",
        "Ask for less: one department, one member, a shorter period.",
    ),
)
