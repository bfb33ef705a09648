"""A database restored to an earlier copy: its documents are used, even with lower revisions."""

import msgspec
import pytest

from service.domain.calendar.learned import Learned, LearnedArrivals
from service.domain.hall.demo import DEMO, demo_document
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.domain.refusals import HallNotFound
from service.domain.stats.learned_week import NOTHING_LEARNED
from service.journal import hall_documents as stored
from service.journal.hall_documents import HallRow, UnreadableRow
from service.journal.sql_files import statements
from service.learning.nightly import PACKAGE
from tests.copies import copy, restore
from tests.race.process import Process, kinds_in, new_ticket, renamed

LATER = HallId("made-later")
LEARN = statements("learning.sql", PACKAGE)["store_learned"]


def named(name: str) -> HallDocument:
    return renamed(demo_document(always_open=True), name)


async def name_of(process: Process) -> str:
    """Return the hall's name in the plan of its day."""
    return (await process.lane()).committed.plan.names.hall["en"]


async def known_name(process: Process) -> str:
    hall = process.halls.find(DEMO)
    assert hall is not None
    return hall.document.name["en"]


async def a_document_and_a_restore(one: Process, other: Process, dsn: str) -> None:
    """Replace the document, let both processes read it, and restore the database to the state before."""
    for process in (one, other):
        await process.lane()
    await copy(dsn)
    await one.lanes.follow_document_now(await one.replace(named("lost")))
    for process in (one, other):
        await process.halls.refresh()
        await process.followed()
    await restore(dsn)


async def test_a_lost_document_is_not_written_into_the_journal_again(one: Process, other: Process, dsn: str) -> None:
    await a_document_and_a_restore(one, other, dsn)

    for process in (one, other):
        await process.lanes.day(DEMO, now=True)
        await process.lanes.sweep()
        await process.followed()

    assert await kinds_in(dsn) == ["day_opened"]


async def test_the_document_of_the_copy_is_known_at_the_next_look(one: Process, other: Process, dsn: str) -> None:
    await a_document_and_a_restore(one, other, dsn)

    for process in (one, other):
        await process.halls.refresh()

        assert await known_name(process) != "lost"
        assert (await process.halls.get(DEMO)).revision == 1


@pytest.mark.parametrize("looked", [True, False])
async def test_another_document_of_the_same_revision_is_taken_over(
    one: Process, other: Process, dsn: str, *, looked: bool
) -> None:
    await a_document_and_a_restore(one, other, dsn)
    if looked:
        await other.halls.refresh()

    hall = await one.replace(named("new"))
    await one.lanes.follow_document_now(hall)
    for process in (one, other):
        await process.halls.refresh()
        await process.followed()

    assert hall.revision == 2
    for process in (one, other):
        assert await known_name(process) == "new"
        await process.lanes.day(DEMO, now=True)
        assert await name_of(process) == "new"
    assert await kinds_in(dsn) == ["day_opened", "plan_changed"]


async def test_a_look_that_begins_before_a_document_is_stored_does_not_forget_it(
    one: Process, other: Process, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_document_and_a_restore(one, other, dsn)
    read = stored.HallStore.all

    async def read_and_replace(store: stored.HallStore) -> list[HallRow | UnreadableRow]:
        rows = await read(store)
        await one.replace(named("new"))
        return rows

    monkeypatch.setattr(stored.HallStore, "all", read_and_replace)
    await one.halls.refresh()
    monkeypatch.undo()

    assert await known_name(one) == "new"
    await one.halls.refresh()
    assert await known_name(one) == "new"


async def test_a_document_stored_between_two_reads_of_a_look_does_not_have_every_hall_read_anew(
    one: Process, other: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    await one.halls.refresh()
    read, read_all = stored.HallStore.written, stored.HallStore.all
    anew: list[stored.HallStore] = []

    async def replace_and_read(store: stored.HallStore) -> stored.Written:
        monkeypatch.setattr(stored.HallStore, "written", read)
        await other.replace(named("new"))
        return await read(store)

    async def read_all_counted(store: stored.HallStore) -> list[HallRow | UnreadableRow]:
        anew.append(store)
        return await read_all(store)

    monkeypatch.setattr(stored.HallStore, "written", replace_and_read)
    monkeypatch.setattr(stored.HallStore, "all", read_all_counted)
    await one.halls.refresh()

    assert await known_name(one) == "new"
    assert anew == []


async def test_a_hall_that_the_copy_lacks_is_there_no_more(one: Process, dsn: str) -> None:
    await one.lane()
    await copy(dsn)
    assert await one.halls.create_if_absent(LATER, named("later"))
    await one.lanes.do(LATER, one.request(new_ticket()))
    await restore(dsn)

    with pytest.raises(HallNotFound):
        await one.lanes.do(LATER, one.request(new_ticket()))
    await one.halls.refresh()

    assert [hall.id for hall in one.halls.known()] == [DEMO]
    with pytest.raises(HallNotFound):
        await one.lanes.do(LATER, one.request(new_ticket()))


async def learn(process: Process, hall: HallId, weekday: int, per_h: float) -> None:
    """Store learned values as the nightly job does, and refresh the process."""
    learned = msgspec.json.encode(Learned(walk_ins={"09": LearnedArrivals(per_h)})).decode()
    await process.database.fetch(LEARN, hall, weekday, learned, 40)
    await process.halls.refresh()


def known_per_h(process: Process, hall: HallId = DEMO) -> dict[int, float]:
    """Return the learned arrivals at nine, by weekday."""
    return {weekday: hours["09"].per_h for weekday, hours in process.halls.learned(hall).walk_ins.items()}


async def test_what_was_learned_in_the_lost_part_is_forgotten_at_the_next_look(one: Process, dsn: str) -> None:
    await learn(one, DEMO, 1, 10.0)
    await copy(dsn)
    await learn(one, DEMO, 1, 20.0)
    await learn(one, DEMO, 2, 30.0)
    await restore(dsn)

    await one.halls.refresh()

    assert known_per_h(one) == {1: 10.0}
    assert (await one.halls.get(DEMO)).learned is one.halls.learned(DEMO)
    await learn(one, DEMO, 2, 12.0)
    assert known_per_h(one) == {1: 10.0, 2: 12.0}


async def test_what_was_learned_since_does_not_hide_what_was_lost(one: Process, dsn: str) -> None:
    await copy(dsn)
    await learn(one, DEMO, 1, 20.0)
    await restore(dsn)

    await learn(one, DEMO, 2, 12.0)

    assert known_per_h(one) == {2: 12.0}


async def test_a_hall_that_is_made_again_has_learned_nothing(one: Process, dsn: str) -> None:
    await copy(dsn)
    assert await one.halls.create_if_absent(LATER, named("later"))
    await learn(one, LATER, 1, 20.0)
    await restore(dsn)
    await one.halls.refresh()

    assert await one.halls.create_if_absent(LATER, named("later"))

    assert (await one.halls.get(LATER)).learned == NOTHING_LEARNED


async def test_a_look_at_what_is_known_makes_no_other_hall_of_it(one: Process) -> None:
    await learn(one, DEMO, 1, 10.0)
    hall = await one.halls.get(DEMO)

    await one.halls.refresh()
    await one.halls._reload_learned()

    assert await one.halls.get(DEMO) is hall
