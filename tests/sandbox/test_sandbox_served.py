"""The same world on a loopback port."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from wecrm.sandbox import control
from wecrm.sandbox.identity import CORP_ID, SECRETS
from wecrm.sandbox.server import serve
from wecrm.sandbox.world import World

SERVER = """
import sys
from pathlib import Path
from wecrm.sandbox.server import serve
from wecrm.sandbox.world import World

serve(World.open(Path(sys.argv[1])), ready=lambda url: print(url, flush=True))
print("stopped", flush=True)
"""
ENV = {**os.environ, "PYTHONPATH": str(Path(control.__file__).parents[2])}


@pytest.fixture
def served(world: World) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, world.db.path], stdout=subprocess.PIPE, text=True, env=ENV
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 0
    assert process.stdout.read() == "stopped\n"
    process.stdout.close()


@pytest.fixture
def http(served: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served, timeout=5) as client:
        yield client


def token(http: httpx.Client) -> str:
    query = {"corpid": CORP_ID, "corpsecret": SECRETS["contact"]}
    return str(http.get("/cgi-bin/gettoken", params=query).json()["access_token"])


def test_connections_are_kept_open_and_bodies_arrive_whole(http: httpx.Client) -> None:
    query = {"access_token": token(http)}
    users = http.get("/cgi-bin/externalcontact/get_follow_user_list", params=query).json()["follow_user"]
    ports = set()
    for _ in range(20):
        body = {"userid_list": users, "limit": 100}
        answer = http.post("/cgi-bin/externalcontact/batch/get_by_user", params=query, json=body)
        assert len(answer.json()["external_contact_list"]) == 100
        ports.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
    assert len(ports) == 1


def test_a_served_world_runs_in_real_time_from_where_it_stood(http: httpx.Client, world: World) -> None:
    def now() -> float:
        return float(http.post("/_sandbox/now", json={}).json()["result"])

    first = now()
    assert 0 <= first - world.now() < 30
    assert 0 < now() - first < 30
    assert http.post("/_sandbox/advance", json={"seconds": 86400}).json()["result"] - first >= 86400
    control.advance(world, 86400)  # from another process
    assert now() - first >= 2 * 86400
    token(http)
    earlier = now()
    token(http)
    two = [call.at for call in control.calls(world)]
    assert first + 2 * 86400 < two[0] < earlier < two[1] <= now()


def test_body_faults_over_the_wire(http: httpx.Client) -> None:
    query = {"access_token": token(http)}
    path = "/cgi-bin/externalcontact/get_follow_user_list"
    for kind in ("cut", "close"):
        http.post("/_sandbox/add_fault", json={"kind": kind, "when": "after"})
        with pytest.raises(httpx.RemoteProtocolError):
            http.get(path, params=query)
        assert http.get(path, params=query).json()["errcode"] == 0
    http.post("/_sandbox/add_fault", json={"kind": "http502"})
    assert http.get(path, params=query).status_code == 502
    http.post("/_sandbox/add_fault", json={"kind": "slow", "seconds": 0.5})
    with pytest.raises(httpx.ReadTimeout):
        http.get(path, params=query, timeout=0.1)


VICTIM = """
import sys
import httpx

httpx.get(sys.argv[1] + "/cgi-bin/gettoken")
print("alive")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the caller is found through /proc")
def test_kill_finds_the_calling_process_by_its_socket(served: str, world: World) -> None:
    control.add_fault(world, kind="kill")
    done = subprocess.run([sys.executable, "-c", VICTIM, served], capture_output=True, check=False)
    assert done.returncode == -9
    assert b"alive" not in done.stdout
    assert next(control.calls(world)).fault == "kill before"


def test_pictures_of_qr_codes_lie_at_the_served_address(served: str, http: httpx.Client, world: World) -> None:
    query = {"access_token": token(http)}
    way = {"type": 2, "scene": 2, "user": [next(iter(code.usable[0] for code in control.code_truth(world)))]}
    made = http.post("/cgi-bin/externalcontact/add_contact_way", params=query, json=way).json()
    body = {"config_id": made["config_id"]}
    got = http.post("/cgi-bin/externalcontact/get_contact_way", params=query, json=body).json()["contact_way"]
    assert got["qr_code"] == made["qr_code"]
    assert got["qr_code"].startswith(f"{served}/wwpic/")
    assert httpx.get(got["qr_code"]).content.startswith(b"\x89PNG")


def test_only_loopback_addresses_are_served(world: World) -> None:
    def never(url: str) -> None:
        raise AssertionError(url)

    for host in ("0.0.0.0", "192.0.2.1", "example.com", "::"):
        with pytest.raises(ValueError, match="loopback"):
            serve(world, host=host, ready=never)


def test_several_clients_are_served_at_once(served: str) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def ask(_: int) -> Any:
        with httpx.Client(base_url=served) as http:
            query = {"access_token": token(http)}
            return [
                http.post("/cgi-bin/externalcontact/get_corp_tag_list", params=query, json={}).json()["errcode"]
            ] * 3

    with ThreadPoolExecutor(8) as pool:
        assert all(codes == [0, 0, 0] for codes in pool.map(ask, range(24)))
