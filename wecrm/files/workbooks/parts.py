"""Which part of a workbook's package holds which sheet."""

import html
import io
import posixpath
import re
import zipfile

_TAG = r"<(?:\w+:)?{name}\b([^>]*)>"
_SHEET = re.compile(_TAG.format(name="sheet"))
_RELATION = re.compile(_TAG.format(name="Relationship"))
_ATTRIBUTE = re.compile(r"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_FOLDER = "xl"


def part_of(data: bytes, title: str) -> str | None:
    """The name of the part that holds the sheet called `title`; None when the package is no usual one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            sheets = _tags(_SHEET, package.read(f"{_FOLDER}/workbook.xml"))
            relations = _tags(_RELATION, package.read(f"{_FOLDER}/_rels/workbook.xml.rels"))
            names = set(package.namelist())
    except KeyError:
        return None
    ids = [value for tag in sheets if tag.get("name") == title for key, value in tag.items() if key.endswith(":id")]
    targets = [tag.get("Target", "") for tag in relations if tag.get("Id") in ids]
    found = [posixpath.normpath(posixpath.join(f"/{_FOLDER}", target)).lstrip("/") for target in targets]
    return found[0] if len(found) == 1 and found[0] in names else None


def _tags(pattern: re.Pattern[str], part: bytes) -> list[dict[str, str]]:
    text = part.decode("utf-8", "replace")
    return [
        {name: html.unescape(one or other) for name, one, other in _ATTRIBUTE.findall(found[1])}
        for found in pattern.finditer(text)
    ]
