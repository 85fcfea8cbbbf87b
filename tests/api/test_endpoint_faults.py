"""Every endpoint under every fault: a call heals, or it ends in the error that says what is known.

Whatever stands in `EXPECTED` or `AFTER_A_REFUSAL` is struck here, so no endpoint can be left out.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import PassingClock
from tests.api.documented import AFTER_A_REFUSAL, CUSTOMER, EXPECTED, Replay, name
from wecrm.api import contacts, endpoints
from wecrm.api.client import Client, Settings
from wecrm.api.endpoint import GETTOKEN, Endpoint
from wecrm.errors import ApiError, Exit, UnansweredError
from wecrm.models.clock import Run
from wecrm.sandbox import faults

KINDS = [kind for kind in faults.KINDS if kind != "kill"]
"""A killed process makes no difference by endpoint: it never reads an answer."""
REFRESHED = ("42001", "40014")
ALWAYS = 99
SPARED = (contacts.GET, "wrong_type")
"""One relation that can't be read is told as such and does not fail the call; tested by itself."""


class Struck(Replay):
    """WeCom as documented, but the next `times` calls of one path meet a fault."""

    def __init__(self) -> None:
        super().__init__()
        self.path, self.kind, self.times, self.met = "", "", 0, 0

    def strike(self, endpoint: Endpoint, kind: str, times: int) -> None:
        self.path, self.kind, self.times, self.met = endpoint.path, kind, times, 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] != self.path or self.met >= self.times:
            return super().__call__(environ, start_response)
        self.met += 1
        if self.kind in ("close", "slow"):
            raise ConnectionResetError if self.kind == "close" else TimeoutError
        good = json.dumps(self.samples[self.path], ensure_ascii=False).encode()
        refused = f'{{"errcode":{self.kind},"errmsg":"x"}}'.encode()
        status = "502 Bad Gateway" if self.kind == "http502" else "200 OK"
        start_response(status, [("Content-Type", "application/json; charset=UTF-8")])
        return [refused if self.kind in faults.ERRCODES else faults.spoil(self.kind, good)]


@pytest.fixture
def wecom() -> Struck:
    return Struck()


@pytest.fixture
def client(wecom: Struck, tmp_path: Path) -> Iterator[Client]:
    secrets = {kind: f"golden-{kind}-secret" for kind in ("contact", "directory", "archive")}
    client = Client(Settings("wwgolden000000001", secrets, tmp_path), Run(PassingClock()), wecom)
    yield client
    client.close()


def case(endpoint: Endpoint, wecom: Struck) -> tuple[Callable[[Client], object], object]:
    """What calls the endpoint and what has to come out; a refusal that leads to it is set up anew."""
    if endpoint is GETTOKEN:
        return lambda client: client.check_token("contact", anew=True), None
    if endpoint in EXPECTED:
        return EXPECTED[endpoint]
    call, expected, refusals = AFTER_A_REFUSAL[endpoint]
    wecom.answers = {path: [{"errcode": code, "errmsg": "refused"}] * ALWAYS for path, code in refusals.items()}
    return call, expected


def end(endpoint: Endpoint, kind: str, times: int) -> type[Exception] | None:
    """How it has to end: None = healed."""
    unread = kind in (*faults.BODIES, "close", "slow")
    if (unread and endpoint.effect != "read") or (kind == "-1" and endpoint.effect == "once"):
        return UnansweredError
    if times == ALWAYS or (kind == "45009" and endpoint.day_limit):
        return ApiError
    return None


@pytest.mark.parametrize("endpoint", endpoints.ALL, ids=name)
def test_a_fault_heals_or_is_told_for_what_it_is(endpoint: Endpoint, client: Client, wecom: Struck) -> None:
    for times in (1, ALWAYS):
        for kind in KINDS:
            if (endpoint, kind) == SPARED:
                continue
            call, expected = case(endpoint, wecom)
            wecom.strike(endpoint, kind, 0)
            client.forget_refusals()
            client.check_token(endpoint.secret if endpoint.secret in client.settings.secrets else "contact", anew=True)
            wecom.strike(endpoint, kind, times)
            wanted, before = end(endpoint, kind, times), len(wecom.asked(endpoint))
            if wanted is None:
                assert call(client) == expected, (kind, times)
            else:
                with pytest.raises(wanted) as caught:
                    call(client)
                told(caught.value, kind)
            assert wecom.met >= 1, (kind, times)
            again = wanted is None or endpoint.effect == "read" or kind in ("45009", "45033", *REFRESHED)
            assert len(wecom.asked(endpoint)) - before <= 1 + again, (kind, times)


def told(error: Exception, kind: str) -> None:
    """The error says what to do, and to try later only where that helps."""
    assert isinstance(error, ApiError | UnansweredError)
    assert error.what
    assert error.fix
    if isinstance(error, ApiError):
        assert error.code == (Exit.config if kind in REFRESHED else Exit.temporary), (kind, error.code)


def test_a_relation_of_the_wrong_type_is_told_as_one(client: Client, wecom: Struck) -> None:
    wecom.strike(contacts.GET, "wrong_type", 1)
    (relation,) = contacts.get(client, CUSTOMER)
    assert isinstance(relation, contacts.Malformed)
    assert relation.reason
