"""A simulated day and the same day over HTTP, with a clock set to the same instants, have the same journal."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from service.clock import FakeClock
from service.domain.calendar.day_plan import plan_of
from service.domain.commands import (
    BookAppointment,
    CallNext,
    ChangeTicket,
    CheckIn,
    Command,
    FinishTicket,
    OpenCounter,
    PauseCounter,
    SweepAppointments,
    TakeTicket,
)
from service.domain.events import Record
from service.domain.model import HallId
from service.journal.database import Database
from service.journal.hall_documents import HallStore
from service.journal.read import Reader
from service.simulate.day_run import DayRun
from service.simulate.hall_setup import setup_of_scenario
from service.simulate.people import draw_people
from service.simulate.scenario import ON, POLICIES, SCENARIOS, document_of
from tests.service import Api, Service, service_on

HALL = "simulated"

OF_THE_RIM = {"code", "applicant", "person", "holder", "browser", "channel"}
"""Fields that are drawn or hashed where a request comes in."""

FEW = SCENARIOS["lunch"].times(0.12)
"""Some people of each class, and counters that pause at noon."""


class DayRecord:
    """The same commands over HTTP; ids and codes are those of the service."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.api: Api = service.api
        self.ids: dict[str, str] = {}
        self.codes: dict[str, str] = {}
        self.phone = 8_613_800_000_000

    async def ask(self, command: Command) -> None:
        """Send a command of the simulated hall."""
        match command:
            case BookAppointment():
                self.phone += 1
                body = {
                    "service": command.service,
                    "starts_at": command.starts_at.isoformat(),
                    "applicant": {"name": "Li Xiaolong", "phone": f"+{self.phone}"},
                }
                made = await self._done("POST", "appointments", body, by_staff=False)
                self.ids[command.appointment], self.codes[command.appointment] = made["id"], made["code"]
            case CheckIn():
                made = await self._done("POST", "check-ins", {"code": self.codes[command.appointment]}, by_staff=False)
                self.ids[command.ticket] = made["id"]
            case TakeTicket():
                self.ids[command.ticket] = (await self._done("POST", "tickets", {"service": command.service}))["id"]
            case ChangeTicket():
                green = {"class": command.class_, "reason": command.reason}
                await self._done("PATCH", f"tickets/{self.ids[command.ticket]}", green)
            case OpenCounter():
                await self._done("POST", f"counters/{command.counter}/open")
            case PauseCounter():
                await self._done("POST", f"counters/{command.counter}/pause")
            case CallNext():
                done = {} if command.finish is None else {"finish": {"outcome": command.finish.outcome}}
                await self._done("POST", f"counters/{command.counter}/next", done)
            case FinishTicket():
                await self._done("POST", f"tickets/{self.ids[command.ticket]}/finish", {"outcome": "done"})
            case SweepAppointments():
                await self.service.running.jobs.sweep_appointments()
            case _:
                raise AssertionError(command)

    async def _done(self, method: str, path: str, body: Any = None, *, by_staff: bool = True) -> dict[str, Any]:  # noqa: ANN401  (any JSON)
        call = self.api.staff if by_staff else self.api.call
        reply = await call(method, path, body)
        assert reply.status in {200, 201, 204}, (path, reply.body)
        answer: dict[str, Any] = reply.body or {}
        return answer


async def test_a_simulated_day_has_the_journal_of_the_same_day_over_http(dsn: str, tmp_path: Path) -> None:
    people = draw_people(FEW, seed=3, day=0)
    policy = POLICIES["credit"]
    document = document_of(FEW, policy, None, "fit")
    setup = replace(
        setup_of_scenario(FEW, policy, None, "fit"), plan=plan_of(document, 1, ON)
    )  # nothing was learned yet
    day_run = DayRun(setup, people, keep_journal=True)
    record = day_run.run()
    async with Database(dsn) as database:
        await HallStore(database).create_if_absent(HallId(HALL), document)
    clock = FakeClock(day_run.hall.commands[0][0])

    async with service_on(dsn, tmp_path, clock, rate_limit=False) as service:
        service.api.hall = HALL
        again = DayRecord(service)
        for at, command in day_run.hall.commands:
            clock.put(at)
            await again.ask(command)
        records = await Reader(service.running.database).events(HallId(HALL), ON)

    assert {visit.person.class_ for visit in record.visits} == {"appointment", "walk_in", "green"}
    ours, theirs = list(events_of(day_run.hall.records, again.ids)), list(events_of(records, {}))
    assert ours[1:] == theirs[1:]
    assert records[0].event == day_run.hall.records[0].event


def events_of(records: Iterable[Record], ids: dict[str, str]) -> Iterable[tuple[Any, ...]]:
    """Return the content of records, without the fields drawn at the rim, and with the ids of the service."""
    for record in records:
        said = {name: value for name, value in msgspec.to_builtins(record.event).items() if name not in OF_THE_RIM}
        for name in ("ticket", "appointment"):
            if name in said:
                said[name] = ids.get(said[name], said[name])
        yield record.seq, record.at, record.part, said
