"""Unchanged demo documents of former releases are recognised as such."""

import json
from pathlib import Path

import msgspec
import pytest

from service.clock import FakeClock
from service.domain.hall.demo import DEMO, demo_document, is_untouched
from service.domain.hall.document import HallDocument
from service.journal import hall_documents as stored
from service.journal.database import Database
from tests.service import NOON_AT, service_on

FOLDER = Path(__file__).parent / "demo"
MADE = [
    pytest.param(msgspec.convert(document, HallDocument), id=f"{path.stem} {name}")
    for path in sorted(FOLDER.glob("*.json"))
    for name, document in json.loads(path.read_text("utf-8")).items()
]


@pytest.mark.parametrize("document", MADE)
async def test_the_demo_hall_of_a_release_goes_on_obeying_its_setting(
    document: HallDocument, dsn: str, tmp_path: Path
) -> None:
    async with Database(dsn) as database:
        await stored.HallStore(database).create_if_absent(DEMO, document)

    found = []
    for always_open in (True, False):
        async with service_on(dsn, tmp_path, FakeClock(NOON_AT), demo_always_open=always_open) as service:
            (hall,) = service.running.halls.known()
            found.append(hall.document)

    assert found == [demo_document(always_open=True), demo_document(always_open=False)]


@pytest.mark.parametrize("always_open", [True, False])
def test_a_demo_hall_that_was_changed_is_somebodys(*, always_open: bool) -> None:
    made = demo_document(always_open=always_open)

    assert is_untouched(made)
    assert not is_untouched(msgspec.structs.replace(made, languages=["en", "zh-CN"]))
