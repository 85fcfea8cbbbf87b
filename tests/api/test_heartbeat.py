"""The heartbeat: one GET, nothing in it, and never a reason to fail."""

import socket
from collections.abc import Iterator

import pytest

from tests.monitor import Monitor, serving
from wecrm.api.heartbeat import ping


@pytest.fixture
def monitor() -> Iterator[Monitor]:
    with serving() as server:
        yield server


def test_one_request_goes_out_with_nothing_but_the_address(monitor: Monitor) -> None:
    assert ping(f"{monitor.url}/ping/1a2b?x=1") == ""
    [(path, headers, body)] = monitor.seen
    assert (path, body) == ("/ping/1a2b?x=1", b"")
    assert set(headers) <= {"Host", "Accept", "Accept-Encoding", "Connection", "User-Agent"}
    assert headers["User-Agent"] == "wecrm"


@pytest.mark.parametrize("status", [404, 500, 302])
def test_what_is_no_2xx_is_told_and_a_redirect_is_not_followed(monitor: Monitor, status: int) -> None:
    assert ping(f"{monitor.url}/{status}") == f"HTTP {status}"
    assert len(monitor.seen) == 1


def test_a_monitor_that_is_away_or_no_address_at_all_is_told_without_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as away:
        port = away.getsockname()[1]
    assert ping(f"http://127.0.0.1:{port}/secret") == "ConnectError"
    for url in ("nonsense", "http://[::1", "ftp://example.com", "http://a b/", ""):
        assert ping(url)
        assert "secret" not in ping(f"{url}/secret")


def test_a_monitor_that_never_answers_is_not_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert ping(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=0.2) == "ReadTimeout"


def test_proxies_of_the_environment_are_not_used(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ping(monitor.url) == ""
    assert ping("http://monitor.invalid/x", proxy=monitor.url) == ""
    assert monitor.seen[-1][0] == "http://monitor.invalid/x"
