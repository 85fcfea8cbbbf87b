"""Requests and answers of a corp at work, held against the documented samples and never against each other."""

import shutil
from pathlib import Path

import pytest

from tests.acceptance import working
from tests.acceptance.listening import Recorded, listening, undocumented_answers, undocumented_requests
from tests.acceptance.working import Corp
from tests.api.documented import name
from tests.conftest import Wecrm
from tests.operations.handing import session
from wecrm.api import endpoints, msgaudit
from wecrm.api.endpoint import Endpoint
from wecrm.sandbox.archive import cast
from wecrm.sandbox.seed.ids import wire_id


@pytest.fixture(scope="module")
def recorded(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Every call of the flow, by path."""
    home = tmp_path_factory.mktemp("fidelity") / "home"
    shutil.copytree(seeded, home)
    with listening() as found:
        flow(Corp(Wecrm(home)))
    return found


def flow(corp: Corp) -> None:
    working.all_ours(corp.home)
    corp.do("sync")
    working.tag_library(corp)
    working.marks(corp)
    working.live_codes(corp)
    working.leave(corp)
    working.block(corp)
    working.inherit(corp)
    working.names_and_ids(corp)
    working.archive(corp, "--no-media")
    corp.later(24)
    corp.do("sync", "stats", "livecodes")
    corp.do("doctor", "-f", "json", allowed=(0, 4, 6))
    called_by_no_command(corp)


def called_by_no_command(corp: Corp) -> None:
    """Functions of the client that commands have no use for yet."""
    with session(corp.home) as s:
        assert msgaudit.groupchat_get(s.client, cast.rooms(s.world)[0].roomid).members
        assert msgaudit.get_robot_info(s.client, wire_id("wb", s.world.seed, "robot", 1)).name


@pytest.mark.parametrize("endpoint", endpoints.ALL, ids=name)
def test_the_flow_meets_every_endpoint_and_it_answers(endpoint: Endpoint, recorded: Recorded) -> None:
    assert any(call.answer["errcode"] == 0 for call in recorded[endpoint.path])


def test_nothing_else_is_called(recorded: Recorded) -> None:
    assert set(recorded) == {endpoint.path for endpoint in endpoints.ALL}


@pytest.mark.parametrize("endpoint", endpoints.ALL, ids=name)
def test_what_is_sent_is_documented(endpoint: Endpoint, recorded: Recorded) -> None:
    assert {call.method for call in recorded[endpoint.path]} == {endpoint.method}
    assert undocumented_requests(endpoint, recorded[endpoint.path]) == set()


@pytest.mark.parametrize("endpoint", endpoints.ALL, ids=name)
def test_what_the_sandbox_answers_is_documented(endpoint: Endpoint, recorded: Recorded) -> None:
    assert undocumented_answers(endpoint, recorded[endpoint.path]) == set()
