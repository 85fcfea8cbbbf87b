"""What a run takes from its profile where no command shows it."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Wecrm
from wecrm.api import notices
from wecrm.cli.globals import Globals
from wecrm.cli.session import Session
from wecrm.errors import ConfigError
from wecrm.sandbox.identity import AGENTIDS

FILE = """
profiles:
  acme: {corp_id: ww1, secrets: {contact: {secret: env:S, agentid: 7}, links: {secret: env:S, agentid: 8}}}
  bolt: {corp_id: ww2, secrets: {contact: {secret: env:S}, links: {secret: env:S, agentid: 8}}}
"""

Opened = Callable[[str], Session]


@pytest.fixture
def opened(wecrm: Wecrm) -> Iterator[Opened]:
    path = Path(wecrm.home) / "config.yaml"
    path.write_text(FILE, encoding="utf-8")
    sessions: list[Session] = []

    def session(profile: str) -> Session:
        environ = {"WECRM_HOME": str(wecrm.home), "S": "s3cret"}
        options = Globals(profile=profile, environ=environ)
        sessions.append(Session(options, None, io.StringIO(), io.StringIO(), lambda: None))
        return sessions[-1]

    yield session
    for one in sessions:
        one.close()


@pytest.mark.parametrize(("profile", "agentid"), [("acme", 7), ("sandbox", AGENTIDS["contact"])])
def test_notices_come_from_the_app_of_the_contact_secret(opened: Opened, profile: str, agentid: int) -> None:
    assert notices.sender(opened(profile).client) == agentid


def test_a_profile_whose_contact_secret_names_no_app_sends_no_notices(opened: Opened) -> None:
    with pytest.raises(ConfigError):
        notices.sender(opened("bolt").client)
