"""Tests of export, erasure and retention: all data of the person, and no data of others."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.clock import FakeClock
from service.config.secret_files import secrets_of
from service.credentials.signer import Signer
from service.domain.commands import BookAppointment
from service.domain.model import AppointmentId, Channel, HallId, ServiceId
from service.domain.refusals import Busy
from service.journal.values import Applicant
from service.primitives.contacts import Contact, person_hash
from service.primitives.ids import APPOINTMENT_CODE_STARTS, new_code, new_id
from service.privacy.data_requests import CHUNK_PEOPLE, INVITATIONS_WAIT_DAYS
from service.runtime.lane_registry import SYSTEM
from service.runtime.requests import Request
from tests.api.checked import Checked
from tests.service import NOON_AT, Api, Reply, Service, service_on

DEMO = HallId("demo")
ANN = {"name": "Ann Lee", "phone": "13800138000", "email": "Ann@Post.example"}
BO = {"name": "Bo Li", "phone": "13800138001", "email": "bo@example.org"}
CY = {"name": "Cy Wu", "phone": "13800138002"}
DI = {"name": "Di Xu", "phone": "13800138003"}
PHONE = {"phone": "138-0013-8000"}
TOMORROW = date(2026, 11, 24)
AT_TEN = datetime(2026, 11, 24, 2, tzinfo=UTC)
RETENTION_DAYS = 30


@pytest.fixture
async def desk(service: Service) -> Any:  # noqa: ANN401  (a client)
    """Provide a client that checks the answers."""
    async with Checked(service.api.base) as api:
        yield api


async def people(service: Service) -> list[str]:
    rows = await service.running.database.fetch("SELECT name FROM applicants ORDER BY name")
    return [row["name"] for row in rows]


async def booked(service: Service, who: dict[str, str], starts_at: datetime = AT_TEN) -> AppointmentId:
    """Book an appointment with contacts through the API."""
    signer = Signer(secrets_of(service.settings))
    phone = f"+86{who['phone']}"
    applicant = Applicant(id=new_id(), name=who["name"], phone=phone, email=who["email"])
    appointment = AppointmentId(new_id())
    booking = BookAppointment(
        appointment=appointment,
        code=new_code(APPOINTMENT_CODE_STARTS),
        service=ServiceId("enquiry"),
        starts_at=starts_at,
        channel=Channel.WEB,
        applicant=applicant.id,
        person=person_hash(signer.fingerprint, DEMO, Contact(phone, None)),
    )
    request = Request(
        command=booking, command_id=new_id(), actor=SYSTEM, now_at=service.clock.now_at(), applicant=applicant
    )
    await service.running.lanes.do_on(DEMO, starts_at.date(), request)
    return appointment


async def invited(api: Api, *names: dict[str, str]) -> list[dict[str, Any]]:
    reply = await api.staff("POST", "invitations", {"items": list(names)})
    assert reply.status == 201, reply.body
    given: list[dict[str, Any]] = reply.body["items"]
    return given


async def message_for(service: Service, applicant: str, state: str = "waiting") -> None:
    await service.running.database.fetch(
        "INSERT INTO outbox (hall_id, id, day, subject, seq, kind, channel, applicant_id, facts, state, made_at, "
        "due_at, next_at, expires_at, changed_at, tries) "
        "SELECT 'demo', $1, '2026-11-24', $2, 1, 'booked', 'mail', $3, '{}', $4, now, now, now, now, now, 0 FROM now()",
        new_id(),
        new_id(),
        applicant,
        state,
    )


async def applicant_of(service: Service, name: str) -> str:
    rows = await service.running.database.fetch("SELECT id FROM applicants WHERE name = $1 ORDER BY created_at", name)
    return str(rows[0]["id"])


async def state_of(service: Service, appointment: str) -> str:
    rows = await service.running.database.fetch("SELECT state FROM appointments WHERE id = $1", appointment)
    state: str = rows[0]["state"]
    return state


async def test_all_rows_of_a_person_are_erased_and_no_others(service: Service, desk: Checked) -> None:
    await desk.take("enquiry", applicant=ANN)
    await desk.take("enquiry", applicant={"name": "Ann L.", "phone": "+86 138 0013 8000"})
    await desk.take("enquiry", applicant=BO)
    await desk.take("enquiry", applicant={"name": "Cy"})

    reply = await desk.staff("POST", "erasures", PHONE)

    assert reply.status == 200
    assert reply.body == {"people": 2, "cancelled": 0, "invitations": 0, "messages": 0}
    assert await people(service) == ["Bo Li", "Cy"]


async def test_an_address_finds_a_person_in_either_case(service: Service, desk: Checked) -> None:
    await desk.take("enquiry", applicant=ANN)
    await desk.take("enquiry", applicant=BO)

    reply = await desk.staff("POST", "erasures", {"email": "ann@post.EXAMPLE"})

    assert reply.body["people"] == 1
    assert await people(service) == ["Bo Li"]


async def test_a_phone_with_only_the_same_last_digits_does_not_match(service: Service, desk: Checked) -> None:
    await desk.take("enquiry", applicant={"name": "Di", "phone": "+1 209 013 8000"})
    await service.running.database.fetch(
        "INSERT INTO applicants (hall_id, id, name, phone, created_at) "
        "VALUES ('demo', $1, 'Old', '138 0013 8000', now()), ('other', $1, 'Elsewhere', '+8613800138000', now())",
        new_id(),
    )

    reply = await desk.staff("POST", "erasures", PHONE)

    assert reply.body["people"] == 1, "what was written down another way is the same"
    assert await people(service) == ["Di", "Elsewhere"]


async def test_future_appointments_are_cancelled_and_their_places_freed(service: Service, desk: Checked) -> None:
    of_ann, of_bo = await booked(service, ANN), await booked(service, BO)

    reply = await desk.staff("POST", "erasures", PHONE)

    assert reply.body == {"people": 1, "cancelled": 1, "invitations": 0, "messages": 0}
    assert (await state_of(service, of_ann), await state_of(service, of_bo)) == ("cancelled", "booked")
    events = await service.running.database.fetch("SELECT body FROM events WHERE kind = 'appointment_cancelled'")
    assert ['"by":"erased"' in row["body"] for row in events] == [True]
    assert await people(service) == ["Bo Li"]


async def test_with_keep_future_appointments_stay_without_a_person(service: Service, desk: Checked) -> None:
    of_ann = await booked(service, ANN)

    reply = await desk.staff("POST", "erasures?keep=1", PHONE)

    assert reply.body == {"people": 1, "cancelled": 0, "invitations": 0, "messages": 0}
    assert await state_of(service, of_ann) == "booked"
    assert await people(service) == []


async def test_an_erased_person_with_kept_bookings_is_found_by_the_keyed_hash(service: Service, desk: Checked) -> None:
    of_ann = await booked(service, ANN)
    await desk.staff("POST", "erasures?keep=1", PHONE)

    again = await desk.staff("POST", "erasures", PHONE)

    assert again.body == {"people": 0, "cancelled": 1, "invitations": 0, "messages": 0}
    assert await state_of(service, of_ann) == "cancelled"


async def test_invitations_and_messages_of_the_person_are_anonymized(service: Service, desk: Checked) -> None:
    await invited(desk, ANN, BO)
    for name in ("Ann Lee", "Bo Li"):
        await message_for(service, await applicant_of(service, name))
        await message_for(service, await applicant_of(service, name), "sent")

    reply = await desk.staff("POST", "erasures", PHONE)

    assert reply.body == {"people": 1, "cancelled": 0, "invitations": 1, "messages": 1}
    rows = await service.running.database.fetch("SELECT person, applicant_id FROM invitations ORDER BY line")
    assert [(row["person"] is None, row["applicant_id"] is None) for row in rows] == [(True, True), (False, False)]
    states = await service.running.database.fetch("SELECT state FROM outbox ORDER BY state")
    assert [row["state"] for row in states] == ["sent", "sent", "waiting", "withdrawn"]
    assert [one["name"] for one in (await desk.staff("GET", "invitations")).body["items"]] == [None, "Bo Li"]


async def test_no_personal_data_is_left_in_any_table(service: Service, desk: Checked) -> None:
    await desk.take("enquiry", applicant=ANN)
    await booked(service, ANN)
    await invited(desk, ANN)
    await desk.staff("POST", "exports", PHONE, key="exported-before-erased")
    await desk.staff("POST", "erasures", PHONE, key="erased-once-and-for-all")

    tables = await service.running.database.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    )
    for table in tables:
        name = table["tablename"]
        assert re.fullmatch(r"[a-z_]+", name)
        rows = await service.running.database.fetch(f"SELECT t::text AS said FROM {name} AS t")  # noqa: S608  (a name)
        for row in rows:
            for trace in ("Ann Lee", "13800138000", "ost.example"):
                assert trace not in row["said"], name


async def test_an_erasure_repeated_with_the_same_key_is_one(desk: Checked) -> None:
    await desk.take("enquiry", applicant=ANN)

    once = await desk.staff("POST", "erasures", PHONE, key="erase-ann-please")
    again = await desk.staff("POST", "erasures", PHONE, key="erase-ann-please")
    other = await desk.staff("POST", "erasures", {"phone": BO["phone"]}, key="erase-ann-please")

    assert once.body == again.body
    assert once.body["people"] == 1
    assert (other.status, other.code) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("erasures", {}, ""),
        ("exports", {}, ""),
        ("erasures", {"phone": "abc"}, "phone"),
        ("exports", {"email": "nobody"}, "email"),
        ("erasures?keep=2", PHONE, "keep"),
        ("erasures", {"name": "Ann"}, ""),
    ],
)
async def test_an_erasure_without_a_contact_is_refused(
    service: Service, desk: Checked, path: str, body: dict[str, str], where: str
) -> None:
    await desk.take("enquiry", applicant=ANN)

    reply = await desk.staff("POST", path, body)

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert reply.body["errors"][0]["path"] == where
    assert await people(service) == ["Ann Lee"]


async def test_an_export_contains_all_data_of_the_person_and_no_others(service: Service, desk: Checked) -> None:
    ticket = await desk.take("enquiry", applicant=ANN)
    await desk.take("enquiry", applicant=BO)
    appointment = await booked(service, ANN)
    given = await invited(desk, {**ANN, "name": "Ann L."})
    await message_for(service, await applicant_of(service, "Ann Lee"), "sent")

    reply = await desk.staff("POST", "exports", PHONE)

    assert reply.status == 200
    assert sorted(one["name"] for one in reply.body["people"]) == ["Ann L.", "Ann Lee", "Ann Lee"]
    assert [one["id"] for one in reply.body["appointments"]] == [appointment]
    assert [(one["id"], one["number"], one["class"]) for one in reply.body["tickets"]] == [
        (ticket["id"], ticket["number"], "walk_in")
    ]
    assert [one["id"] for one in reply.body["invitations"]] == [given[0]["id"]]
    assert [(one["kind"], one["channel"], one["state"]) for one in reply.body["messages"]] == [
        ("booked", "mail", "sent")
    ]
    assert "Bo" not in str(reply.body)


async def test_an_export_is_in_the_history_without_personal_data(desk: Checked) -> None:
    await desk.take("enquiry", applicant=ANN)
    await desk.staff("POST", "exports", PHONE, key="exported-for-ann")
    await desk.staff("POST", "exports", PHONE, key="exported-for-ann")
    await desk.staff("POST", "erasures", PHONE)

    items = (await desk.staff("GET", "history")).body["items"]

    told = [(one["kind"], one["data"]) for one in items if one["kind"].startswith("person")]
    assert told == [
        ("person_erased", {"people": 1, "cancelled": 0, "invitations": 0}),
        ("person_exported", {"people": 1}),
    ]


async def test_a_person_hashed_with_an_older_secret_is_found(dsn: str, tmp_path: Path, clock: FakeClock) -> None:
    async with service_on(dsn, tmp_path, clock, secret="the-older-secret-01") as before:
        await booked(before, ANN)
        await before.running.database.fetch("DELETE FROM applicants")
    async with service_on(dsn, tmp_path, clock, secret="the-newer-secret-02,the-older-secret-01") as after:
        reply: Reply = await after.api.staff("POST", "erasures", PHONE)

        assert reply.body["cancelled"] == 1


async def test_a_failed_cancellation_erases_nothing_and_can_be_repeated(
    service: Service, desk: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    await booked(service, ANN)
    do_on = service.running.lanes.do_on

    async def busy(*_: object) -> None:
        raise Busy

    monkeypatch.setattr(service.running.lanes, "do_on", busy)
    refused = await desk.staff("POST", "erasures", PHONE, key="erase-ann-please")
    monkeypatch.setattr(service.running.lanes, "do_on", do_on)
    done = await desk.staff("POST", "erasures", PHONE, key="erase-ann-please")

    assert (refused.status, refused.code) == (503, "busy")
    assert done.body == {"people": 1, "cancelled": 1, "invitations": 0, "messages": 0}


# Erasure after the retention time.


async def aged(service: Service, by: timedelta) -> None:
    """Set the creation time of all applicants to a time `by` before noon."""
    await service.running.database.fetch(
        "UPDATE applicants SET created_at = $1::timestamptz - $2::interval", NOON_AT, by
    )


async def test_a_row_is_erased_when_the_retention_time_is_over(
    service: Service, desk: Checked, clock: FakeClock
) -> None:
    await desk.take("enquiry", applicant=ANN)
    await aged(service, timedelta())
    left = []
    for days in (RETENTION_DAYS, RETENTION_DAYS + 1):
        clock.put(NOON_AT + timedelta(days=days))
        await service.running.privacy.erase_old()
        left.append(await people(service))

    assert left == [["Ann Lee"], []]


async def test_a_row_is_kept_for_a_future_appointment_or_return(
    service: Service, desk: Checked, clock: FakeClock
) -> None:
    await booked(service, ANN, AT_TEN + timedelta(days=20))
    await desk.take("enquiry", applicant=BO)
    await service.running.database.fetch("UPDATE tickets SET due_on = '2026-12-20'")
    await aged(service, timedelta(days=60))
    left = []
    for on in (date(2027, 1, 13), date(2027, 1, 14), date(2027, 1, 20)):
        clock.put(datetime(on.year, on.month, on.day, 4, tzinfo=UTC))
        await service.running.privacy.erase_old()
        left.append(await people(service))

    assert left == [["Ann Lee", "Bo Li"], ["Bo Li"], []]


async def test_a_replaced_row_is_erased_the_next_day(service: Service, desk: Checked, clock: FakeClock) -> None:
    appointment = await booked(service, ANN, AT_TEN)
    changed = await desk.staff("PATCH", f"appointments/{appointment}", {"applicant": BO})
    assert changed.status == 200, changed.body
    await desk.take("enquiry", applicant=CY)
    await invited(desk, DI)
    await aged(service, timedelta())
    left = [await people(service)]
    for days in (1, 2):
        clock.put(NOON_AT + timedelta(days=days))
        await service.running.privacy.erase_old()
        left.append(await people(service))

    others = ["Bo Li", "Cy Wu", "Di Xu"]
    assert left == [["Ann Lee", *others], ["Ann Lee", *others], others]


async def test_the_person_of_an_unused_invitation_is_kept_for_a_term(
    service: Service, desk: Checked, clock: FakeClock
) -> None:
    await invited(desk, ANN, BO)
    await service.running.database.fetch("UPDATE invitations SET used_by = id WHERE line = 2")
    left = []
    for days in (RETENTION_DAYS + 1, INVITATIONS_WAIT_DAYS - 1, INVITATIONS_WAIT_DAYS + 1):
        clock.put(NOON_AT + timedelta(days=days))
        await service.running.privacy.erase_old()
        left.append(await people(service))

    assert left == [["Ann Lee"], ["Ann Lee"], []]
    rows = await service.running.database.fetch("SELECT person, applicant_id FROM invitations")
    assert {(row["person"], row["applicant_id"]) for row in rows} == {(None, None)}


async def test_many_rows_are_erased_in_chunks(
    service: Service, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.privacy.data_requests.CHUNK_PEOPLE", 3)
    await service.running.database.fetch(
        "INSERT INTO applicants (hall_id, id, name, created_at) "
        "SELECT 'demo', gen_random_uuid(), 'old', $1::timestamptz - interval '31 days' FROM generate_series(1, 9) "
        "UNION ALL SELECT 'demo', gen_random_uuid(), 'new', $1::timestamptz",
        NOON_AT,
    )
    hall = await service.running.halls.get(DEMO)

    assert await service.running.privacy.erase_old_of(hall, clock.now_at()) == 9
    assert await people(service) == ["new"]
    assert CHUNK_PEOPLE == 1000


async def test_old_rows_are_erased_once_a_day(
    service: Service, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    erase_old_of: Callable[..., Any] = service.running.privacy.erase_old_of

    async def counted(hall: Any, now_at: datetime) -> int:  # noqa: ANN401  (a hall)
        asked.append(now_at)
        count: int = await erase_old_of(hall, now_at)
        return count

    monkeypatch.setattr(service.running.privacy, "erase_old_of", counted)
    for _ in range(3):
        await service.running.privacy.erase_old()
    clock.advance(86_400)
    await service.running.privacy.erase_old()

    assert len(asked) == 2
