"""Between this machine and WeCom: no certificate taken on trust, no redirect followed, no proxy that nobody named."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.api.conftest import PassingClock
from tests.api.tunnel import served, tunnel
from tests.monitor import serving
from wecrm.api import contacts, livecodes
from wecrm.api.client import Client, Settings
from wecrm.errors import ApiError, Exit, TemporaryError
from wecrm.models.clock import Run
from wecrm.sandbox import control, faults
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.world import World


def client(folder: Path, **settings: str) -> Client:
    return Client(Settings(CORP_ID, {"contact": SECRETS["contact"]}, folder / "cache", **settings), Run(PassingClock()))  # type: ignore[arg-type]


@pytest.mark.parametrize("host", ["qyapi.weixin.qq.com", "evil.example"])
def test_a_certificate_that_nobody_vouches_for_is_refused_whatever_the_environment_says(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    with served(small) as url, tunnel(tmp_path, int(url.rpartition(":")[2]), host) as between:
        for name, value in {
            "SSL_CERT_FILE": str(tmp_path / f"{host}.pem"),
            "SSL_CERT_DIR": str(tmp_path),
            "REQUESTS_CA_BUNDLE": str(tmp_path / f"{host}.pem"),
            "CURL_CA_BUNDLE": "",
            "PYTHONHTTPSVERIFY": "0",
        }.items():
            monkeypatch.setenv(name, value)
        one = client(tmp_path, proxy=between.address)
        with pytest.raises(ApiError) as refused:
            contacts.follow_users(one)
        one.close()
        assert refused.value.code is Exit.temporary
        assert between.connects
        assert between.requests == []


class _Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(307)
        self.send_header("Location", f"{self.server.goal}{self.path}")  # type: ignore[attr-defined]
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_GET

    def log_message(self, _format: str, *_args: object) -> None:
        return


@contextmanager
def redirecting(goal: str) -> Iterator[str]:
    """A server that sends everybody to `goal`."""
    with HTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        server.goal = goal  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_no_secret_and_no_token_follows_a_redirect(tmp_path: Path) -> None:
    with serving() as thief, redirecting(thief.url) as url:
        one = client(tmp_path, base_url=url)
        with pytest.raises(ApiError) as refused:
            contacts.follow_users(one)
        assert refused.value.code is Exit.temporary
        with pytest.raises(TemporaryError):
            one.download(f"{url}/picture", 1000)
        one.close()
        assert thief.seen == []


def test_proxies_of_the_environment_are_not_used(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with served(small) as url:
        one = client(tmp_path, base_url=url)
        assert contacts.follow_users(one)
        one.close()


def test_a_picture_that_goes_wrong_on_the_way_is_no_picture(small: Path, tmp_path: Path) -> None:
    with served(small) as url, closing(World.open(small)) as world:
        one = client(tmp_path, base_url=url)
        code = livecodes.get(one, "contact", livecodes.ids(one, "contact")[0])[0]
        for kind in sorted({*faults.kinds_of(faults.PICTURES)} - {"slow", "kill"}):
            control.add_fault(world, kind=kind, path="wwpic")
            with pytest.raises(TemporaryError):
                livecodes.picture(one, code)
            assert livecodes.picture(one, code).startswith(b"\x89PNG"), kind
        one.close()
