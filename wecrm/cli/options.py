"""Options that several commands share, and how their values are read."""

from wecrm.errors import UsageError
from wecrm.i18n import _


def share(flag: str, text: str) -> float:
    """0…1 from `30%` or `0.3`."""
    try:
        value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise UsageError(_("{flag} takes a share like 30%, not {value}.", flag=flag, value=text))
    return value
