"""Conversations with printers: paper, no paper, no answer, nobody there."""

import asyncio

import pytest

from service.config import NetworkPrinter
from service.domain.model import PrinterState
from service.printing import printers as talking
from service.printing.printers import Printers, state_of
from tests.domain.halls import Hall
from tests.printing.receiver import LOW, OUT, SILENT, Receiver, receiver

URL = "https://hall.example/t/1#token"


def printer(hears: Receiver) -> NetworkPrinter:
    return NetworkPrinter("town", "door", "127.0.0.1", hears.port, "TM-T88V", gb18030=True)


async def print_one(hears: Receiver, printers: Printers | None = None) -> PrinterState:
    hall = Hall()
    ticket = hall.ticket(hall.take())
    return await (printers or Printers([])).print(printer(hears), hall.day, ticket, URL)


async def test_a_printer_with_paper_prints_the_slip() -> None:
    async with receiver() as hears:
        assert await print_one(hears) is PrinterState.OK
        await hears.until(1)

    [slip] = hears.slips
    assert b"E001\n" in slip
    assert b"Taken 23 Nov, 09:00\n" in slip
    assert URL.encode() in slip


async def test_a_printer_that_runs_low_prints_and_says_so() -> None:
    async with receiver(LOW) as hears:
        assert await print_one(hears) is PrinterState.LOW
        await hears.until(1)

    assert b"E001" in hears.slips[0]


async def test_a_printer_without_paper_is_sent_nothing_to_print_hours_later() -> None:
    async with receiver(OUT) as hears:
        assert await print_one(hears) is PrinterState.OUT
        await hears.until(1)

    assert hears.slips == [b""]


async def test_a_printer_that_never_says_how_it_is_prints_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talking, "ANSWER_S", 0.01)
    async with receiver(SILENT) as hears:
        assert await print_one(hears) is PrinterState.OK
        await hears.until(1)

    assert b"E001" in hears.slips[0]


async def test_a_printer_that_is_not_there_is_away() -> None:
    async with receiver() as hears:
        pass

    assert await print_one(hears) is PrinterState.AWAY
    assert await Printers([]).look(printer(hears)) is PrinterState.AWAY


async def test_looking_prints_nothing() -> None:
    async with receiver(LOW) as hears:
        assert await Printers([]).look(printer(hears)) is PrinterState.LOW
        await hears.until(1)

    assert (hears.slips, hears.asked) == ([b""], 1)


async def test_slips_for_one_printer_do_not_run_into_each_other() -> None:
    printers = Printers([])
    async with receiver() as hears:
        await asyncio.gather(*(print_one(hears, printers) for _ in range(5)))
        await hears.until(5)

    assert [slip.count(b"E001") for slip in hears.slips] == [1] * 5


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (b"\x12", PrinterState.OK),
        (b"\x1e", PrinterState.LOW),
        (b"\x72", PrinterState.OUT),
        (b"\x7e", PrinterState.OUT),
        (b"\x00", PrinterState.OK),
        (b"\xff", PrinterState.OK),
        (b"", PrinterState.OK),
    ],
)
def test_what_a_printer_says_of_its_paper(said: bytes, state: PrinterState) -> None:
    assert state_of(said) is state


def test_a_kiosk_has_the_printer_of_its_name_in_its_hall() -> None:
    door = NetworkPrinter("town", "door", "127.0.0.1", 9100, "default")
    printers = Printers([door])

    assert printers.of("town", "door") is door
    assert printers.of("town", "lobby") is None
    assert printers.of("demo", "door") is None
