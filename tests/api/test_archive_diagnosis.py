"""What is behind 10001, which the archive's library says for every refusal of gettoken too."""

from dataclasses import replace

import pytest

from tests.api.conftest import Office
from wecrm.api.archive.diagnosis import explain
from wecrm.api.client import Client
from wecrm.errors import ApiError, DeadlineError, TemporaryError
from wecrm.sandbox import control
from wecrm.sandbox.identity import SECRETS

ARCHIVE = {"archive": SECRETS["archive"]}


def test_a_refusal_of_gettoken_is_shown_though_a_token_was_kept(office: Office) -> None:
    office.client(secrets=ARCHIVE).check_token("archive")
    control.disable_secret(office.world, "archive")
    error = explain(lambda: office.client(secrets=ARCHIVE))
    assert isinstance(error, ApiError)
    assert error.errcode == 40001
    assert "会话内容存档" in error.fix
    assert "--retry-secrets" in error.fix


def test_where_a_token_is_granted_the_librarys_own_way_is_named(office: Office) -> None:
    error = explain(lambda: office.client(secrets=ARCHIVE))
    assert isinstance(error, TemporaryError)
    assert "WeCom grants wecrm a token" in error.what
    assert "archive.proxy" in error.fix


def test_a_proxy_that_cannot_be_tried_is_said(office: Office) -> None:
    own = office.client(secrets=ARCHIVE)
    settings = replace(own.settings, proxy="nonsense://127.0.0.1:9")
    error = explain(lambda: Client(settings, own.run))
    assert isinstance(error, TemporaryError)
    assert "archive's proxy" in error.why


def test_the_end_of_the_run_is_not_swallowed(office: Office) -> None:
    def stop() -> DeadlineError:
        return DeadlineError("over")

    control.add_fault(office.world, kind="-1", path="gettoken")
    with pytest.raises(DeadlineError):
        explain(lambda: office.client(stop, secrets=ARCHIVE))
