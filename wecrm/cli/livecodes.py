"""`wecrm livecodes`: contact ways, group join ways and acquisition links (活码)."""

from wecrm.cli import codeaudit, codebook, codestats, qr, rotation, singlecodes
from wecrm.cli.command import group
from wecrm.cli.listing import listing
from wecrm.i18n import _

app = group(_("Live codes (活码): every channel known, nobody overloaded, no code pointing at somebody who left."))


listing(
    app,
    "livecodes",
    _("List the live codes with their channel, members and customers."),
    (
        "wecrm livecodes list",
        "wecrm livecodes list --where 'not described' --columns kind,code_id,remark",
        "wecrm livecodes list --where \"members = 'zhangwei'\"",
    ),
)

codebook.commands(app)
singlecodes.commands(app)
rotation.commands(app)
qr.commands(app)
codeaudit.commands(app)
codestats.commands(app)
listing(
    app,
    "welcomes",
    _("List the group welcome templates (入群欢迎语) that are known."),
    (
        "wecrm livecodes welcomes",
        "wecrm livecodes welcomes --where 'gone_at is null' --columns '*'",
    ),
    _(
        "WeCom has no list of them. They stand in the file of the live codes, under `welcomes`: `wecrm livecodes push` "
        "makes and changes them."
    ),
    verb="welcomes",
)
