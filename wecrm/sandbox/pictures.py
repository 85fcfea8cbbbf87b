"""Pictures of QR codes, as their public host serves them: no token, no app."""

import io
from typing import Final

from wecrm.sandbox.state.livecodes import GROUP, Code, matching
from wecrm.sandbox.world import World

HOST: Final = "https://wework.qpic.cn"
PREFIX: Final = "/wwpic/"
PIXELS_A_MODULE: Final = 8
TOO_MUCH: Final = 4_000_000
"""Bytes behind a picture that is larger than anybody expects."""


def picture_url(world: World, code: Code) -> dict[str, str]:
    """`qr_code` as the API gives it, where the world answers; nothing for a code without a picture."""
    return {"qr_code": f"{world.address or HOST}{PREFIX}{code.picture}/0"} if code.picture else {}


def target(world: World, code: Code) -> str:
    """The address that the picture shows to a phone; it stays, whatever is changed."""
    secret = world.digest("target", code.id).hex()
    return (
        f"https://work.weixin.qq.com/gm/{secret}" if code.kind == GROUP else f"https://work.weixin.qq.com/u/vc{secret}"
    )


def draw(world: World, path: str) -> bytes | None:
    """The PNG that lies at a path like /wwpic/<name>/0; None if there is none."""
    import segno

    with world.db.lock:
        found = matching(world, "picture = ? AND picture <> ''", (_name(path),))
    if not found:
        return None
    file = io.BytesIO()
    segno.make_qr(target(world, found[0])).save(file, kind="png", scale=PIXELS_A_MODULE)
    return file.getvalue()


def another(world: World, path: str) -> str:
    """The address of another picture than the one at this path, where there is one: what a redirect may lead to."""
    with world.db.lock:
        found = matching(world, "picture NOT IN ('', ?)", (_name(path),))
    return f"{world.address or HOST}{PREFIX}{found[0].picture}/0" if found else path


def _name(path: str) -> str:
    return path.removeprefix(PREFIX).removesuffix("/0")
