"""Tests of printers: with and without paper, without an answer, and unreachable."""

import asyncio

import pytest

from service.config.values import NetworkPrinter
from service.domain.model import PrinterState
from service.printing import printers as talking
from service.printing.printers import Printers, paper_state_of
from tests.domain.halls import Hall
from tests.printing.receiver import LOW, OFFLINE, OUT, SILENT, Receiver, receiver

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


async def test_a_printer_low_on_paper_prints_and_reports_it() -> None:
    async with receiver(LOW) as hears:
        assert await print_one(hears) is PrinterState.LOW
        await hears.until(1)

    assert b"E001" in hears.slips[0]


async def test_a_printer_without_paper_gets_no_slip() -> None:
    async with receiver(OUT) as hears:
        assert await print_one(hears) is PrinterState.OUT
        await hears.until(1)

    assert hears.slips == [b""]


async def test_an_offline_printer_gets_no_slip() -> None:
    async with receiver() as hears:
        hears.online = OFFLINE
        assert await print_one(hears) is PrinterState.AWAY
        await hears.until(1)

    assert hears.slips == [b""]


@pytest.mark.parametrize("nonsense", [b"\x00", b"\xff"])
async def test_a_printer_with_an_invalid_status_prints(nonsense: bytes) -> None:
    async with receiver(nonsense) as hears:
        assert await print_one(hears) is PrinterState.OK
        await hears.until(1)

    assert b"E001" in hears.slips[0]


async def test_a_printer_that_closes_the_connection_is_away() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        hears = Receiver(port=server.sockets[0].getsockname()[1])
        assert await print_one(hears) is PrinterState.AWAY


async def test_a_printer_that_never_answers_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talking, "ANSWER_TIMEOUT_S", 0.01)
    async with receiver(SILENT) as hears:
        assert await print_one(hears) is PrinterState.OK
        await hears.until(1)

    assert b"E001" in hears.slips[0]


async def test_an_unreachable_printer_is_away() -> None:
    async with receiver() as hears:
        pass

    assert await print_one(hears) is PrinterState.AWAY
    assert await Printers([]).state(printer(hears)) is PrinterState.AWAY


async def test_querying_the_state_prints_nothing() -> None:
    async with receiver(LOW) as hears:
        assert await Printers([]).state(printer(hears)) is PrinterState.LOW
        await hears.until(1)

    assert (hears.slips, hears.asked) == ([b""], 1)


async def test_slips_for_one_printer_do_not_mix() -> None:
    printers = Printers([])
    async with receiver() as hears:
        await asyncio.gather(*(print_one(hears, printers) for _ in range(5)))
        await hears.until(5)

    assert [slip.count(b"E001") for slip in hears.slips] == [1] * 5


async def test_two_kiosks_take_turns_at_a_shared_printer() -> None:
    printers = Printers([])
    async with receiver() as hears:
        for kiosk in ("door", "hall"):
            await printers.state(NetworkPrinter("town", kiosk, "127.0.0.1", hears.port, "default"))

    assert len(printers._turns) == 1


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (0x12, PrinterState.OK),
        (0x1E, PrinterState.LOW),
        (0x72, PrinterState.OUT),
        (0x7E, PrinterState.OUT),
    ],
)
def test_the_status_byte_gives_the_paper_state(said: int, state: PrinterState) -> None:
    assert paper_state_of(said) is state


def test_a_kiosk_has_the_printer_of_its_name_in_its_hall() -> None:
    door = NetworkPrinter("town", "door", "127.0.0.1", 9100, "default")
    printers = Printers([door])

    assert printers.of("town", "door") is door
    assert printers.of("town", "lobby") is None
    assert printers.of("demo", "door") is None
