"""The full-text index finds every piece of every text, and nothing else."""

import sqlite3

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wecrm.store.archive import migrations, tokens

SIGNS = st.sampled_from(
    "abAB'\"*(){}^\\:-+~%_.,;!?你好退款，。😀🫠é\u0301ßﬁİＡ１ \u3000\u00a0\n\x00\x1f\x7f\ud800\u200d\ue000\U0010ffff"
)
TEXTS = st.text(st.one_of(SIGNS, st.characters()), max_size=20)


@pytest.fixture(scope="module")
def index() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    (statement,) = (each for each in migrations._DERIVED if "record_text" in each)
    db.execute(statement)
    return db


def found(db: sqlite3.Connection, texts: list[str], term: str) -> list[int]:
    db.execute("INSERT INTO record_text (record_text) VALUES ('delete-all')")
    rows = [(n, tokens.pairs(text)) for n, text in enumerate(texts)]
    db.executemany("INSERT INTO record_text (rowid, pairs) VALUES (?, ?)", rows)
    query = "SELECT rowid FROM record_text WHERE record_text MATCH ? ORDER BY rowid"
    return [n for (n,) in db.execute(query, (tokens.query(term),))]


@settings(max_examples=400, deadline=None)
@given(st.lists(TEXTS, max_size=8), TEXTS)
@example(["退款", "退 款", "款退"], "退款")
@example(["a b", "ab", "abc"], "ab c")
@example(['say "no"', "AND", "x*"], '"no"')
@example(["aab", "aaab"], "aaa")
def test_a_term_is_found_exactly_where_it_stands(index: sqlite3.Connection, texts: list[str], term: str) -> None:
    words = tokens.folded(term).split()
    expected = [n for n, text in enumerate(texts) if all(word in tokens.folded(text) for word in words)]
    assert (found(index, texts, term) if words else expected) == expected
    assert bool(tokens.query(term)) == bool(words)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("退款合同请问hello 价格ABC１２，。"), min_size=1, max_size=30), st.data())
def test_any_piece_of_a_text_is_found(index: sqlite3.Connection, text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text) - 1))
    piece = text[begin : data.draw(st.integers(begin + 1, len(text)))]
    if piece.strip():
        assert found(index, [text], piece) == [0]


@pytest.mark.parametrize(
    ("text", "term", "marked"),
    [
        ("我要退款，退款！", "退款", ["退款", "退款"]),
        ("ＨＥＬＬＯ there", "hello", ["ＨＥＬＬＯ"]),
        ("Straße ﬁne", "SS fi", ["ß", "ﬁ"]),
        ("aaaa b", "aaa", ["aaaa"]),
        ("nothing", "x", []),
    ],
)
def test_what_stands_out_is_what_was_looked_for(text: str, term: str, marked: list[str]) -> None:
    assert [text[begin:end] for begin, end in tokens.places(text, tokens.terms(term))] == marked
