"""Test of the message jobs without a database."""

from unittest.mock import AsyncMock, Mock

from structlog.testing import capture_logs

from service.journal.faults import StorageUnavailable
from service.notify.messaging import Messages


async def test_an_outage_and_its_end_are_logged_once() -> None:
    passes = AsyncMock()
    for a_pass in (Messages(passes, [], Mock(), Mock()).produce, Messages(Mock(), [passes], Mock(), Mock()).send):
        passes.run_once.side_effect = [StorageUnavailable("away"), StorageUnavailable("away"), None, None]
        with capture_logs() as lines:
            for _ in range(4):
                await a_pass()

        assert [line["event"] for line in lines] == ["not_working", "works_again"]
