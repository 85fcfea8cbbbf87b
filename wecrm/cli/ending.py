"""What unattended work tells when it ends: the one line of --cron, and the heartbeat for a monitor."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from wecrm.cli.session import Session
from wecrm.errors import LockedError, WecrmError
from wecrm.i18n import _

MaxAgeOption = Annotated[
    str,
    typer.Option(
        "--max-age",
        help=_("If another run holds the lock: exit 0 while the last success is younger than this, as 26h."),
        metavar="TIME",
    ),
]


def finished(s: Session, what: str, told: str, seconds: float, code: int = 0) -> None:
    """Sum up a sync, an apply or the like that came to its end; what ended with 0 beats the profile's heart."""
    summary(s, what, f"{told} · {seconds:.0f} s", code)
    if not code:
        _beat(s, what, seconds)


def summary(s: Session, what: str, told: str, code: int = 0) -> None:
    """The one line of --cron: `sync acme: … · exit 0`; nothing with -qq."""
    if s.options.cron:
        s.summed_up = True
        if s.options.quiet < 2:
            s.warn(f"{what} {s.profile_name}: {told} · exit {int(code)}")


def well(s: Session, what: str, seconds: float) -> None:
    """The one line of --cron of a command that ended with 0 and told none itself."""
    if not s.summed_up and s.options.quiet < 2:
        who = s.options.profile or (s.config.default_profile if "config" in vars(s) else "")  # never read just for this
        s.warn(f"{f'{what} {who}'.strip()}: {seconds:.0f} s · exit 0")


def let_be(s: Session, what: str, purposes: Sequence[str], age_s: float | None, error: LockedError) -> int:
    """0 while somebody else is at it and the last success of each purpose is young enough."""
    from wecrm.operations.status import oldest
    from wecrm.store.status import read

    last = oldest(read(s.database, s.profile_name, s.profile.corp_id), purposes)
    return young_enough(s, what, last, age_s, error)


def young_enough(s: Session, what: str, last: float | None, age_s: float | None, error: LockedError) -> int:
    """The same for a last success that is known already."""
    if age_s is None or last is None or s.clock.now() - last > age_s:
        raise error
    told = _("another run is under way; the last success is {n} h ago", n=f"{(s.clock.now() - last) / 3600:.1f}")
    s.say(f"{s.profile_name}: {told}")
    summary(s, what, told)
    return 0


def _beat(s: Session, what: str, seconds: float) -> None:
    """Write the heartbeat file and ask for the heartbeat URL; a failure is a warning and changes nothing."""
    if s.profile.heartbeat_file:
        try:
            _write(s, Path(s.profile.heartbeat_file).expanduser(), what, seconds)
        except (WecrmError, RuntimeError) as error:
            s.warn(_("The heartbeat file of {profile} was not written: {why}", profile=s.profile_name, why=error))
    if s.profile.heartbeat_url:
        from wecrm.api.heartbeat import ping

        why = ping(s.profile.heartbeat_url, proxy=s.profile.proxy)
        if why:
            s.warn(_("The heartbeat of {profile} did not get through: {why}", profile=s.profile_name, why=why))


def _write(s: Session, path: Path, what: str, seconds: float) -> None:
    from wecrm.files.atomic import replacing

    said = {
        "at": datetime.fromtimestamp(s.clock.now(), s.tz).isoformat(timespec="seconds"),
        "profile": s.profile_name,
        "corp_id": s.profile.corp_id,
        "command": what,
        "seconds": round(seconds, 1),
        "exit": 0,
    }
    with replacing(path, private=False) as stream:  # its reader is a monitor, another user
        stream.write(json.dumps(said, ensure_ascii=False).encode() + b"\n")
