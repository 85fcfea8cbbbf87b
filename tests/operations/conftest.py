"""Who and what live codes can name in the synced home."""

import pytest

from tests.conftest import Wecrm


@pytest.fixture
def members(synced: Wecrm) -> list[str]:
    """Members who can receive customers."""
    found = synced.sql("SELECT userid FROM member WHERE follows AND status = 1 AND gone_at IS NULL ORDER BY userid")
    return [userid for (userid,) in found]


@pytest.fixture
def chats(synced: Wecrm) -> list[str]:
    """Ids of customer groups."""
    return [chat for (chat,) in synced.sql("SELECT chat_id FROM group_chat WHERE gone_at IS NULL ORDER BY chat_id")]
