"""Words that want to be SQL stay words, typed by a person or chosen by a customer as a name."""

import pytest

from tests.conftest import Wecrm

WORDS = [
    "'; DROP TABLE relation; --",
    '" OR 1=1 --',
    "x' OR 'x'='x",
    "x') UNION SELECT value, 1 FROM corp --",
    "\\' OR 1=1 --",
    "%_%",
    ":name ?1 @a $b",
    "]; DELETE FROM job; [",
]


@pytest.mark.parametrize("word", WORDS)
def test_words_that_are_sql_find_what_is_called_so_and_nothing_else(synced: Wecrm, word: str) -> None:
    relations = synced.sql("SELECT count(*) FROM relation")
    quoted = word.replace("'", "''")
    ((userid, external),) = synced.sql("SELECT userid, external_userid FROM relation WHERE status = 'active' LIMIT 1")
    with synced.world() as world, world.writing() as db:
        db.execute(
            "UPDATE contact SET detail = json_set(detail, '$.name', ?) WHERE external_userid = ?", (word, external)
        )
        world.changed()
    assert synced("sync", "contacts", "-qq").code == 0
    called = {row[0] for row in synced.sql("SELECT external_userid FROM contact WHERE name = ?", word)}
    assert called == {external}
    for words in (("list", "--where", f"name = '{quoted}'"), ("search", word)):
        found = synced("contacts", *words, "--columns", "external_userid", "-f", "csv")
        assert found.code == 0, found.err
        assert set(found.lines[1:]) == {external}
    for words in (
        ("contacts", "list", "--columns", word),
        ("contacts", "list", "--sort", word),
        ("contacts", "list", "--where", f"{word} = 1"),
        ("contacts", "show", f"{word}x"),
        ("jobs", "show", word),
        ("tags", "plan", "-", "--add", word, "-o", str(synced.home / "a.plan")),
        ("report", "followers", "--member", word),
    ):
        refused = synced(*words, stdin=f"userid,external_userid\n{userid},{external}\n".encode())
        assert refused.code == 2, (words, refused.err)
    assert synced.sql("SELECT count(*) FROM relation") == relations
    assert synced("db", "check").code == 0
