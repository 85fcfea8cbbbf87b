"""Takes fields out of a request; what is missing, over-long or of a wrong type is refused."""

from collections.abc import Mapping

from wecrm.sandbox.refusals import Refusal
from wecrm.sandbox.settings import JSON

UINT32 = 2**32
SIZES = ("limit", "page_size")


class Fields:
    """The fields of a query or of a body.

    Missing or empty: 40063, or the code that the platform has for that field. Wrong type, too long, out
    of range: 40058. Sizes of pages are in the end no larger than `page_rows`.
    """

    def __init__(self, given: Mapping[str, JSON], page_rows: int = UINT32) -> None:
        self.given = given
        self.page_rows = page_rows

    def has(self, name: str) -> bool:
        """Whether the field was sent, and not as null."""
        return self.given.get(name) is not None

    def text(self, name: str, *, missing: int = 40063, longest: int = 0) -> str:
        """A required string."""
        value = self.maybe_text(name, longest=longest)
        if not value:
            raise Refusal(missing, name)
        return value

    def maybe_text(self, name: str, *, longest: int = 0) -> str | None:
        """A string, or None if it was not sent."""
        value = self.given.get(name)
        if value is None:
            return None
        if not isinstance(value, str) or (longest and len(value) > longest):
            raise Refusal(40058, name)
        return value

    def maybe_number(self, name: str, *, least: int = 0, most: int = UINT32 - 1) -> int | None:
        """An integer, also as digits in a query; None if it was not sent."""
        value = self.given.get(name)
        if value is None:
            return None
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Refusal(40058, name)
        return value

    def body_number(self, name: str, *, least: int = 0, most: int = UINT32 - 1) -> int | None:
        """An integer of a JSON body, where digits in a string are a wrong type."""
        if isinstance(self.given.get(name), str):
            raise Refusal(40058, name)
        value = self.maybe_number(name, least=least, most=most)
        return min(value, self.page_rows) if value is not None and name in SIZES else value

    def maybe_texts(self, name: str) -> list[str] | None:
        """A list of strings, or None if it was not sent."""
        value = self.given.get(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise Refusal(40058, name)
        texts = [item for item in value if isinstance(item, str)]
        if len(texts) != len(value):
            raise Refusal(40058, name)
        return texts

    def maybe_flag(self, name: str) -> bool | None:
        """True or false, never 1 or 0; None if it was not sent."""
        value = self.given.get(name)
        if value is not None and not isinstance(value, bool):
            raise Refusal(40058, name)
        return value

    def maybe_numbers(self, name: str) -> list[int] | None:
        """A list of integers, or None if it was not sent."""
        value = self.given.get(name)
        if value is None:
            return None
        if not isinstance(value, list):
            raise Refusal(40058, name)
        numbers = [item for item in value if isinstance(item, int) and not isinstance(item, bool)]
        if len(numbers) != len(value):
            raise Refusal(40058, name)
        return numbers

    def texts(self, name: str, *, most: int, missing: int = 40063) -> list[str]:
        """A required list of 1 to `most` strings, none of them empty; `missing` is for one that was not sent."""
        found = self.maybe_texts(name)
        if found is None:
            raise Refusal(missing, name)
        if not found:
            raise Refusal(40063, name)
        if len(found) > most or not all(found):
            raise Refusal(40058, name)
        return found

    def maybe_object(self, name: str) -> "Fields | None":
        """A nested object, or None if it was not sent."""
        value = self.given.get(name)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise Refusal(40058, name)
        return Fields(value)

    def objects(self, name: str) -> list["Fields"]:
        """A required list of objects, at least one."""
        value = self.given.get(name)
        if value is None or value == []:
            raise Refusal(40063, name)
        if not isinstance(value, list):
            raise Refusal(40058, name)
        found = [Fields(item) for item in value if isinstance(item, Mapping)]
        if len(found) != len(value):
            raise Refusal(40058, name)
        return found
