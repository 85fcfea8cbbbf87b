"""The same archive through the vendor's binding (a stand-in library) and straight from the sandbox's world."""

import sqlite3
from pathlib import Path

from tests.api.standin.corp import Corp
from tests.api.standin.corp import a_library_corp as a_library_corp
from tests.api.standin.corp import a_standin_library as a_standin_library
from tests.store.chains import broken_links
from wecrm.sandbox.archive import console, keys, standin
from wecrm.sandbox.identity import CORP_ID


def rows(path: Path, query: str) -> list[tuple]:
    with sqlite3.connect(path) as db:
        return db.execute(query).fetchall()


def test_both_sources_bring_the_same(library_corp: Corp) -> None:
    wecrm = library_corp.wecrm
    archive = wecrm.home / "data" / f"{CORP_ID}.archive.db"
    with wecrm.world() as world:
        console.archive_rotate_key(world)
        console.archive_messages(world, 2_000)
        standin.of_world(world, library_corp.folder)
        held = keys.held_by_admin(world)
    assert wecrm("--profile", "sandbox", "archive", "pull", "--no-media").code == 0
    said = "SELECT seq, msgid, publickey_ver, sender, text, raw FROM record ORDER BY id"
    shaped = "SELECT kind, key, messages FROM conversation ORDER BY key"
    wanted = "SELECT sdkfileid, kind, name, size, md5 FROM media ORDER BY sdkfileid"
    first = [rows(archive, query) for query in (said, shaped, wanted)]
    archive.rename(wecrm.home / "first.db")
    for rest in archive.parent.glob(f"{archive.name}-*"):
        rest.unlink()
    references = ", ".join(f"{n}: {library_corp.key(f'{n}.pem', pem)}" for n, pem in held.items())
    library_corp.configure(f"{{library: '{library_corp.library}', keys: {{{references}}}, timeout_s: 5}}")
    result = wecrm("archive", "pull", "--no-media")
    assert result.code == 0, result.err
    assert len(first[0]) > 2_000
    assert len(first[2]) > 10
    assert [rows(archive, query) for query in (said, shaped, wanted)] == first
    assert broken_links(archive) == []
