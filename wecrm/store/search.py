"""`contacts search`: relations in which a text stands anywhere."""

import re
from datetime import tzinfo

from wecrm.errors import UsageError
from wecrm.i18n import _
from wecrm.models.table import Query, Table
from wecrm.models.text import folded
from wecrm.store.database import Store
from wecrm.store.selection import table

TEXT_MAX = 200

_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_CONTACT = ("c.name", "c.corp_name", "c.unionid", "c.external_userid")
_RELATION = ("remark", "description", "remark_corp_name")


def search(store: Store, text: str, query: Query, *, now: float, tz: tzinfo) -> Table:
    """Relations whose names, remark, description, companies, mobiles or ids contain `text`.

    Width and case do not count; a member's userid must be given whole. `query` narrows further.

    Raises:
        UsageError: nothing to look for, or more than 200 characters; else as for `table`.
    """
    if not text.strip() or len(text) > TEXT_MAX:
        raise UsageError(_("Give a text of 1 to {max} characters to look for.", max=TEXT_MAX))
    forms = [f"%{_escaped(form)}%" for form in spellings(text)]
    params: list[str] = []
    contact, relation = (_any(columns, forms, params) for columns in (_CONTACT, _RELATION))
    parts = [
        f"SELECT r.id FROM contact c JOIN relation r ON r.external_userid = c.external_userid WHERE {contact}",
        f"SELECT id FROM relation WHERE {relation}",
        "SELECT id FROM relation WHERE userid = ?",
    ]
    params.append(text.strip())
    digits = _digits(text)
    if digits:
        parts.append("SELECT relation_id FROM relation_mobile WHERE mobile LIKE ?")
        params.append(f"%{digits}%")
    found = f"v.relation_id IN ({' UNION '.join(parts)})"
    return table(store, "contacts", query, now=now, tz=tz, base_where=(found, params))


def spellings(text: str) -> tuple[str, ...]:
    """The forms of `text` to look for: narrow and full width, and both cases beyond ASCII."""
    plain = text.strip()
    narrow = folded(plain)
    wide = narrow.translate(_WIDE)
    forms = (plain, narrow, narrow.upper(), wide, wide.upper())
    return tuple({_ascii_lower(form): form for form in forms}.values())


def _ascii_lower(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


def _any(columns: tuple[str, ...], forms: list[str], params: list[str]) -> str:
    params += [form for _column in columns for form in forms]
    return " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns for _form in forms)


def _digits(text: str) -> str:
    """The digits of something typed like a phone number, without +86; "" when it is none."""
    plain = re.sub(r"[\s()+-]", "", folded(text))
    if not plain.isascii() or not plain.isdigit() or len(plain) < 3:
        return ""
    return plain[2:] if len(plain) == 13 and plain.startswith("86") else plain
