"""A profile whose archive comes through the stand-in library, and whose HTTP goes to a served sandbox."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.api.standin.building import Pair, serve
from tests.api.standin.building import a_standin_library as a_standin_library
from tests.api.tunnel import served
from tests.conftest import Wecrm
from wecrm.sandbox.identity import CORP_ID, SECRETS

PAIR, OTHER = Pair.make(), Pair.make()


@dataclass
class Corp:
    """The command line on that profile, and the folder that the stand-in serves; at first two records of version 2."""

    wecrm: Wecrm
    folder: Path
    url: str
    library: str

    def configure(self, archive: str) -> None:
        """Write the profile with these settings of `archive`, as YAML in braces."""
        lines = (
            f"profiles: {{acme: {{corp_id: {CORP_ID}, base_url: '{self.url}', "
            "secrets: {contact: {secret: 'env:CONTACT'}, archive: {secret: 'env:ARCHIVE'}}, "
            f"archive: {archive}}}}}"
        )
        (self.wecrm.home / "config.yaml").write_text(lines)

    def key(self, name: str, pem: bytes) -> str:
        """A reference to a key file with this content."""
        path = self.wecrm.home / name
        path.write_bytes(pem)
        path.chmod(0o600)
        return f"'file:{path}'"


@pytest.fixture(name="library_corp")
def a_library_corp(
    wecrm: Wecrm,
    standin_library: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Corp]:
    """A corp with the stand-in library."""
    folder = tmp_path / "standin"
    serve(folder, [PAIR.record(seq, b'{"msgid":"1"}', 2) for seq in (5, 6)])
    monkeypatch.setenv("WECRM_STANDIN", str(folder))
    environ = {"WECRM_PROFILE": "acme", "CONTACT": SECRETS["contact"], "ARCHIVE": SECRETS["archive"]}
    with served(wecrm.home / "data" / "sandbox.world") as url:
        yield Corp(Wecrm(wecrm.home, environ), folder, url, str(standin_library))
