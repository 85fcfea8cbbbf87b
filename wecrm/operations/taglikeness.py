"""Tags whose names are nearly the same, and the one of each two that should stay.

Names are not compared one with another: each gets keys, and those that share a key are alike. So
10,000 tags are 10,000 looks into a dictionary instead of 50 million comparisons.

What always tells names apart: numbers, codes of few letters, and a Chinese character in place of
another. 2024 and 2025, 一级 and 二级, KA and KB, 上海 and 上饶 are different things.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from wecrm.models.text import folded
from wecrm.store.tags import KnownTag

Why = Literal["same", "pinyin", "spelling"]
"""Alike but for width, case, spaces and punctuation; in sound, tones included; but for one letter or character."""

Key = tuple[Why, str]

WORD = 5
"""Letters of a word, from which one letter more or less is a slip; shorter ones are codes (KA, VIP)."""

PHRASE = 6
"""Pieces of a name, from which one Chinese character more is a slip, unless it is a telling one."""

SERIES = 3
"""More names than these that differ in one place are a series: a slip comes alone."""

_LETTERS = "[^\\W\\d_\u2e80-\U0010ffff]"  # of the scripts that have words
_PIECE = re.compile(f"{_LETTERS}+-$|{_LETTERS}+|\\d+(?:\\.\\d+)*|\\S")
_WORD = re.compile(f"{_LETTERS}{{{WORD},}}")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_JOINT = "\x1f"

_NUMERAL = re.compile("[〇零一二三四五六七八九十百千万亿两]")
_FILLING = frozenset("的了类型款省市区")
_TELLING = frozenset("不未非无没否待准大小新老旧高中低男女上下左右前后东南西北内外多少甲乙丙丁春夏秋冬早晚买卖")


@dataclass(frozen=True, slots=True)
class Pair:
    """A tag that should become part of another one, and why."""

    goes: KnownTag
    stays: KnownTag
    why: Why


def pairs(ranked: Sequence[KnownTag]) -> Iterator[Pair]:
    """Each tag with the one that it most likely repeats, of those that stand before it.

    A tag of the own group goes before those of others, and `same` before `pinyin` before
    `spelling`. One name in two groups is no repetition: a group gives its tags their meaning.

    Args:
        ranked: the library; what should rather stay comes first.
    """
    keys = _keys({tag.name for tag in ranked})
    first: dict[tuple[Key, str], KnownTag] = {}
    for tag in ranked:
        places = [(key, group) for group in (tag.group_id, "") for key in keys.get(tag.name, ())]
        alike = (Pair(tag, first[place], place[0][0]) for place in places if place in first)
        found = next((pair for pair in alike if pair.stays.name != tag.name), None)
        if found:
            yield found
        for place in places:
            first.setdefault(place, tag)


def _keys(names: Collection[str]) -> Mapping[str, Sequence[Key]]:
    """The keys of each name that another name has too, the surest first."""
    pieces = {name: parts for name in names if (parts := _pieces(name))}
    solids = {name: _solid(parts) for name, parts in pieces.items()}
    sounds = _sounds(solids)
    known = {_JOINT.join(parts) for parts in pieces.values()}
    keys: dict[str, list[Key]] = {}
    for name, parts in pieces.items():
        keys[name] = [
            ("same", solids[name]),
            *(("pinyin", sound) for sound in sounds.get(name, ())),
            *(("spelling", spelling) for spelling in dict.fromkeys(_spellings(parts, known))),
        ]
    count = Counter(key for found in keys.values() for key in found)
    return {
        name: [key for key in found if count[key] > 1 and (key[0] != "spelling" or count[key] <= SERIES)]
        for name, found in keys.items()
    }


def _pieces(name: str) -> Sequence[str]:
    """The name as words, numbers and single characters, without what does not count."""
    return [piece for piece in _PIECE.findall(folded(name)) if not _ignored(piece)]


def _ignored(piece: str) -> bool:
    """Whether it is punctuation or can't be seen; signs and emoji count, as A is not A+."""
    return piece in "~|\ufe0f" or (piece != "%" and len(piece) == 1 and unicodedata.category(piece)[0] in "PZC")


def _solid(pieces: Sequence[str]) -> str:
    """The pieces without gaps, except between numbers: 1-3 is not 13."""
    return re.sub(rf"(?<!\d){_JOINT}|{_JOINT}(?!\d)", "", _JOINT.join(pieces))


def _sounds(solids: Mapping[str, str]) -> Mapping[str, Sequence[str]]:
    """The pinyin of names with two Chinese characters or more, and Latin names that are such a pinyin.

    Tones count, or 山西 were 陕西, and 买家 were 卖家. So do numerals: 一院 is no 医院.
    """
    from pypinyin import Style, lazy_pinyin  # 0.2 s and 50 MB, for this alone

    latin = {solid for solid in solids.values() if solid.isascii() and solid.isalpha()}
    found: dict[str, list[str]] = {}
    for name, solid in solids.items():
        if solid in latin:
            found[name] = [solid]
        elif len(_HAN.findall(solid)) > 1:
            syllables = lazy_pinyin(solid, style=Style.TONE3)
            found[name] = [_JOINT.join([*syllables, *_NUMERAL.findall(solid)])]
            plain = "".join(syllable.rstrip("1234") for syllable in syllables)
            if solid.isalpha() and plain in latin:
                found[name].append(plain)
    return found


def _spellings(pieces: Sequence[str], known: Collection[str]) -> Iterator[str]:
    """The name itself, those `known` ones that a slip makes of it, and it with a gap for a letter inside a word."""

    def become(*parts: str) -> str:
        return _JOINT.join((*pieces[:n], *parts, *pieces[n + 1 :]))

    yield _JOINT.join(pieces)
    for n, piece in enumerate(pieces):
        if _WORD.fullmatch(piece):
            yield from (become(f"{piece[:i]}\0{piece[i + 1 :]}") for i in range(1, len(piece) - 1))
            yield from (other for slip in _slips(piece) if (other := become(slip)) in known)
        elif n and _HAN.match(piece) and _superfluous(piece, len(pieces) - 1) and become() in known:
            yield become()


def _slips(word: str) -> Iterator[str]:
    """The word with one letter less, though not its first, and with two neighbours swapped."""
    if len(word) > WORD:
        yield from (word[:i] + word[i + 1 :] for i in range(1, len(word)))
    yield from (word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1))


def _superfluous(char: str, rest: int) -> bool:
    """Whether a name of `rest` pieces beside this Chinese character is likely the same without it."""
    if char in _FILLING:
        return rest > 1
    return rest >= PHRASE and char not in _TELLING and not _NUMERAL.match(char)
