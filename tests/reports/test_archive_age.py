"""What reports from the session archive say of its age, and that they need one."""

import pytest

from tests.conftest import Wecrm
from wecrm.reports import REPORTS
from wecrm.sandbox import control

NEEDING = [name for name, report in REPORTS.items() if report.archive == "needed"]


@pytest.mark.parametrize("name", NEEDING)
def test_without_an_archive_they_end_with_4_and_say_what_to_run(wecrm: Wecrm, name: str) -> None:
    result = wecrm("report", name)
    assert (result.code, result.out) == (4, "")
    assert "There is no session archive yet." in result.err
    assert "wecrm archive pull" in result.err


def test_those_that_only_use_it_do_without(synced: Wecrm) -> None:
    using = [name for name, report in REPORTS.items() if report.archive == "used"]
    assert using
    for name in using:
        result = synced("report", name)
        assert result.code == 0, result.err
        assert "From the cache of" in result.err


def test_they_tell_when_the_archive_was_last_pulled_to_its_end(synced: Wecrm) -> None:
    assert synced("archive", "pull").code == 0
    with synced.world() as world:
        control.advance(world, 3 * 3600)
    assert synced("sync", "contacts", "-qq").code == 0
    for name in ("messages", "replies", "busiest-hours"):
        result = synced("report", name)
        assert result.code == 0, result.err
        assert "From the session archive, last pulled to its end 3 h ago." in result.err
        assert "cache" not in result.err
    assert "From the archive as of 20" in synced("report", "messages", "-f", "html").out
    assert "From the cache of" in synced("report", "followers", "-f", "html").out
