"""What can be booked: from a row of each day, reckoned once, and never of what is past."""

import asyncio
import random
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from service.api.appointments.slots import SERVICE_DAYS_MAX, SPAN_DAYS_MAX
from service.api.http.headers import INVITATION_HEADER
from service.clock import FakeClock
from service.domain.booking.slots import slots_of
from service.domain.calendar.learned import Learned, LearnedArrivals
from service.domain.events import AppointmentMade, DayOpened, PlanChanged, Record
from service.domain.model import HallId, ServiceId
from service.domain.view import slot_view
from service.journal.journal import Journal
from service.primitives.ids import new_id
from tests.api.booking import booked, by_hand, slot_at, slots, try_to_book
from tests.api.checked import Checked, at, demo
from tests.api.conftest import Founder
from tests.api.staff import device, employed
from tests.api.test_metrics import sample, scrape
from tests.copies import copy, restore
from tests.service import Service, service_on


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def test_a_slot_says_when_it_is_and_how_much_is_free(hall: Checked) -> None:
    first, second = (await slots(hall))[:2]

    assert list(first) == ["service", "starts_at", "ends_at", "places", "free"]
    assert (first["service"], first["starts_at"]) == ("enquiry", "2026-11-24T01:00:00.000Z")
    assert second["starts_at"] == "2026-11-24T01:05:00.000Z"
    assert first["ends_at"] == "2026-11-24T01:05:00.000Z"
    assert first["free"] == first["places"] > 0


async def test_without_dates_it_is_as_far_as_the_hall_takes_bookings(hall: Checked) -> None:
    days = sorted({instant(slot["starts_at"]).date() for slot in await slots(hall, "service=enquiry")})

    assert days[0] == at("10:00", 23).date()
    assert (days[-1] - days[0]).days == demo().get("booking", {}).get("horizon_days", 30)


async def test_both_dates_are_included_and_days_beyond_are_left_out(hall: Checked) -> None:
    days = {slot["starts_at"][:10] for slot in await slots(hall, "service=enquiry&from=2026-11-25&to=2026-11-27")}
    beyond = await slots(hall, "service=enquiry&from=2027-03-01&to=2027-03-31")
    past = await slots(hall, "service=enquiry&from=2026-11-01&to=2026-11-22")

    assert days == {"2026-11-25", "2026-11-26", "2026-11-27"}
    assert (beyond, past) == ([], [])


async def test_what_is_past_or_too_near_is_left_out_but_not_for_staff(hall: Checked, now: FakeClock) -> None:
    now.put(at("10:02"))
    today = "slots?service=enquiry&from=2026-11-23&to=2026-11-23"

    people = (await hall.call("GET", today)).body["slots"]
    staff = (await hall.staff("GET", today)).body["slots"]

    assert people[0]["starts_at"] == "2026-11-23T03:05:00.000Z"  # an hour's notice
    assert staff[0]["starts_at"] == "2026-11-23T02:05:00.000Z"


async def test_what_was_reckoned_a_while_ago_is_reckoned_anew_when_a_start_has_come_too_near(
    hall: Checked, now: FakeClock
) -> None:
    today = "service=enquiry&from=2026-11-23&to=2026-11-23"
    first = (await slots(hall, today))[0]["starts_at"]

    now.put(at("10:00"))
    still = (await slots(hall, today))[0]["starts_at"]
    now.advance(1)
    later = (await slots(hall, today))[0]["starts_at"]

    assert (first, still, later) == (
        "2026-11-23T03:00:00.000Z",
        "2026-11-23T03:00:00.000Z",
        "2026-11-23T03:05:00.000Z",
    )


async def test_a_booking_takes_a_place_and_a_cancelled_one_gives_it_back(hall: Checked) -> None:
    before = await slot_at(hall, at("10:00", 24))
    appointment = await booked(hall, at("10:00", 24))
    taken = await slot_at(hall, at("10:00", 24))
    await hall.call("DELETE", f"appointments/{appointment['id']}", token=appointment["token"])
    after = await slot_at(hall, at("10:00", 24))

    assert taken["free"] == before["free"] - 1
    assert after == before


async def test_a_hold_takes_a_place_until_it_is_over(hall: Checked, now: FakeClock) -> None:
    before = await slot_at(hall, at("10:00", 24))
    await booked(hall, at("10:00", 24), hold=True)
    held = await slot_at(hall, at("10:00", 24))
    now.advance(599)
    still = await slot_at(hall, at("10:00", 24))
    now.advance(1)
    after = await slot_at(hall, at("10:00", 24))

    assert (held["free"], still["free"], after["free"]) == (before["free"] - 1, before["free"] - 1, before["free"])


async def test_free_is_how_many_more_are_booked_there(found: Founder) -> None:
    hall = await found(booking={"z": 0.5, "per_person": 1})
    free = (await slot_at(hall, at("09:00", 24)))["free"]

    for expected in range(free, 0, -1):
        assert (await slot_at(hall, at("09:00", 24)))["free"] == expected
        assert (await try_to_book(hall, at("09:00", 24))).status == 201
    assert (await slot_at(hall, at("09:00", 24)))["free"] == 0
    assert (await try_to_book(hall, at("09:00", 24))).code == "slot-full"


async def test_closed_days_have_none(found: Founder) -> None:
    hall = await found(exceptions=[{"on": "2026-11-24", "closed": True}])

    assert await slots(hall) == []


async def test_places_set_by_hand_are_what_there_is(found: Founder) -> None:
    hall = await found(booking=by_hand(3, every_min=60))

    given = await slots(hall)

    assert [slot["starts_at"][11:16] for slot in given[:3]] == ["01:00", "02:00", "03:00"]
    assert {(slot["places"], slot["free"]) for slot in given} == {(3, 3)}


async def test_without_a_service_it_is_all_that_can_be_booked(hall: Checked) -> None:
    given = await slots(hall, "from=2026-11-24&to=2026-11-24")

    assert {slot["service"] for slot in given} == {"loan-first", "enquiry"}


async def test_more_people_have_fewer_places(hall: Checked) -> None:
    alone = (await slots(hall, "service=enquiry&from=2026-11-24&to=2026-11-24"))[0]
    family = (await slots(hall, "service=enquiry&from=2026-11-24&to=2026-11-24&count=4"))[0]

    assert family["places"] < alone["places"]
    assert instant(family["ends_at"]) - instant(family["starts_at"]) == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("service=enquiry&from=tomorrow", "from"),
        ("service=enquiry&from=2026-02-30", "from"),
        ("service=enquiry&to=20261124", "to"),
        ("service=enquiry&from=2026-11-25&to=2026-11-24", "to"),
        ("service=enquiry&from=2026-11-24&to=2027-01-25", "to"),
        ("service=enquiry&count=0", "count"),
        ("service=enquiry&count=5", "count"),
        ("service=enquiry&count=many", "count"),
        ("service=enquiry&count=100", "count"),
    ],
)
async def test_questions_that_cannot_be_are_refused(hall: Checked, query: str, path: str) -> None:
    reply = await hall.call("GET", f"slots?{query}")

    assert (reply.status, reply.code) == (422, "body-invalid")
    assert reply.body["errors"][0]["path"] == path


async def test_sixty_two_days_are_a_question_and_the_ends_of_time_are_no_fault(hall: Checked) -> None:
    longest = await hall.call("GET", "slots?service=enquiry&from=2026-11-24&to=2027-01-24")
    last = await hall.call("GET", "slots?service=enquiry&from=9999-12-31")
    first = await hall.call("GET", "slots?service=enquiry&from=0001-01-01&to=0001-02-01")

    assert (longest.status, SPAN_DAYS_MAX) == (200, 62)
    assert (last.body, first.body) == ({"slots": []}, {"slots": []})


async def test_a_service_that_is_none_is_told(hall: Checked) -> None:
    for name in ("haircut", "No such!", ""):
        reply = await hall.call("GET", f"slots?service={name}")
        assert (reply.status, reply.code) == (404, "service-not-found"), name


async def test_what_is_done_online_says_where_and_is_counted(hall: Checked) -> None:
    reply = await hall.call("GET", "slots?service=loan-renewal")
    await try_to_book(hall, at("10:00", 24), service="loan-renewal")
    await hall.call("POST", "tickets", {"service": "loan-renewal"})

    assert (reply.status, reply.code) == (409, "online-only")
    assert reply.body["url"] == "https://example.org/loan-renewal"
    counted = await scrape(hall)
    for via in ("slots", "appointment", "ticket"):
        assert counted[sample("paihao_deflected_total", hall=hall.hall, service="loan-renewal", via=via)] == 1


async def test_a_service_that_is_not_bookable_has_no_slots(found: Founder) -> None:
    services = demo()["services"]
    services[1]["bookable"] = False
    hall = await found(services=services)

    assert await slots(hall) == []
    assert (await try_to_book(hall, at("10:00", 24))).code == "slot-not-offered"


async def test_a_document_that_was_changed_is_what_counts(hall: Checked) -> None:
    await booked(hall, at("10:00", 24))
    document = {**demo(), "booking": by_hand(2)}

    put = await hall.staff("PUT", "document", document, headers={"If-Match": '"1"'})

    assert put.status == 200
    given = await slots(hall, "service=enquiry&from=2026-11-24&to=2026-11-25")
    assert {slot["places"] for slot in given} == {2}
    assert (await slot_at(hall, at("10:00", 24)))["free"] == 1


async def test_of_many_services_one_is_said(found: Founder) -> None:
    services = demo()["services"]
    more = [
        {**services[1], "id": f"enquiry-{n}", "prefix": f"{chr(65 + n // 26)}{chr(65 + n % 26)}"}
        for n in range(SERVICE_DAYS_MAX // SPAN_DAYS_MAX + 1)
    ]
    hall = await found(services=services + more)

    everything = await hall.call("GET", "slots?from=2026-11-24&to=2027-01-24")
    one = await hall.call("GET", "slots?service=enquiry-3&from=2026-11-24&to=2027-01-24")

    assert (everything.status, everything.body["errors"][0]["path"], one.status) == (422, "service", 200)


async def test_what_another_process_booked_is_seen(
    dsn: str, tmp_path_factory: pytest.TempPathFactory, clock: FakeClock
) -> None:
    async with (
        service_on(dsn, tmp_path_factory.mktemp("one"), clock) as one,
        service_on(dsn, tmp_path_factory.mktemp("other"), clock) as other,
        Checked(one.api.base) as here,
        Checked(other.api.base) as there,
    ):
        before = await slot_at(here, at("10:00", 24))
        await booked(here, at("10:00", 24))
        await booked(there, at("10:00", 24))

        assert (await slot_at(here, at("10:00", 24)))["free"] == before["free"] - 2
        assert (await slot_at(there, at("10:00", 24)))["free"] == before["free"] - 2


@pytest.mark.parametrize("others", [0, 2, 3], ids=["behind what is remembered", "level with it", "beyond"])
async def test_what_a_restored_database_lacks_takes_no_place(
    dsn: str, tmp_path_factory: pytest.TempPathFactory, clock: FakeClock, others: int
) -> None:
    async with (
        service_on(dsn, tmp_path_factory.mktemp("one"), clock) as one,
        service_on(dsn, tmp_path_factory.mktemp("other"), clock) as other,
        Checked(one.api.base) as here,
        Checked(other.api.base) as there,
    ):
        await booked(here, at("10:00", 24))
        await copy(dsn)
        for _ in range(2):
            await booked(here, at("10:00", 24))
        assert await slots(here)
        await restore(dsn)
        for _ in range(others):
            await booked(there, at("11:00", 24))

        found = await slots(here)

        assert found == await slots(there)
        assert await slots(here) == found, "nor is it kept"


async def test_days_that_are_not_in_memory_are_as_those_that_are(
    dsn: str, tmp_path_factory: pytest.TempPathFactory, clock: FakeClock
) -> None:
    month = "service=loan-first"
    async with (
        service_on(dsn, tmp_path_factory.mktemp("one"), clock) as one,
        service_on(dsn, tmp_path_factory.mktemp("other"), clock) as other,
        Checked(one.api.base) as here,
        Checked(other.api.base) as there,
    ):
        for day in (24, 26, 27):
            await booked(here, at("11:00", day), service="loan-first", count=2)
            await booked(here, at("11:00", day), hold=True)

        assert await slots(there, month) == await slots(here, month)
        assert other.running.lanes.in_memory(HallId("demo"), at("11:00", 26).date()) is None


async def test_sums_that_a_release_before_wrote_of_visits_of_several_stages_are_not_believed(
    dsn: str, tmp_path_factory: pytest.TempPathFactory, clock: FakeClock
) -> None:
    tomorrow = "from=2026-11-24&to=2026-11-24"
    document = demo()
    document["stages"].append({"id": "cashier"})
    document["services"][1]["stages"] = ["window", "cashier"]
    document["counters"].append({"id": "K1", "zone": "main", "stage": "cashier", "services": ["enquiry"]})
    async with service_on(dsn, tmp_path_factory.mktemp("one"), clock) as one, Checked(one.api.base) as here:
        assert (await here.staff("PUT", "document", document, headers={"If-Match": "*"})).status == 200
        await booked(here, at("10:00", 24), count=3)
        told = await slots(here, tomorrow)
        sums = (await one.running.lanes.day_on(HallId("demo"), at("10:00", 24).date())).booking_totals.copy()
        windows = sums.everybody.groups["loan-first"]
        assert sums.by_stage
        assert sum(windows.mean_ms)
        everybody, *others, _by_stage = msgspec.to_builtins(sums)
        everybody[1]["loan-first"] = [[0] * len(windows.mean_ms), [0] * len(windows.variance), {}]
        before = msgspec.json.encode([everybody, *others]).decode()
        await one.running.database.fetch("UPDATE day_sums SET booked = $1", before)
        await one.running.database.fetch("DELETE FROM day_sum_changes")

        async with service_on(dsn, tmp_path_factory.mktemp("other"), clock) as other, Checked(other.api.base) as there:
            assert await slots(there, tomorrow) == told


async def test_a_day_that_the_release_before_opened_takes_what_is_listed(service: Service, own: Checked) -> None:
    """It held nothing in hours of which history is silent: here from two in the afternoon on."""
    demo_hall, tomorrow = HallId("demo"), at("10:00", 24).date()
    learned = Learned(walk_ins={f"{hour:02d}": LearnedArrivals(12.0) for hour in range(9, 14)})
    await service.running.database.fetch(
        "INSERT INTO learned (hall_id, weekday, learned, days, changed_at) VALUES ('demo', 2, $1, 40, now())",
        msgspec.json.encode(learned).decode(),
    )
    await service.running.halls.refresh()
    hall = await service.running.halls.get(demo_hall)
    before = msgspec.structs.replace(hall.plan(tomorrow), held_by_hour=False)
    opened = Record(1, at("09:00"), "system", new_id(), 0, None, DayOpened(plan=before))
    journal = Journal(service.running.database)
    assert await journal.open_day(demo_hall, tomorrow, new_id(), lambda *_: opened, begins=False)
    late = next(one for one in await slots(own) if one["starts_at"] == "2026-11-24T07:00:00.000Z")

    replies = [await try_to_book(own, at("15:00", 24)) for _ in range(late["free"] + 1)]

    assert [reply.status for reply in replies] == [201] * late["free"] + [409]
    events = [record.event for record in await journal.events(demo_hall, tomorrow)]
    assert [type(event) for event in events[:3]] == [DayOpened, PlanChanged, AppointmentMade]
    assert PlanChanged not in {type(event) for event in events[3:]}


async def test_many_who_ask_at_once_are_all_answered_alike(hall: Checked) -> None:
    answers = await asyncio.gather(*(slots(hall, "service=enquiry") for _ in range(20)))

    assert all(one == answers[0] for one in answers)


async def test_staff_are_told_apart_from_people(hall: Checked, now: FakeClock) -> None:
    now.put(at("10:00"))
    today = "slots?service=enquiry&from=2026-11-23&to=2026-11-23"
    async with employed(hall, "staff") as clerk:
        own = (await clerk.call("GET", today)).body["slots"]
    others = (await hall.call("GET", today)).body["slots"]

    assert own[0]["starts_at"] < others[0]["starts_at"]


async def test_a_partner_sees_what_is_kept_for_its_guests(found: Founder) -> None:
    hall = await found()
    token = await device(hall, "partner")
    school = next(one["id"] for one in (await hall.staff("GET", "devices")).body["items"])
    reserved = {"partner": school, "weekdays": [2], "from": "09:00", "to": "17:30", "share": 0.5}
    booking = {**by_hand(4), "reserved": [{**reserved, "release_before_s": 3600}]}
    await hall.staff("PUT", "document", {**demo(), "booking": booking}, headers={"If-Match": '"1"'})

    own = await hall.call("GET", "slots?service=enquiry&from=2026-11-24&to=2026-11-24", token=token)

    assert {slot["free"] for slot in own.body["slots"]} == {4}
    assert {slot["free"] for slot in await slots(hall)} == {2}


async def test_a_guest_who_shows_an_invitation_sees_what_is_kept_for_it_until_it_is_released(
    found: Founder, now: FakeClock
) -> None:
    hall = await found()
    token = await device(hall, "partner")
    school = next(one["id"] for one in (await hall.staff("GET", "devices")).body["items"])
    reserved = {"partner": school, "weekdays": [2], "from": "09:00", "to": "17:30", "share": 0.5}
    booking = {**by_hand(4), "reserved": [{**reserved, "release_before_s": 3600}]}
    await hall.staff("PUT", "document", {**demo(), "booking": booking}, headers={"If-Match": '"1"'})
    guest = {"items": [{"name": "Ann", "service": "enquiry"}]}
    until = "invitations?releases_at=2026-11-23T12:00:00%2B08:00"
    code = (await hall.call("POST", until, guest, token=token)).body["items"][0]["code"]

    async def free(service: str) -> set[int]:
        path = f"slots?service={service}&from=2026-11-24&to=2026-11-24"
        reply = await hall.call("GET", path, headers={INVITATION_HEADER: code.lower()})
        return {slot["free"] for slot in reply.body["slots"]}

    assert (await free("enquiry"), await free("loan-first")) == ({4}, {2})
    now.put(at("12:00"))
    assert await free("enquiry") == {2}


@pytest.mark.parametrize("code", ["MMMMMMMM", "M" * 33])
async def test_a_code_that_is_no_invitation_shows_no_slots(hall: Checked, code: str) -> None:
    reply = await hall.call("GET", "slots", headers={INVITATION_HEADER: code})

    assert reply.code == ("code-not-found" if len(code) < 33 else "body-invalid")


async def test_whose_papers_were_looked_at_sees_the_places_that_fit_more_of_them(found: Founder) -> None:
    services = demo()["services"]
    services[0]["duration_s"]["prechecked_mean"] = 100
    hall = await found(services=services)
    guests = {"items": [{"name": "Ann", "prechecked": True}, {"name": "Bo", "prechecked": False}]}
    codes = [one["code"] for one in (await hall.staff("POST", "invitations", guests)).body["items"]]
    path = "slots?service=loan-first&from=2026-11-24&to=2026-11-24"

    ann, bo = [(await hall.call("GET", path, headers={INVITATION_HEADER: code})).body["slots"] for code in codes]

    assert sum(slot["places"] for slot in ann) > sum(slot["places"] for slot in bo)
    assert bo == await slots(hall, path.removeprefix("slots?"))


async def test_a_night_belongs_to_the_day_it_began_on(found: Founder) -> None:
    late = [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "20:00", "to": "03:00"}]
    hall = await found(day_starts_at_local="06:00", hours=late, staffing=[], booking=by_hand_at_night())

    appointment = await booked(hall, at("01:00", 25))

    evening = await slots(hall, "service=enquiry&from=2026-11-24&to=2026-11-24")
    assert appointment["starts_at"] == "2026-11-24T17:00:00.000Z"
    assert [slot["free"] for slot in evening if slot["starts_at"] == appointment["starts_at"]] == [1]
    assert [one["id"] for one in (await hall.staff("GET", "appointments?on=2026-11-24")).body["items"]] == [
        appointment["id"]
    ]


def by_hand_at_night() -> dict[str, Any]:
    span = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "20:00", "to": "03:00"}
    return {"places": [{**span, "every_min": 60, "places": 2}]}


@pytest.mark.parametrize(
    ("on", "starts"), [("2027-03-28", 23), ("2027-10-31", 25)], ids=["an hour is left out", "an hour comes twice"]
)
async def test_a_day_whose_clock_is_changed_has_as_many_hours_as_it_has(
    found: Founder, now: FakeClock, on: str, starts: int
) -> None:
    day = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "24:00"}
    booking = {"places": [{**day, "every_min": 60, "places": 1}]}
    hall = await found(time_zone="Europe/Berlin", hours=[day], staffing=[], booking=booking)
    now.put(datetime.fromisoformat(f"{on}T12:00:00+00:00") - timedelta(days=3))

    given = await slots(hall, f"service=enquiry&from={on}&to={on}")
    replies = [await try_to_book(hall, datetime.fromisoformat(slot["starts_at"])) for slot in given]

    assert len(given) == starts
    assert {reply.status for reply in replies} == {201}
    assert {slot["free"] for slot in await slots(hall, f"service=enquiry&from={on}&to={on}")} == {0}


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_remembered_is_what_would_be_reckoned(
    found: Founder, house: Service, now: FakeClock, seed: int
) -> None:
    drawn = random.Random(seed)  # noqa: S311  (the same each time)
    reserved = {"partner": "school", "weekdays": [1, 2, 3], "from": "10:00", "to": "16:00", "share": 0.3}
    hall = await found(
        booking={
            "late_share": 0.25,
            "late_before_s": 36 * 3600,
            "reserved": [{**reserved, "release_before_s": 20 * 3600}],
            "horizon_days": 4,
            "notice_s": 1800,
            "per_person": 1,
        }
    )
    made: list[dict[str, Any]] = []

    for _ in range(30):
        offered = await slots(hall, "service=enquiry")
        assert offered == await reckoned(house, hall)
        match drawn.randrange(4):
            case 0:
                now.advance(drawn.choice([1, 300, 599, 3600, 7200]))
            case 1 if made:
                gone = made.pop(drawn.randrange(len(made)))
                await hall.call("DELETE", f"appointments/{gone['id']}", token=gone["token"])
            case _:
                when = datetime.fromisoformat(drawn.choice(offered)["starts_at"])
                reply = await try_to_book(hall, when, hold=drawn.random() < 0.5)
                if reply.status == 201:
                    made.append(reply.body)


async def reckoned(house: Service, hall: Checked) -> list[dict[str, Any]]:
    """The slots as they are reckoned now from the days themselves."""
    known, now_at = await house.running.halls.get(HallId(hall.hall)), house.clock.now_at()
    found = []
    for days in range(known.document.booking.horizon_days + 1):
        day = await house.running.lanes.day_on(known.id, known.day_at(now_at) + timedelta(days=days))
        found += [
            slot_view(slot)
            for slot in slots_of(day.regular_plan, day.booking_totals, ServiceId("enquiry"), 1, now_at).all()
        ]
    whole: list[dict[str, Any]] = msgspec.to_builtins(found)
    return whole
