"""Whose a token is: of a ticket or appointment of the hall, of the day before or a later day, or nobody's."""

import asyncio
import secrets
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import Mock

import pytest

from service.clock import FakeClock
from service.config.secret_files import secrets_of
from service.credentials.signer import TOKEN_FORM, Signer
from service.credentials.ticket_tokens import KnownTokens
from service.domain.model import HallId
from service.journal.read import Ids, Reader
from tests.api.booking import booked, changed, person, said
from tests.api.checked import Checked, at
from tests.api.conftest import Founder
from tests.service import NOON_AT, Reply, Service, service_on

ENQUIRY = {"service": "enquiry"}
TOMORROW = date(2026, 11, 24)


def made_up() -> str:
    """A token of the right form that nobody has, as the admin token of before had."""
    token = secrets.token_urlsafe(32)
    assert TOKEN_FORM.fullmatch(token)
    return token


async def book(hall: Checked, token: str | None) -> Reply:
    body = ENQUIRY | {"starts_at": said(at("10:00", 27)), "applicant": person()}
    return await hall.call("POST", "appointments", body, token=token)


async def changes(hall: Checked, token: str | None) -> list[Reply]:
    """What anyone may ask for that changes something."""
    return [
        await hall.call("POST", "tickets", ENQUIRY, token=token),
        await book(hall, token),
        await hall.call("POST", "check-ins", {"code": "00000000"}, token=token),
    ]


@pytest.mark.parametrize("day", [23, 24, 27])
async def test_the_token_of_an_appointment_has_no_right_whenever_it_is(hall: Checked, day: int) -> None:
    other = await hall.take("enquiry")
    token = (await booked(hall, at("15:00", day)))["token"]

    looks = [await hall.call("GET", path, token=token) for path in ("queue", "appointments", "document")]
    acts = [await hall.call("POST", path, token=token) for path in ("counters/1/next", f"tickets/{other['id']}/start")]

    assert [(reply.status, reply.code) for reply in looks] == [(403, "forbidden")] * 3
    assert [(reply.status, reply.code) for reply in acts] == [(403, "forbidden"), (404, "ticket-not-found")]


async def test_a_token_is_known_as_long_as_the_idempotency_keys_of_its_day(hall: Checked, now: FakeClock) -> None:
    ticket = await hall.take("enquiry")
    token = ticket["token"]
    seen = []

    for day in (23, 24, 25):
        now.put(at("10:00", day))
        looks = [await hall.call("GET", f"tickets/{ticket['id']}", token=token)]
        looks += [await hall.call("GET", "queue", token=token), *await changes(hall, token)]
        seen.append([reply.status for reply in looks])

    assert seen == [[200, 403, 201, 201, 404], [200, 403, 201, 201, 404], [200, 401, 401, 401, 401]]


async def test_an_appointment_that_moves_keeps_a_token_that_is_known(hall: Checked) -> None:
    appointment = await booked(hall, at("15:00", 24))
    token = appointment["token"]
    before = await hall.call("GET", "queue", token=token)

    assert (await changed(hall, appointment, {"starts_at": said(at("15:00", 27))})).status == 200

    assert (before.code, (await hall.call("GET", "queue", token=token)).code) == ("forbidden", "forbidden")


async def test_what_has_a_tokens_form_and_is_nobodys_changes_nothing(hall: Checked) -> None:
    ticket = await hall.take("enquiry")

    refused = await changes(hall, made_up())

    assert [(reply.status, reply.code) for reply in refused] == [(401, "token-invalid")] * 3
    assert [reply.headers["WWW-Authenticate"] for reply in refused] == ["Bearer"] * 3
    tickets = (await hall.staff("GET", "tickets")).body["items"]
    assert [one["id"] for one in tickets] == [ticket["id"]]


async def test_what_is_nobodys_reads_what_anyone_may_and_finds_nothing_else(hall: Checked) -> None:
    ticket = await hall.take("enquiry")
    appointment = await booked(hall)

    open_to_all = [await hall.call("GET", path, token=made_up()) for path in ("board", "slots", "rules")]
    named = [
        await hall.call(method, path, token=made_up())
        for path in (f"tickets/{ticket['id']}", f"appointments/{appointment['id']}")
        for method in ("GET", "DELETE")
    ]

    assert [reply.status for reply in open_to_all] == [200] * 3
    assert [reply.code for reply in named] == ["ticket-not-found"] * 2 + ["appointment-not-found"] * 2


async def test_a_token_of_another_hall_is_nobodys_here(hall: Checked, found: Founder) -> None:
    elsewhere = await (await found()).take("enquiry")

    replies = [await hall.call("GET", "queue", token=elsewhere["token"]), *await changes(hall, elsewhere["token"])]

    assert [reply.code for reply in replies] == ["token-invalid"] * 4


async def test_what_another_process_gave_a_moment_ago_is_known(dsn: str, tmp_path: Path, service: Service) -> None:
    here = service.api
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT)) as other:
        there = other.api
        await here.call("POST", "tickets", ENQUIRY, token=made_up())  # it has looked, and its clock stands
        given = [await there.take("enquiry"), await booked(there), await booked(there, at("15:00", 27))]
        replies = [await here.call("POST", "tickets", ENQUIRY, token=one["token"]) for one in given]

    assert [reply.status for reply in replies] == [201] * 3


async def test_by_an_older_secret_a_token_of_a_day_ahead_is_known(dsn: str, tmp_path: Path) -> None:
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT), secret="old-secret") as before:
        token = (await booked(before.api))["token"]

    async with service_on(dsn, tmp_path, FakeClock(NOON_AT), secret="new-secret,old-secret") as after:
        forbidden = await after.api.call("GET", "queue", token=token)

    assert forbidden.code == "forbidden"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, date]]:
    """Which days of which halls are read for their ids, in order."""
    seen: list[tuple[str, date]] = []
    ids_from = Reader.ids_from

    async def noted(self: Reader, hall: str, first: date, *known: object, **but: object) -> list[Ids]:
        found = await ids_from(self, hall, first, *known, **but)  # type: ignore[arg-type]
        seen.extend((hall, one.day) for one in found)
        return found

    monkeypatch.setattr(Reader, "ids_from", noted)
    return seen


async def test_for_what_was_made_up_a_day_is_read_once_and_again_when_it_has_moved_on_and_none_is_loaded(
    dsn: str, tmp_path: Path, service: Service, read: list[tuple[str, date]]
) -> None:
    days = [TOMORROW + timedelta(days=later) for later in (0, 1, 3)]
    async with Checked(service.api.base) as api:
        for day in days:
            await booked(api, at("10:00", day.day))

    async with service_on(dsn, tmp_path, FakeClock(NOON_AT)) as fresh, Checked(fresh.api.base) as api:
        codes = {(await api.call("GET", "queue", token=made_up())).code for _ in range(10)}
        first = list(read)
        in_memory = [fresh.running.lanes.in_memory(HallId("demo"), day) for day in days]
        await booked(api, at("11:00", 25))
        codes |= {(await api.call("POST", "tickets", ENQUIRY, token=made_up())).code for _ in range(10)}

    assert codes == {"token-invalid"}
    assert first == [("demo", day) for day in days]
    assert read[len(first) :] == [("demo", days[1])]
    assert in_memory == [None] * 3


async def test_a_day_whose_reading_was_given_up_is_read_again(
    service: Service, read: list[tuple[str, date]], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = (await booked(service.api))["token"]
    signer = Signer(secrets_of(service.settings))
    known = KnownTokens(Reader(service.running.database), service.running.lanes, signer)
    with monkeypatch.context() as patch:
        patch.setattr(signer, "tokens", Mock(side_effect=asyncio.CancelledError))
        with pytest.raises(asyncio.CancelledError):
            await known.has(HallId("demo"), token)

    assert await known.has(HallId("demo"), token)
    assert read == [("demo", TOMORROW)] * 2


async def test_beyond_the_most_tokens_the_hall_asked_about_longest_ago_is_forgotten(
    found: Founder, read: list[tuple[str, date]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.credentials.ticket_tokens.TOKENS_MAX", 2)
    halls = [await found() for _ in range(3)]
    for hall in halls:
        await booked(hall)
    one, two, three = halls

    for hall in (one, two, one, three, one, two):
        assert (await hall.call("GET", "queue", token=made_up())).code == "token-invalid"

    assert [hall for hall, _ in read] == [one.hall, two.hall, three.hall, two.hall]


async def test_who_sends_none_is_not_looked_up(hall: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    async def has(*_: object) -> bool:
        raise AssertionError("nothing was said")

    monkeypatch.setattr(KnownTokens, "has", has)

    assert [reply.status for reply in await changes(hall, None)] == [201, 201, 404]
