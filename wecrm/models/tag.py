"""Corp tags (企业标签) and their groups, as doc 92117 answers them."""

import msgspec

NAME_MAX = 30
"""Characters of a tag's or a group's name (doc 92117)."""

ORDER_MAX = 2**32 - 1
"""The largest `order` that WeCom takes (doc 92117)."""


class CorpTag(msgspec.Struct, frozen=True):
    """One corp tag; a larger `order` stands first."""

    id: str
    name: str
    order: int = 0
    create_time: int = 0
    deleted: bool = False


class TagGroup(msgspec.Struct, frozen=True):
    """A group of corp tags; WeCom keeps no empty group."""

    group_id: str
    group_name: str
    order: int = 0
    create_time: int = 0
    deleted: bool = False
    tag: tuple[CorpTag, ...] = ()
