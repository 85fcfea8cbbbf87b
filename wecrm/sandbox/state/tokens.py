"""Secrets and tokens: one token per app while it is valid, kept in the world file."""

import base64
from collections.abc import Sequence
from typing import Final, cast

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.state.scope import App, apps
from wecrm.sandbox.world import World

TOKEN_LIVES_S: Final = 7200
BLOCK_S: Final = 3600.0


def trusted(world: World, ip: str) -> None:
    """60020 unless the address is in the trusted list, or there is no list."""
    ips = world.setting("trusted_ips")
    if ips is not None and ip not in cast(Sequence[str], ips):
        raise Refusal(60020)


def get_token(world: World, corp_id: str, secret: str, ip: str, now: float) -> tuple[str, int]:
    """The app's token and the seconds it has left; a new one only when the old one is over."""
    blocked(world, ip, now)
    if corp_id != world.corp_id:
        raise Refusal(40013)
    app = next((a for a in apps(world).values() if a.secret == secret and a.enabled), None)
    if app is None:
        _remember_wrong(world, ip, now)
        raise Refusal(40001)
    if world.switch("trusted_ip_at") == "gettoken":
        trusted(world, ip)
    db = world.db.connection
    row = db.execute(
        "SELECT token, expires FROM token WHERE kind = ? AND expires > ? AND NOT ended", (app.kind, now)
    ).fetchone()
    if row is not None:
        return row[0], max(1, int(row[1] - now))
    raw = b"".join(world.digest("token", app.kind, world.new_number(), n, size=64) for n in range(2))
    token = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    db.execute("INSERT INTO token VALUES (?, ?, ?, 0)", (token, app.kind, now + TOKEN_LIVES_S))
    return token, TOKEN_LIVES_S


def app_of(world: World, token: str, now: float) -> App:
    """Whose token it is; 41001 missing, 40014 unknown or ended, 42001 expired."""
    if not token:
        raise Refusal(41001)
    row = world.db.connection.execute("SELECT kind, expires, ended FROM token WHERE token = ?", (token,)).fetchone()
    if row is None or row[2]:
        raise Refusal(40014)
    if now >= row[1] + cast(int, world.switch("token_overlap_s")):
        raise Refusal(42001)
    return apps(world)[row[0]]


def end_token(world: World, token: str) -> None:
    """End one token early, as the platform may."""
    world.db.connection.execute("UPDATE token SET ended = 1 WHERE token = ?", (token,))


def end_tokens(world: World, kind: str = "") -> None:
    """End the tokens of one app, or all."""
    world.db.connection.execute("UPDATE token SET ended = 1 WHERE kind = ? OR ? = ''", (kind, kind))


def blocked(world: World, ip: str, now: float) -> None:
    """45009 while the address is blocked for wrong secrets."""
    row = world.db.connection.execute("SELECT blocked FROM wrong_secret WHERE ip = ?", (ip,)).fetchone()
    if row is not None and now < row[0]:
        raise Refusal(45009)


def _remember_wrong(world: World, ip: str, now: float) -> None:
    db = world.db.connection
    row = db.execute("SELECT since, count FROM wrong_secret WHERE ip = ?", (ip,)).fetchone()
    since, count = (now, 0) if row is None or now >= row[0] + BLOCK_S else row
    count += 1
    block = now + BLOCK_S if count >= world.limit("wrong_secrets") else 0.0
    db.execute("INSERT OR REPLACE INTO wrong_secret VALUES (?, ?, ?, ?)", (ip, since, count, block))
