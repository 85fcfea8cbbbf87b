"""`wecrm db`: the local database of a profile."""

import typer

from wecrm.cli.command import command, group, session
from wecrm.i18n import _

app = group(_("The local database: where it is."))


@command(
    app,
    "path",
    _("Say where this profile's database is."),
    ("wecrm db path", "wecrm --profile acme db path", 'ls -l "$(wecrm db path)"'),
    _("One SQLite file per corporation; it appears with the first `wecrm sync`."),
)
def path(ctx: typer.Context) -> None:
    s = session(ctx)
    s.stdout.write(f"{s.database}\n")
    if not s.database.exists():
        s.say(_("It is not there yet: run `wecrm sync`."))
