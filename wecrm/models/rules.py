"""Rules as a file: which customers get which tag, and which stage, as an administrator writes it down."""

from typing import Annotated

import msgspec

from wecrm.i18n import _

Text = Annotated[str, msgspec.Meta(min_length=1)]
"""Not empty: a `channel:` with nothing behind it must never mean everybody."""

Texts = Text | Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
Ways = int | Text | Annotated[tuple[int | Text, ...], msgspec.Meta(min_length=1)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Share = Annotated[str, msgspec.Meta(pattern=r"^(100|\d{1,2}(\.\d+)?)%$")]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule: relations that meet all its conditions get `tag`, or their customer moves to `stage`.

    `channel` is the `state` of a live code, `code` the name of a live code that brought the customer
    and `chat` the name or id of a customer group, `*` and `?` standing for any text and any character;
    `add_way` is WeCom's number or the name that wecrm shows; `where` is a `--where`. Of several values
    one must fit. `start` (in the file: `from`) names the stages from which the rule moves; without it,
    it moves forward only.
    """

    name: Text = ""
    channel: Texts = ()
    code: Texts = ()
    add_way: Ways = ()
    chat: Texts = ()
    where: Text = ""
    tag: Text = ""
    stage: Text = ""
    start: Texts = msgspec.field(default=(), name="from")

    def label(self, n: int) -> str:
        """What people call it when it is the `n`-th of its file."""
        return _("rule {n} ({name})", n=n, name=self.name) if self.name else _("rule {n}", n=n)


class RuleLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an apply of these rules may do unasked; None: as the profile says. Shares are written `30%`."""

    max_changes: Count | None = None
    max_removals: Share | None = None
    max_failures: Count | Share | None = None


class RulesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file; rules are counted from 1."""

    rules: tuple[Rule, ...]
    limits: RuleLimits = RuleLimits()


CONDITIONS = tuple(field for field in Rule.__struct_encode_fields__ if field not in ("name", "tag", "stage", "from"))
"""Fields of a rule that say whom it is about."""


def several(value: Texts | Ways) -> tuple[str | int, ...]:
    """The values of a field that holds one or a list."""
    return value if isinstance(value, tuple) else (value,)
