"""Who the simulated corp is: ids and secrets that a user copies into a configuration."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

CORP_ID: Final = "wwsandbox00000001"
CORP_NAME: Final = "沙盒科技有限公司"
AGENTID: Final = 1000002
START: Final = 1793494800.0  # 2026-11-01 09:00 +08:00, unless a world is told otherwise

SECRETS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "contact": "sandbox-contact-secret",  # self-built app among those allowed to use customer contact
        "second": "sandbox-second-secret",  # another allowed self-built app; some tags are its own
        "system": "sandbox-system-secret",  # the customer contact system app
        "directory": "sandbox-directory-secret",  # contacts sync
        "archive": "sandbox-archive-secret",  # session archive
        "other": "sandbox-other-secret",  # self-built app that is not allowed: 48002 on customer contact
    }
)
AGENTIDS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "contact": AGENTID,
        "second": 1000003,
        "system": 2000003,
        "directory": 2000002,
        "archive": 2000004,
        "other": 1000009,
    }
)
