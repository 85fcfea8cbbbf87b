"""gettoken."""

from wecrm.sandbox.fields import Fields
from wecrm.sandbox.state import tokens
from wecrm.sandbox.world import World


def gettoken(world: World, fields: Fields, ip: str, now: float) -> dict[str, object]:
    """A token for a secret (doc 91039)."""
    corp_id = fields.text("corpid", missing=41002)
    secret = fields.text("corpsecret", missing=41004)
    token, left = tokens.get_token(world, corp_id, secret, ip, now)
    return {"access_token": token, "expires_in": left}
