"""Errcodes of the archive (会话内容存档) and the return codes of its native library (10000 to 10011)."""

from wecrm.api.errcodes_entry import config, gone, item, refused, retry, usage

LINES = (
    config(
        301042,
        "The IP of this machine is not allowed to read the archive.",
        "访问IP不在会话存档白名单",
        (
            "The archive has an IP list of its own; this machine has a new egress IP, or a proxy or NAT "
            "stands in front of it."
        ),
        (
            "Admin console → 管理工具 → 会话内容存档 → 可信IP: add the IP that the message names (from "
            "ip: …), then run `wecrm doctor`."
        ),
    ),
    refused(
        301052,
        "The archive service has expired.",
        "会话存档已过期",
        "The paid period of the archive is over.",
        "Renew it in the admin console (会话内容存档); messages older than 5 days are lost meanwhile.",
    ),
    refused(
        301053,
        "The corp has no archive.",
        "企业未开启会话存档",
        "The archive was never opened, is not paid yet, or no member is in its range.",
        "Admin console → 管理工具 → 会话内容存档: open it, choose members, set the public key.",
    ),
    # The native library
    usage(
        10000,
        "The archive library was given a bad argument.",
        "参数错误",
        (
            "The corp id or the secret of the archive is empty, the page size is outside 1 to 1000, or a "
            "file id is empty."
        ),
        "Run `wecrm config validate` and `wecrm doctor`.",
    ),
    retry(
        10001,
        "The archive library could not reach WeCom, or got no token.",
        "网络错误",
        (
            "No route, no DNS, a proxy or its password, a time-out; a wrong corp id, secret or IP looks "
            "the same to the library."
        ),
        "Run `wecrm doctor`: it asks for the token itself and shows the true errcode; then check the proxy.",
    ),
    retry(
        10002,
        "The archive library could not read WeCom's answer.",
        "数据解析失败",
        ("For media the library hides the server's errcode: an expired file, an old token, the rate or a permission."),
        ("Run `wecrm archive media` again soon; if the code stays, the file has most likely expired (5 days)."),
    ),
    retry(
        10003,
        "The archive library had an internal failure.",
        "系统失败",
        "The answer was empty or not in the expected form, as a proxy page can be.",
        "Run `wecrm archive pull` again; if it returns, try without the proxy.",
    ),
    item(
        10004,
        "The archive library refused to decrypt; this code is retired.",
        "密钥错误导致加密失败",
        "Only very old libraries return it.",
        "Take the present library from WeCom's archive page and set its path in the profile.",
    ),
    item(
        10005,
        "The file id of the media is not valid.",
        "fileid错误",
        (
            "The stored id is cut or damaged. For a message: a wrong private key, which shows as 10005 instead of "
            "10008 about once in 256 times."
        ),
        "Nothing can be fetched for this file; the message itself is kept.",
    ),
    item(
        10006,
        "The archive library could not decrypt the message.",
        "解密失败",
        "The private key does not fit, or the ciphertext is damaged.",
        (
            "Add the private key of the named version to the profile, then run `wecrm archive quarantine` "
            "and retry it from there."
        ),
    ),
    item(
        10007,
        "The archive library misses a key for decryption; this code is retired.",
        "找不到消息加密版本的私钥",
        "Only very old libraries return it.",
        "Take the present library from WeCom's archive page and set its path in the profile.",
    ),
    item(
        10008,
        "The key of the message cannot be read.",
        "解析encrypt_key出错",
        "The private key is not the one of this message's key version, or belongs to another corp.",
        (
            "Add the private key of the named version to the profile; the message waits in `wecrm archive "
            "quarantine` until then."
        ),
    ),
    config(
        10009,
        "The IP of this machine is not allowed to read the archive.",
        "IP非法",
        "The library's word for 301042: the archive's own IP list does not contain this machine.",
        ("Admin console → 管理工具 → 会话内容存档 → 可信IP: add this machine's egress IP, then run `wecrm doctor`."),
    ),
    gone(
        10010,
        "The data have expired.",
        "数据过期",
        "WeCom keeps messages and media for 5 days.",
        ("Nothing can be fetched any more; run `wecrm archive pull` at least daily and watch `wecrm archive status`."),
    ),
    config(
        10011,
        "The TLS certificate could not be checked.",
        "SSL证书错误",
        "The library found no trusted certificates, or a proxy presents its own.",
        "Check the certificates of this machine and the proxy.",
    ),
    # The newer data zone (数据与智能专区), which wecrm does not use
    usage(
        790014,
        "The output of the data-zone program does not fit its declared protocol.",
        "专区程序输出不符合协议",
    ),
    usage(
        790016,
        "The input of the data-zone program does not fit its declared protocol.",
        "专区程序输入不符合协议",
    ),
)
