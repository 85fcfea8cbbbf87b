"""The archive's part of `wecrm doctor`: what the profile names, handed to the checks one by one."""

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from wecrm import config as configuration
from wecrm.cli.archive import opening
from wecrm.cli.session import Session
from wecrm.errors import WecrmError
from wecrm.i18n import _
from wecrm.models.clock import Run

if TYPE_CHECKING:
    from wecrm.models.archive import ArchiveSource
    from wecrm.operations.doctor import Finding, Patience


def examine(s: Session, patience: "Patience", *, granted: bool) -> Iterator["Finding"]:
    """Findings on the archive; none for a profile that has no part of it.

    Args:
        granted: whether WeCom grants a token for the archive's secret; else the library, which would ask again
            with the same secret and lock this machine's IP, is loaded only.
    """
    from wecrm.operations import doctor_archive
    from wecrm.operations.doctor import Finding

    if not s.in_sandbox and not s.profile.archive.library and "archive" not in s.profile.secrets:
        return
    findings, pems = doctor_archive.private_keys(_keys(s))
    yield from findings
    source: list[ArchiveSource] = []
    yield from _loaded(s, source)
    if granted:
        yield from _asked(s, patience, pems, source)
    else:
        yield Finding("archive.page", "skip", _("Not asked: there is no access token for the archive's secret."))
    yield from _last(s)


def _keys(s: Session) -> dict[int, Callable[[], bytes]]:
    """How to read each private key of the profile."""
    if s.in_sandbox:
        return {version: lambda pem=pem: pem for version, pem in opening.private_keys(s).items()}  # type: ignore[misc]
    environ = s.options.environ
    return {
        version: lambda reference=reference: configuration.resolve(reference, environ).encode()  # type: ignore[misc]
        for version, reference in s.profile.archive.keys.items()
    }


def _loaded(s: Session, source: list["ArchiveSource"]) -> Iterator["Finding"]:
    """The source, put into the list where it can be opened; which library it is, and its proxy."""
    from wecrm.api.archive.native import NativeSource
    from wecrm.operations import doctor_archive
    from wecrm.operations.doctor import failed

    try:
        source.append(opening.source(s))
    except WecrmError as error:
        yield failed("archive.library", error)
        return
    if isinstance(source[0], NativeSource):
        yield doctor_archive.library(source[0].found, standin=source[0].standin)
        if s.profile.archive.proxy:
            yield doctor_archive.proxy(re.sub("//[^/@]*@", "//***@", s.profile.archive.proxy))


def _asked(
    s: Session, patience: "Patience", pems: dict[int, bytes], source: list["ArchiveSource"]
) -> Iterator["Finding"]:
    """What WeCom says to the archive's secret, by HTTP and through the library."""
    from wecrm.api.archive import diagnosis
    from wecrm.api.archive.keys import Keys
    from wecrm.operations import doctor_archive

    run = Run(s.clock, patience)
    yield doctor_archive.seats(lambda: opening.client(s, run), patience)
    if source:
        patience.again()
        yield from doctor_archive.trial(
            source[0], Keys(pems), lambda: diagnosis.explain(lambda: opening.client(s, run))
        )


def _last(s: Session) -> Iterator["Finding"]:
    """The last pull, read without making or migrating the archive."""
    from wecrm.operations import doctor_archive
    from wecrm.operations.doctor import failed
    from wecrm.store.archive import standing

    try:
        status = standing.read(opening.database(s), s.profile.corp_id, opening.passphrase(s))
    except WecrmError as error:
        yield failed("archive.database", error)
        return
    yield from doctor_archive.pulled(status, s.clock.now())
