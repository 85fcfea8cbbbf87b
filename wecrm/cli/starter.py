"""The configuration file that `wecrm config init` writes."""

import json
import re
from collections.abc import Iterator

from wecrm.errors import UsageError
from wecrm.i18n import _

TEXT = """\
# Settings of wecrm. What is commented out shows the default, or what could stand there.
# Check with `wecrm config validate`; `wecrm config show` tells what is in force and why.

default_profile: {profile}
# timezone: Asia/Shanghai    # days begin here and times are shown in it, whatever TZ says

profiles:
  {key:<27}# one profile = one corp; the profile "sandbox" is built in
    corp_id: {corp_id:<16}# 企业ID: admin console → 我的企业
    name: {name:<19}# what --confirm accepts beside the corp id
    secrets:                 # references, never values: env:NAME, file:PATH (mode 0600), command:…
      contact:               # self-built app listed under 客户联系 → 可调用接口的应用
        secret: {secret}
        # agentid: 1000002     # AgentId of that app; notices to members come from it
      # directory:           # 通讯录同步: without it the contact app's visible range is read
      #   secret: env:WECRM_DIRECTORY_SECRET
      # archive:             # 会话内容存档
      #   secret: env:WECRM_ARCHIVE_SECRET
    # base_url: https://qyapi.weixin.qq.com
    # proxy: null            # http://host:port; proxies of the environment are not used
    # connect_timeout_s: 10  # seconds
    # read_timeout_s: 30     # seconds
    # database: null         # path of the SQLite file; null: <data folder>/<corp_id>.db
    # busy_timeout_s: 30     # seconds to wait for another program that holds the database
    # protected: false       # true: every apply needs --confirm CORP_NAME_OR_ID
    # heartbeat_url: null    # asked for (GET) after each sync or apply that ended with 0
    # heartbeat_file: null   # rewritten then: a line of JSON with time, command and duration
    # limits:
    #   share: 0.7           # of WeCom's published limits, 0…1
    #   scale: 1.0           # of the limits themselves; other than 1 only for a sandbox
    #   parallel: 4          # calls of one API in flight at the start
    #   parallel_max: 6      # and at most
    #   max_changes: 500     # rows an apply may change without --max-changes
    #   max_removals: 0.3    # share of a tag, code or person's customers it may take away
    #   max_failures: 0.05   # share of failed rows that stops a job (after 20 rows)
"""

PLACEHOLDER = "ww0000000000000000"
"""The corp id of a file that still has to be filled in."""
REFERENCE = "env:WECRM_CONTACT_SECRET"
"""Where the contact secret is looked for unless another place is named."""


def starter(profile: str, corp_id: str, name: str, secret: str) -> str:
    """The text of a configuration with one profile."""
    return TEXT.format(
        profile=_scalar(profile),
        key=f"{_scalar(profile)}: ",
        corp_id=f"{_scalar(corp_id or PLACEHOLDER)} ",
        name=f"{_scalar(name or profile)} ",
        secret=_scalar(secret or REFERENCE),
    )


def _scalar(text: str) -> str:
    """`text` as a YAML string, in quotes where it could be read as something else."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]*(:[A-Za-z_/~][A-Za-z0-9_./~-]*)?", text) and not _WORD.fullmatch(text):
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


_WORD = re.compile("y|n|yes|no|on|off|true|false|null", re.IGNORECASE)


def missing(profile: str, corp_id: str, name: str, secret: str) -> Iterator[str]:
    """What a person must still do, one sentence each."""
    if not corp_id:
        yield _("Fill in profiles.{profile}.corp_id: the 企业ID of your corp.", profile=profile)
    if not name:
        yield _("Fill in profiles.{profile}.name: the name of your corp.", profile=profile)
    yield _("Put the secret of the contact app where {reference} finds it.", reference=secret or REFERENCE)


def checked_corp_id(text: str) -> str:
    """`text`, which may be "", if it can be a corp id."""
    if text and not re.fullmatch(r"[A-Za-z0-9_-]{6,64}", text):
        raise UsageError(_("A 企业ID has letters and digits, as ww1a2b3c4d5e6f7a8b."))
    return text


def checked_reference(text: str) -> str:
    """`text`, which may be "", if it is a reference; an error never repeats it, for it may be a secret."""
    if text and not re.fullmatch(r"(env|file|command):.*\S.*", text):
        raise UsageError(
            _("A secret is given as a reference: env:NAME, file:PATH or command:…"),
            _("A value on the command line or in the file would be shown and copied with it."),
            _("For example: --contact-secret env:WECRM_CONTACT_SECRET"),
        )
    return text
