"""The archive's part of `wecrm doctor`: library, keys, a message opened for trial, seats, the last pull."""

from collections.abc import Callable, Iterator, Mapping

from wecrm.api import msgaudit
from wecrm.api.answers import NAMES_IP
from wecrm.api.archive import refusals
from wecrm.api.archive.diagnosis import STOPPING
from wecrm.api.archive.keys import Keys, parsed
from wecrm.api.archive.loading import Found
from wecrm.api.archive.native import NETWORK
from wecrm.api.client import Client
from wecrm.api.errcodes import find
from wecrm.errors import ConfigError, Exit, WecrmError
from wecrm.i18n import _
from wecrm.models import archivepage
from wecrm.models.archive import CRASHED, KEY_REFUSED, NO_KEY, NOT_BASE64, WINDOW_S, ArchiveSource, Sealed
from wecrm.models.status import ArchiveStatus
from wecrm.operations.doctor import STALE_S, Finding, Patience, failed

WRONG_KEY = (KEY_REFUSED, 10005, 10006, 10008)
"""Codes that come of a private key of another version or corp; the library says 10005 once in about 256 times."""


def library(found: Found, *, standin: bool) -> Finding:
    """Which file was loaded as the vendor's library."""
    if standin:
        detail = _("{path} is a stand-in for tests, not WeCom's library.", path=found.path)
        return Finding("archive.library", "warn", detail, _("Set archive.library to WeCom's own library."))
    if not found.version:
        detail = _(
            "{path} is loaded; its version is not known (SHA-256 {hash}…).", path=found.path, hash=found.sha256[:16]
        )
        return Finding("archive.library", "ok", detail)
    return Finding("archive.library", "ok", _("{path} is loaded ({version}).", path=found.path, version=found.version))


def proxy(shown: str) -> Finding:
    """What a proxy of the library means; `shown` is without user and password."""
    detail = _(
        "The library goes through {proxy} and checks no certificate: whoever runs it can read corp id and secret.",
        proxy=shown,
    )
    return Finding("archive.proxy", "warn", detail, _("Name only a proxy that you trust, or none."))


def private_keys(read: Mapping[int, Callable[[], bytes]]) -> tuple[list[Finding], dict[int, bytes]]:
    """A finding per version, and the keys that can be used; `read` gives the PEM or raises ConfigError."""
    findings, usable = [], {}
    for version, pem in sorted(read.items()):
        check = f"archive.key.{version}"
        try:
            content = pem()
            parsed(version, content)
        except ConfigError as error:
            findings.append(failed(check, error))
        else:
            usable[version] = content
            findings.append(Finding(check, "ok", _("RSA with 2048 bits.")))
    if not read:
        fix = _("Add archive.keys to the profile: every private key, by the version that the console shows.")
        findings.append(
            Finding("archive.key", "fail", _("The profile names no private key of the archive."), fix, Exit.config)
        )
    return findings, usable


def trial(source: ArchiveSource, keys: Keys, diagnose: Callable[[], WecrmError]) -> Iterator[Finding]:
    """Whether a page can be fetched, and its first message, the oldest that WeCom has, be opened."""
    code, body = source.page(0, 1)
    page = archivepage.read(body) if code == 0 else None
    if code == NETWORK:
        yield failed("archive.page", diagnose())
        return
    if page is None or page.errcode:
        errcode = page.errcode if page else code
        yield failed("archive.ip" if errcode in NAMES_IP else "archive.page", refusals.of_page(code, page, len(body)))
        return
    yield Finding("archive.ip", "ok", _("The archive answers calls from this machine."))
    if page.sealed:
        yield _opened(source, keys, page.sealed[0])
    else:
        detail = _("Not tried: WeCom has no message of the last five days; `wecrm archive pull` judges if that can be.")
        yield Finding("archive.decrypt", "skip", detail)


def _opened(source: ArchiveSource, keys: Keys, sealed: Sealed) -> Finding:
    check, version = "archive.decrypt", sealed.publickey_ver
    code, key = keys.open(version, sealed.encrypt_random_key)
    if code == 0:
        ((code, _text),) = source.decrypt([(key, sealed.encrypt_chat_msg)])
    if code == 0:
        return Finding(check, "ok", _("A message of key version {n} could be opened.", n=version))
    wrong = _("Set archive.keys.{n} to the private key whose public half the console shows as version {n}.", n=version)
    if code == NO_KEY:
        detail = _("Messages are sealed for key version {n}, whose private key the profile does not name.", n=version)
        return Finding(check, "fail", detail, wrong, Exit.config)
    if code in WRONG_KEY:
        detail = _("A message of key version {n} can't be opened: it is the wrong private key.", n=version)
        return Finding(check, "fail", detail, wrong, Exit.config)
    fix = _("Take the newest library from WeCom's archive page (91774) and set archive.library.")
    if code == CRASHED:
        return Finding(check, "fail", _("The library ends its process on a message."), fix, Exit.refused)
    meaning = _("The message itself is damaged.") if code == NOT_BASE64 else _(find(code).meaning)
    detail = _("A message can't be opened: {meaning}", meaning=meaning)
    return Finding(check, "warn", detail, _("If it is not the only one, `wecrm archive quarantine list` says more."))


def seats(connect: Callable[[], Client], patience: Patience) -> Finding:
    """How many members have a seat."""
    patience.again()
    try:
        found = msgaudit.get_permit_user_list(connect())
    except WecrmError as error:
        if error.code in STOPPING:
            raise
        return failed("archive.seats", error)
    if found:
        return Finding("archive.seats", "ok", _("{n} members have a seat.", n=len(found)))
    fix = _("Admin console → 管理工具 → 会话内容存档: choose the members, and check that the service is paid.")
    return Finding("archive.seats", "fail", _("Nobody has a seat: no conversation is archived."), fix, Exit.refused)


def pulled(status: ArchiveStatus | None, now: float) -> Iterator[Finding]:
    """When messages were last fetched to the end, and what waits."""
    fix = "wecrm archive pull"
    if status is None or status.last_success is None:
        yield Finding("archive.pull", "warn", _("Nothing was ever fetched."), fix)
        return
    age = max(0.0, now - status.last_success)
    detail = _("Last fetched {n} hours ago.", n=f"{age / 3600:.1f}")
    if age > WINDOW_S:
        detail = _("Last fetched {n} days ago; WeCom keeps messages for five.", n=f"{age / 86400:.1f}")
        yield Finding("archive.pull", "fail", detail, fix, Exit.integrity)
    else:
        yield Finding("archive.pull", "warn" if age > STALE_S else "ok", detail, fix if age > STALE_S else "")
    if status.unreadable:
        detail = _("{n} messages could not be read and wait.", n=status.unreadable)
        yield Finding("archive.quarantine", "warn", detail, "wecrm archive quarantine list")
