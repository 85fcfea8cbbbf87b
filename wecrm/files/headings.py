"""Which column of a caller's sheet holds which field: headings in English and Chinese, and `--map`."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.text import folded, visible

FieldKind = Literal["id", "text", "mobile"]
"""`id` and `mobile` are searched for what spreadsheets do to numbers."""

FIELDS: Mapping[str, FieldKind] = MappingProxyType(
    {
        "userid": "id",
        "external_userid": "id",
        "unionid": "id",
        "mobile": "mobile",
        "mobiles": "mobile",
        "member": "text",
        "name": "text",
        "add": "text",
        "remove": "text",
        "remark": "text",
        "description": "text",
        "company": "text",
        "takeover": "text",
    }
)
"""The fields whose headings are known, beside whatever a caller names."""

_HEADINGS: Mapping[str, tuple[str, ...]] = {  # one heading for two fields: the earlier field wins
    "member": ("员工", "成员", "员工姓名", "成员姓名", "Member name"),
    "userid": ("员工账号", "成员账号", "员工ID", "成员ID", "Member ID", "员工", "成员"),
    "external_userid": ("客户ID", "外部联系人ID", "Customer ID"),
    "mobile": ("手机", "手机号", "手机号码", "电话", "电话号码"),
    "mobiles": ("备注手机", "备注手机号", "备注电话", "Mobiles noted"),
    "name": ("客户", "客户姓名", "客户名称", "客户昵称"),
    "add": ("标签", "添加标签", "新增标签"),
    "remove": ("移除标签", "删除标签", "去除标签"),
    "remark": ("备注", "备注名"),
    "description": ("描述",),
    "company": ("企业", "公司", "企业名称", "公司名称"),
    "chat_id": ("客户群ID", "群ID", "群聊ID", "Group ID"),
    "takeover": ("接替人", "接替成员", "接替员工"),
    "due": ("最后工作日", "最后一天", "离职日期", "离职日", "Last day"),
    "strategy": ("分配方式", "策略"),
    "then": ("之后", "离职处理"),
    "message": ("提示语", "转接提示"),
    "from": ("开始", "开始日期", "开始时间", "请假开始"),
    "to": ("结束", "结束日期", "结束时间", "请假结束"),
}
TITLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "userid": "Member ID",
            "member": "Member name",
            "external_userid": "Customer ID",
            "unionid": "UnionID",
            "mobiles": "Mobiles noted",
            "remark": "Remark",
            "description": "Description",
            "company": "Company",
        },
        "zh": {
            "userid": "成员账号",
            "member": "成员姓名",
            "external_userid": "客户ID",
            "unionid": "UnionID",
            "mobiles": "备注手机",
            "remark": "备注",
            "description": "描述",
            "company": "企业",
        },
    }
)
"""Language → field → the heading we write for it: one that is read back as just this field."""

_SHOWN = 12  # headings in an error
_SHOWN_CHARS = 24  # of each
_DATA = re.compile(r"\+?[\d-]{5,}(\.\d+)?|w[mo][\w-]{10,}|[^@\s]+@[^@\s]+", re.ASCII)


def key(heading: str) -> str:
    """`heading` for comparing: width, case, blanks, `_` and `-` do not count."""
    return re.sub(r"[\s_\-\u200b\ufeff]+", "", folded(heading))


def letter(index: int) -> str:
    """The spreadsheet's name of a column: 0 is A, 26 is AA."""
    name = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        name = chr(65 + rest) + name
    return name


def wanted(fields: Iterable[str], mapping: Mapping[str, str]) -> dict[str, str]:
    """Every heading that is recognised, as `key`, and its field; `mapping` (field → heading) overrides."""
    fields = tuple(fields)
    found: dict[str, str] = {}
    for field in fields:
        if field not in mapping:
            found.setdefault(key(field), field)
    for field, headings in _HEADINGS.items():
        if field in fields and field not in mapping:
            for heading in headings:
                found.setdefault(key(heading), field)
    return found | {key(heading): field for field, heading in mapping.items()}


def check_mapping(fields: Iterable[str], mapping: Mapping[str, str], headings: Sequence[str], name: str) -> None:
    """Refuse a `--map` whose field is not known here or whose heading is not in the sheet.

    Raises:
        UsageError: names the nearest field or heading.
    """
    meant: dict[str, str] = {}
    for field, heading in mapping.items():
        other = meant.setdefault(key(heading), field)
        if other != field:
            raise UsageError(
                _("`--map` gives one heading to both {first} and {second}.", first=other, second=field),
                fix=_("Give each field a heading of its own."),
            )
        if field not in fields:
            raise UsageError(
                _("`--map {field}=…`: there is no field {field}.", field=visible(field)),
                why=_("Fields here: {fields}.", fields=", ".join(fields)),
                fix=_nearest(field, list(fields)),
            )
        if key(heading) not in map(key, headings):
            raise UsageError(
                _("`--map {field}=…`: {name} has no such heading.", field=field, name=name),
                why=_found(headings),
                fix=_nearest(heading, headings),
            )


def locate(headings: Sequence[str], known: Mapping[str, str], name: str) -> dict[str, int]:
    """Field → index of its column; columns of no field are left out.

    Raises:
        UsageError: two columns for one field.
    """
    columns: dict[str, int] = {}
    for index, heading in enumerate(headings):
        field = known.get(key(heading))
        if field is None:
            continue
        if field in columns:
            raise UsageError(
                _(
                    "{name}: columns {first} and {second} both hold {field}.",
                    name=name,
                    first=letter(columns[field]),
                    second=letter(index),
                    field=field,
                ),
                why=_found(headings),
                fix=_("Rename one of them, or choose one with `--map {field}=HEADING`.", field=field),
            )
        columns[field] = index
    return columns


def check_required(
    required: Sequence[Sequence[str]],
    columns: Iterable[str],
    headings: Sequence[str],
    known: Mapping[str, str],
    name: str,
) -> None:
    """Refuse a sheet that has none of the combinations in `required`; an empty `required` asks nothing.

    Raises:
        UsageError: names the headings found, the nearest ones and those accepted.
    """
    columns = set(columns)
    if not required or any(columns.issuperset(combination) for combination in required):
        return
    needed = {field for combination in required for field in combination}
    accepted = {field: _accepted(field, known) for field in known.values() if field in needed}
    guesses = [
        _("`{heading}` is perhaps meant as {field}.", heading=_short(heading), field=known[near[0]])
        for heading in headings
        if (near := difflib.get_close_matches(key(heading), [k for k in known if known[k] in needed - columns], 1))
        and key(heading) not in known
        and not _DATA.fullmatch(heading.strip())
    ]
    ways = [" + ".join(combination) for combination in required]
    raise UsageError(
        _("{name} lacks a column; needed: {ways}.", name=name, ways=" / ".join(ways)),
        why=" ".join([_found(headings), *guesses]),
        fix=_(
            "Name the columns so, or give `--map FIELD=HEADING`: {accepted}.",
            accepted="; ".join(f"{field}: {' '.join(names)}" for field, names in accepted.items()),
        ),
    )


def unique(headings: Sequence[str]) -> tuple[str, ...]:
    """The headings with the column's letter added where one is blank or comes twice."""
    seen: set[str] = set()
    names = []
    for index, heading in enumerate(headings):
        name = heading
        if not name.strip() or name in seen:
            name = f"{heading} ({letter(index)})".strip()
        while name in seen:
            name += "'"
        seen.add(name)
        names.append(name)
    return tuple(names)


def _accepted(field: str, known: Mapping[str, str]) -> list[str]:
    names = [field, *_HEADINGS.get(field, ())]
    return [name for name in names if known.get(key(name)) == field] or [
        name for name, meant in known.items() if meant == field
    ]


def _short(heading: str) -> str:
    heading = visible(heading.strip())
    return heading if len(heading) <= _SHOWN_CHARS else heading[:_SHOWN_CHARS] + "…"


def _found(headings: Sequence[str]) -> str:
    """Says which headings there are, but shows no data when the first row is data."""
    if any(_DATA.fullmatch(heading.strip()) for heading in headings):
        return _("The first row looks like data, not like headings.")
    names = [_short(heading) for heading in headings[:_SHOWN]] + ["…"] * (len(headings) > _SHOWN)
    return _("Headings found: {headings}.", headings=", ".join(names))


def _nearest(word: str, choices: Sequence[str]) -> str:
    by_key = {key(choice): choice for choice in choices}
    near = difflib.get_close_matches(key(word), by_key, 1)
    return _("Did you mean {name}?", name=_short(by_key[near[0]])) if near else ""
