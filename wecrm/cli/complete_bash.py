"""Completion as bash wants it: it hands over the raw line, and replaces only a piece of the last word."""

SAFE = frozenset("%+,-./:=@_^")


def split(line: str, breaks: str) -> tuple[list[str], int, str]:
    """(words, kept, quote) of a line up to the cursor; the last word is the one being typed.

    Quotes and backslashes are taken away. `kept` is how many characters of the last word stand before
    the piece that readline replaces: it begins after a character of `breaks` (COMP_WORDBREAKS) or a
    quote, and with an `@`, which may begin the name of a host. `quote` is the quote still open, or "".
    """
    words: list[str] = []
    word: list[str] = []
    begun, kept, quote = False, 0, ""
    letters = iter(line)
    for letter in letters:
        if quote:
            if letter == quote:
                quote, kept = "", len(word)
            elif letter == "\\" and quote == '"':
                follows = next(letters, "")
                word += follows if follows in '"\\$`' else letter + follows
            else:
                word.append(letter)
        elif letter in " \t\n":
            if begun:
                words.append("".join(word))
            word, begun, kept = [], False, 0
            continue
        elif letter in "'\"":
            quote, kept = letter, len(word)
        elif letter == "\\":
            word += next(letters, "")
        else:
            word.append(letter)
            kept = len(word) - (letter == "@") if letter in breaks else kept
        begun = True
    return [*words, "".join(word)], kept, quote


def quoted(text: str, quote: str) -> str:
    """`text` as it must be typed inside that quote, or outside of any."""
    if quote == "'":
        return text.replace("'", "'\\''")
    if quote:
        return "".join(f"\\{letter}" if letter in '"\\$`' else letter for letter in text)
    return "".join(
        letter if letter.isalnum() or letter in SAFE or not letter.isascii() else f"\\{letter}" for letter in text
    )


def replies(values: list[str], word: str, kept: int, quote: str, *, open_end: bool) -> list[str]:
    """What stands in COMPREPLY, one line each; what does not begin as `word` does up to `kept` is left out.

    `open_end`: more is to be typed after it in the same quotes. Readline closes them behind a single
    reply, so that one is given twice.
    """
    found = [quoted(value[kept:], quote) for value in values if value[:kept] == word[:kept]]
    return [found[0], f"{found[0]} "] if open_end and quote and len(found) == 1 else found
