"""The store of halls: documents with revisions; a document is replaced only with its present revision."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from service.domain.model import HallId
from service.journal.faults import DocumentConflict, HallMissing
from service.journal.hall_documents import CHANGES_OVERLAP_S, HallStore
from tests.journal.samples import HALL, document


async def test_a_hall_is_made_once(halls: HallStore) -> None:
    assert not await halls.create_if_absent(HALL, document())

    assert [row.hall for row in await halls.all()] == [HALL]


async def test_a_document_comes_back_as_it_was_given(halls: HallStore) -> None:
    changed = msgspec.structs.replace(document(), name={"zh-CN": "学生贷款大厅"})

    assert await halls.replace(HALL, changed, 1) == 2

    row = await halls.get(HALL)
    assert row is not None
    assert (row.document, row.revision) == (changed, 2)


async def test_who_knows_an_old_revision_is_told_the_present_one(halls: HallStore) -> None:
    await halls.replace(HALL, document(), 1)

    with pytest.raises(DocumentConflict) as conflict:
        await halls.replace(HALL, document(), 1)

    assert conflict.value.revision == 2


async def test_of_two_who_know_the_same_revision_one_is_first(halls: HallStore) -> None:
    answers = await asyncio.gather(*(halls.replace(HALL, document(), 1) for _ in range(5)), return_exceptions=True)

    assert answers.count(2) == 1
    assert sum(isinstance(answer, DocumentConflict) for answer in answers) == 4


async def test_no_hall_is_no_hall(halls: HallStore) -> None:
    nowhere = HallId("nowhere")

    assert await halls.get(nowhere) is None
    with pytest.raises(HallMissing):
        await halls.replace(nowhere, document(), 1)


async def test_changes_since_an_instant_are_found(halls: HallStore) -> None:
    row = await halls.get(HALL)
    assert row is not None

    assert await halls.changed_since(row.changed_at) == [row]
    assert await halls.changed_since(row.changed_at + timedelta(seconds=CHANGES_OVERLAP_S + 1)) == []
