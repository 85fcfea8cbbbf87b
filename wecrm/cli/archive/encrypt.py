"""`wecrm archive encrypt`."""

import typer

from wecrm.cli.applying import YesOption
from wecrm.cli.archive import opening
from wecrm.cli.command import command, session
from wecrm.errors import ConfigError, UsageError
from wecrm.i18n import _


def commands(app: typer.Typer) -> None:
    """Put the verb under `wecrm archive`."""
    command(
        app,
        "encrypt",
        _("Encrypt an archive that was made without encryption, with its media files."),
        ("wecrm archive encrypt --dry-run", "wecrm archive encrypt --yes"),
        _(
            "Set `archive.encryption` to a reference to the passphrase first, and keep that passphrase apart: "
            "without it nobody reads the archive again. A new archive is made encrypted when the setting is there. "
            "Killed in the middle, the plain archive works as before; run it again. What the disk keeps of removed "
            "files, and old backups, stay plain: overwrite or destroy them."
        ),
    )(encrypt)


def encrypt(ctx: typer.Context, yes: YesOption = False) -> None:
    from wecrm.operations.archive import encrypt as operations

    s = session(ctx)
    path, folder, passphrase = opening.database(s), opening.media_folder(s), opening.passphrase(s)
    if passphrase is None:
        raise ConfigError(
            _("There is no key to encrypt the archive with."),
            _("`archive.encryption` of the profile is not set."),
            _("Set it to a reference to a passphrase: file:PATH, env:NAME or command:…"),
        )
    if not path.exists():
        raise ConfigError(
            _("There is no archive {path} yet.", path=path), "", _("`wecrm archive pull` makes it, encrypted at once.")
        )
    if s.options.dry_run:
        s.warn(_("Dry run: the archive {path} was not encrypted.", path=path))
        return
    if not yes and not s.confirm(_("Encrypt the archive {path}?", path=path), flag="--yes"):
        raise UsageError(_("Not encrypted."), _("The answer was no."), "")
    with opening.locked(s):
        done = operations.encrypt(path, s.profile.corp_id, folder, passphrase, s.run)
    if done.rows is None:
        s.say(_("The archive was encrypted before; {n:,} plain files removed.", n=done.removed))
        return
    s.say(
        _(
            "Encrypted: {rows:,} rows, {files:,} media files; {removed:,} plain files removed.",
            rows=done.rows,
            files=done.files,
            removed=done.removed,
        )
    )
    for left in sorted(path.parent.glob(f"{path.name}.before-*")):
        s.warn(_("Still plain: {path}. Remove it when you need it no more.", path=left))
