"""Evolve the kiosks: leased numbers and printers."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from service.domain import events
from service.domain.day import Day
from service.domain.events import Record
from service.domain.evolve.changes import Touched
from service.domain.model import Lease, Printer


def _numbers_leased(day: Day, event: events.NumbersLeased, record: Record) -> Touched:
    before = day.leases.get(event.device) or Lease(event.prefix, {}, {})
    slips = dict(enumerate(event.slips, event.first))
    day.leases[event.device] = replace(
        before, slips={**before.slips, **slips}, leased_at={**before.leased_at, **dict.fromkeys(slips, record.at)}
    )
    day.numbers[event.prefix] = event.first + len(event.slips) - 1
    return None, None


def _printer_reported(day: Day, event: events.PrinterReported, record: Record) -> Touched:
    day.printers[event.device] = Printer(event.device, event.name, event.state, record.at)
    return None, None


EVOLVERS: dict[type[Any], Callable[[Day, Any, Record], Touched]] = {
    events.NumbersLeased: _numbers_leased,
    events.PrinterReported: _printer_reported,
}
