"""`wecrm archive`: the session archive (会话内容存档), pulled, proved, searched, read."""

from wecrm.cli.archive import (
    consent,
    encrypt,
    export,
    media,
    pull,
    quarantine,
    reading,
    sample,
    search,
    status,
    verify,
    words,
)
from wecrm.cli.command import group
from wecrm.i18n import _

app = group(_("Session archive (会话内容存档): pull nightly, find, prove."))

pull.commands(app)
status.commands(app)
reading.commands(app)
search.commands(app)
export.commands(app)
media.commands(app)
quarantine.commands(app)
verify.commands(app)
consent.commands(app)
words.commands(app)
sample.commands(app)
encrypt.commands(app)
