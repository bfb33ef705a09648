"""Idempotency: the same key, the same answer and no second effect, whoever is asked and whatever happened since."""

import asyncio
from pathlib import Path

import pytest

from service.clock import FakeClock
from tests.api.checked import Checked, demo
from tests.api.story import Heard, a_morning, ask
from tests.service import ADMIN, NOON_AT, Api, Service, service_on

KEY = "a-key-of-16-characters-at-least"


async def take(api: Api, key: str = KEY, service: str = "enquiry") -> Heard:
    return await ask(api, "POST", "tickets", {"service": service}, {"Idempotency-Key": key})


async def test_every_call_made_again_is_answered_byte_for_byte_and_done_once(hall: Checked) -> None:
    story = await a_morning(hall)
    before = await hall.seq()

    await story.again(hall)

    assert await hall.seq() == before


async def test_another_process_gives_the_same_answers(service: Service, dsn: str, tmp_path: Path) -> None:
    story = await a_morning(service.api)
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT)) as other:
        await story.again(other.api)


async def test_a_process_started_later_gives_the_same_answers(dsn: str, tmp_path: Path) -> None:
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT)) as first:
        story = await a_morning(first.api)

    async with service_on(dsn, tmp_path, FakeClock(NOON_AT)) as second:
        await story.again(second.api)
        seq = (await second.api.staff("GET", "queue")).body["seq"]

    async with service_on(dsn, tmp_path, FakeClock(NOON_AT)) as third:
        assert (await third.api.staff("GET", "queue")).body["seq"] == seq


async def test_a_key_of_yesterday_is_answered_as_yesterday_and_one_of_the_day_before_is_forgotten(
    dsn: str, tmp_path: Path
) -> None:
    clock = FakeClock(NOON_AT)
    async with service_on(dsn, tmp_path, clock) as first:
        story = await a_morning(first.api)
        clock.advance(86_400)
        await story.again(first.api)

    async with service_on(dsn, tmp_path, clock) as restarted:
        await story.again(restarted.api)
        clock.advance(86_400)
        taken = next(step for step in story.steps if step.path == "tickets")
        new = await ask(restarted.api, "POST", "tickets", taken.body, taken.headers)

    assert new.status == 201
    assert (new.json["day"], new.json["number"]) == ("2026-11-25", "B001")
    assert new.json["id"] != taken.heard.json["id"]


async def test_a_key_with_another_body_is_refused_and_does_nothing(hall: Checked) -> None:
    first = await take(hall)

    other = await hall.call("POST", "tickets", {"service": "loan-first"}, key=KEY)

    assert (other.status, other.code) == (422, "idempotency-key-reused")
    assert await hall.seq() == first.json["seq"]


async def test_a_key_with_another_document_is_refused_and_changes_nothing(hall: Checked) -> None:
    match = {"If-Match": '"1"'}
    await hall.staff("PUT", "document", {**demo(), "languages": ["en"]}, key=KEY, headers=match)

    other = await hall.staff("PUT", "document", {**demo(), "languages": ["zh-CN"]}, key=KEY, headers=match)

    assert (other.status, other.code) == (422, "idempotency-key-reused")
    assert (await hall.staff("GET", "document")).body["languages"] == ["en"]


async def test_a_key_belongs_to_a_route_and_its_address(hall: Checked) -> None:
    opened = await hall.staff("POST", "counters/1/open", key=KEY)
    closed = await hall.staff("POST", "counters/1/close", key=KEY)
    other = await hall.staff("POST", "counters/2/open", key=KEY)

    assert (opened.status, closed.status) == (200, 200)
    assert (other.status, other.code) == (422, "idempotency-key-reused")


async def test_a_key_belongs_to_a_credential(hall: Checked) -> None:
    by_anyone = await take(hall)
    by_staff = await hall.staff("POST", "tickets", {"service": "enquiry"}, key=KEY)
    by_anyone_again = await take(hall)

    assert by_staff.status == 201
    assert by_staff.body["id"] != by_anyone.json["id"]
    assert by_anyone_again == by_anyone


async def test_a_refusal_is_decided_anew(hall: Checked) -> None:
    await hall.take("enquiry")

    refused = await hall.staff("POST", "counters/1/next", key=KEY)
    await hall.open("1")
    called = await hall.staff("POST", "counters/1/next", key=KEY)

    assert refused.code == "counter-closed"
    assert called.status == 200


async def test_an_empty_next_is_decided_anew(hall: Checked) -> None:
    await hall.open("1")

    empty = await hall.staff("POST", "counters/1/next", key=KEY)
    ticket = await hall.take("enquiry")
    called = await hall.staff("POST", "counters/1/next", key=KEY)
    again = await hall.staff("POST", "counters/1/next", key=KEY)

    assert empty.status == 204
    assert called.body["ticket"]["id"] == ticket["id"]
    assert again.body == called.body


async def test_the_same_request_sent_many_times_at_once_is_done_once(hall: Checked) -> None:
    heard = await asyncio.gather(*(take(hall) for _ in range(8)))

    assert all(one == heard[0] for one in heard)
    assert heard[0].status == 201
    assert await hall.seq() == heard[0].json["seq"]


async def test_the_same_request_sent_at_once_to_two_processes_is_done_once(
    service: Service, own: Checked, dsn: str, tmp_path: Path
) -> None:
    async with service_on(dsn, tmp_path, FakeClock(NOON_AT)) as other:
        for n in range(8):
            heard = await asyncio.gather(take(service.api, f"{KEY}-{n}"), take(other.api, f"{KEY}-{n}"))
            assert heard[0] == heard[1]
            assert heard[0].json["number"] == f"B{n + 1:03d}"

    assert await own.seq() == 9


async def test_without_a_key_a_request_is_simply_done(hall: Checked) -> None:
    assert (await hall.take("enquiry"))["id"] != (await hall.take("enquiry"))["id"]


@pytest.mark.parametrize("key", ["x" * 8, "x" * 255, "!~!~!~!~"])
async def test_a_key_of_8_to_255_visible_characters_is_taken(hall: Checked, key: str) -> None:
    assert (await hall.staff("POST", "counters/1/open", key=key)).status == 200


@pytest.mark.parametrize("key", ["x" * 7, "x" * 256, "eight or more", "", "käse-und-brot", "tab\tinside"])
async def test_another_key_is_refused(hall: Checked, key: str) -> None:
    reply = await hall.staff("POST", "counters/1/open", key=key)

    assert (reply.status, reply.code, reply.body["errors"][0]["path"]) == (422, "body-invalid", "Idempotency-Key")


async def test_without_a_credential_a_key_has_16_characters(hall: Checked) -> None:
    short = await hall.call("POST", "tickets", {"service": "enquiry"}, key="x" * 15)
    enough = await hall.call("POST", "tickets", {"service": "enquiry"}, key="x" * 16)
    by_staff = await hall.call("POST", "tickets", {"service": "enquiry"}, key="x" * 8, token=ADMIN)

    assert (short.status, short.code) == (422, "body-invalid")
    assert (enough.status, by_staff.status) == (201, 201)
