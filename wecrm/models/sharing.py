"""Sharing out (分配) customers and groups: who is to be given away, who takes, and rules for it as a file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from wecrm.models.rules import Rule, Text, Texts, Ways

Strategy = Literal["one", "round-robin", "load", "cap", "department", "rules", "keep-together"]
STRATEGIES: tuple[Strategy, ...] = ("one", "round-robin", "load", "cap", "department", "rules", "keep-together")

Misfit = Literal["self", "unusable", "department", "rule", "full", "together"]
"""Why somebody fits no taker."""


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer of one handing-over member.

    `takers`: the only ones who may take them, None: anybody. `input`: the row of the caller's file, if any.
    """

    external_userid: str
    handover: str
    departments: frozenset[int] = frozenset()
    company: str = ""
    chats: frozenset[str] = frozenset()
    takers: frozenset[str] | None = None
    relation_id: int | None = None
    input: Mapping[str, str] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """(handover, external_userid)."""
        return self.handover, self.external_userid


@dataclass(frozen=True, slots=True)
class Group:
    """One customer group (客户群) of a handing-over owner, and who is in it; `takers`, `input` as of a customer."""

    chat_id: str
    handover: str
    departments: frozenset[int] = frozenset()
    customers: frozenset[str] = frozenset()
    takers: frozenset[str] | None = None
    input: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Taker:
    """Somebody who may take customers: how many they have, and how many more they may get (None: any number)."""

    userid: str
    load: int = 0
    room: int | None = None
    departments: frozenset[int] = frozenset()


class SharingRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule: customers that meet all its conditions go to one of `to`.

    Conditions as in models/rules.py; `tag`: the relation carries one of these tags.
    """

    to: Texts
    name: Text = ""
    tag: Texts = ()
    channel: Texts = ()
    code: Texts = ()
    add_way: Ways = ()
    chat: Texts = ()
    where: Text = ""

    def conditions(self) -> Rule:
        """Its conditions as those of a rule about tags, so that both ask in one way."""
        return Rule(
            channel=self.channel, code=self.code, add_way=self.add_way, chat=self.chat, where=self.where, name=self.name
        )


class SharingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"otherwise": "else"}):
    """The whole file: the first rule that a customer meets decides; `else` is for those who meet none."""

    rules: tuple[SharingRule, ...]
    otherwise: Texts = ()
