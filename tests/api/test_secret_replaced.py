"""A secret is replaced as docs/guides/upgrade.md says, by `NEW,OLD`: what was promised with the old one holds."""

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from service.api.access.browsers import COOKIE
from service.clock import FakeClock
from tests.api.booking import booked, person, try_to_book
from tests.api.checked import at
from tests.api.staff import Browser
from tests.service import ADMIN, NOON_AT, Api, Service, service_on

OLD, NEW = "the-older-secret-01", "the-newer-secret-02,the-older-secret-01"
KEY = "a-key-that-is-sent-again-0001"
PHONE = "13812345678"

Start: TypeAlias = Callable[[str], AbstractAsyncContextManager[Service]]
Ask: TypeAlias = Callable[[Api], Coroutine[Any, Any, Any]]


@pytest.fixture
def start(dsn: str, tmp_path: Path) -> Start:
    """Starts the service with a secret, on one database."""
    return lambda secret: service_on(dsn, tmp_path, FakeClock(NOON_AT), secret=secret)


async def _take(api: Api) -> Any:  # noqa: ANN401  (any answer)
    return await api.call("POST", "tickets", {"service": "enquiry"}, key=KEY)


async def _book(api: Api) -> Any:  # noqa: ANN401  (likewise)
    return await try_to_book(api, at("10:00", 24), applicant={"name": "Li", "phone": PHONE}, key=KEY)


async def _add_staff(api: Api) -> Any:  # noqa: ANN401  (likewise)
    return await api.staff("POST", "staff", {"name": "zhou", "role": "staff"}, key=KEY)


async def _add_device(api: Api) -> Any:  # noqa: ANN401  (likewise)
    return await api.staff("POST", "devices", {"name": "door", "role": "staff"}, key=KEY)


@pytest.mark.parametrize("ask", [_take, _book, _add_staff, _add_device])
async def test_a_request_that_is_sent_again_gets_its_answer(start: Start, ask: Ask) -> None:
    async with start(OLD) as before:
        first = await ask(before.api)
    async with start(NEW) as after:
        again = await ask(after.api)

    derived = {"token"} if ask in {_take, _book} else set()  # of tickets and appointments by the newest secret
    assert (first.status, again.status) == (201, 201), again.body
    assert {name: again.body[name] for name in again.body.keys() - derived} == {
        name: first.body[name] for name in first.body.keys() - derived
    }


async def test_a_document_that_is_put_again_is_the_same(start: Start) -> None:
    async with start(OLD) as before:
        found = await before.api.staff("GET", "document")
        etag, document = {"If-Match": found.headers["Etag"]}, {**found.body, "name": {"zh-CN": "大厅", "en": "Ours"}}
        first = await before.api.staff("PUT", "document", document, key=KEY, headers=etag)
    async with start(NEW) as after:
        again = await after.api.staff("PUT", "document", document, key=KEY, headers=etag)

    assert (first.status, again.status, again.headers["Etag"]) == (200, 200, first.headers["Etag"])


async def test_another_request_with_the_same_key_is_refused_as_before(start: Start) -> None:
    async with start(OLD) as before:
        await _take(before.api)
    async with start(NEW) as after:
        other = await after.api.call("POST", "tickets", {"service": "loan-first"}, key=KEY)

    assert (other.status, other.code) == (422, "idempotency-key-reused")


async def test_a_person_keeps_their_limit_and_their_start(start: Start) -> None:
    who = {"applicant": {"name": "Li", "phone": PHONE}}
    async with start(OLD) as before:
        mine = await booked(before.api, at("10:00", 24), **who)
        await booked(before.api, at("11:00", 25), **who)
    async with start(NEW) as after:
        refused = [await try_to_book(after.api, at(*when), **who) for when in (("10:00", 24), ("12:00", 26))]
        given_up = await after.api.call("DELETE", f"appointments/{mine['id']}", token=mine["token"])
        another = await try_to_book(after.api, at("12:00", 26), **who)
        beyond = await try_to_book(after.api, at("13:00", 27), **who)
        somebody = await try_to_book(after.api, at("10:00", 24), applicant=person())

    assert [one.code for one in refused] == ["already-booked", "already-booked"]
    assert (given_up.status, another.status, beyond.code, somebody.status) == (200, 201, "already-booked", 201)


async def test_who_is_renamed_to_somebody_known_by_the_old_secret_is_that_person(start: Start) -> None:
    who = {"applicant": {"name": "Li", "phone": PHONE}}
    async with start(OLD) as before:
        await booked(before.api, at("10:00", 24), **who)
    async with start(NEW) as after:
        other = await booked(after.api, at("10:00", 24))
        renamed = await after.api.call("PATCH", f"appointments/{other['id']}", who, token=other["token"])

    assert renamed.code == "already-booked"


async def test_a_browser_keeps_its_one_number(start: Start) -> None:
    async with start(OLD) as before:
        first = await _taken_by_browser(before.api)
        cookie = first.headers["Set-Cookie"].partition(";")[0]
    async with start(NEW) as after:
        second = await _taken_by_browser(after.api, cookie)
        anew = await _taken_by_browser(after.api)

    assert cookie.startswith(COOKIE)
    assert (first.status, second.code, anew.status) == (201, "already-waiting", 201)
    assert second.body["ticket"] == first.body["id"]
    assert "Set-Cookie" not in second.headers


async def _taken_by_browser(api: Api, cookie: str = "") -> Any:  # noqa: ANN401  (likewise)
    headers = {"User-Agent": "Mozilla/5.0"} | ({"Cookie": cookie} if cookie else {})
    async with Api(api.base) as browser:
        return await browser.call("POST", "tickets", {"service": "enquiry"}, headers=headers)


async def test_the_admin_stays_signed_in_while_the_secret_is_named(start: Start) -> None:
    statuses = []
    async with Browser("") as browser:
        async with start(OLD) as before:
            browser.base = before.api.base
            assert (await browser.sign_in("admin", ADMIN)).status == 200
        for secret in (NEW, NEW.partition(",")[0]):
            async with start(secret) as after:
                browser.base = after.api.base
                statuses.append((await browser.call("GET", "document")).status)

    assert statuses == [200, 401]
