"""Pictures of the pages for phones, in both languages, and on a desktop."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Route, ViewportSize, expect

from tests.api.booking import by_hand
from tests.browser.clock import RunningClock
from tests.browser.halls import busy_morning
from tests.browser.phone import PHONE, Phone, hand
from tests.browser.pictures import picture
from tests.browser.test_applicant import PERSON, booked, configure
from tests.browser.test_standby import full
from tests.browser.test_ticket import address, identity
from tests.service import OPENS_AT, Service

pytestmark = pytest.mark.pictures

DESK = ViewportSize(width=1000, height=900)
SPANS = [
    {"from": start, "to": end, "every_min": 20, "places": places}
    for start, end, places in (("09:00", "12:00", 4), ("12:00", "13:40", 0), ("13:40", "17:30", 3))
]


@pytest.fixture
def clock() -> RunningClock:
    """A clock that starts when the hall opens."""
    return RunningClock(OPENS_AT)


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a phone."""
    async with await hand(browser) as context:
        yield context


async def some_are_booked(service: Service) -> None:
    """Set places by hand, with few left on the first days and none on one day."""
    weekdays = [1, 2, 3, 4, 5, 6]
    places = [{"weekdays": weekdays, **span} for span in SPANS] + [
        {"weekdays": [7], "from": "09:00", "to": "17:30", "every_min": 30, "places": 2}
    ]
    closed = [{"on": "2026-11-30", "closed": True}]
    await configure(service, booking={"places": places, "per_person": 50}, exceptions=closed)
    for on, keep in (("2026-11-23", 0), ("2026-11-24", 9), ("2026-11-25", 3)):
        query = f"slots?service=loan-first&from={on}&to={on}"
        slots = (await service.api.call("GET", query)).body["slots"]
        for place, slot in enumerate(slots[: len(slots) - keep] if keep < 9 else slots[::3]):
            for _ in range(slot["free"] if keep < 9 or place % 2 == 0 else slot["free"] - 1):
                body = {"service": "loan-first", "starts_at": slot["starts_at"], "hold": True}
                await service.api.staff("POST", "appointments", body)


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_booking_is_pictured(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path, lang: str
) -> None:
    ending = "" if lang == "zh" else "-en"
    await busy_morning(service.api, clock, 50)
    await some_are_booked(service)
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?lang={lang}")
    await picture(phone.page, tmp_path, f"phone-hall{ending}.png", PHONE)
    await phone.page.locator('[data-service="loan-first"]').click()
    await phone.is_step("service")
    await picture(phone.page, tmp_path, f"phone-service{ending}.png", PHONE)
    await phone.press("book")
    await phone.page.locator('.month [data-on="2026-11-24"]').click()
    await phone.page.locator(".slots [data-at]:not([disabled])").nth(2).click()
    await picture(phone.page, tmp_path, f"phone-booking{ending}.png", PHONE)
    await phone.press("next")
    await phone.is_step("details")
    for name, value in PERSON.items():
        await phone.page.locator(f"#{name}").fill(value)
    await picture(phone.page, tmp_path, f"phone-details{ending}.png", PHONE)
    await phone.press("next")
    await phone.is_step("review")
    await picture(phone.page, tmp_path, f"phone-review{ending}.png", PHONE)
    await phone.press("next")
    await expect(phone.page.locator(".qr")).to_be_visible()
    await picture(phone.page, tmp_path, f"phone-appointment{ending}.png", PHONE)
    await picture(phone.page, tmp_path, f"phone-appointment-desk{ending}.png", DESK)

    await phone.is_sound()


async def looked_at(service: Service, clock: RunningClock) -> dict[str, Any]:
    """Make a prechecked ticket in a busy hall."""
    api = service.api
    await busy_morning(api, clock, 100)
    for counter in ("1", "2", "3", "4", "5"):
        await api.next(counter, "done")
    ticket = await api.take("loan-first")
    called = await api.next("P1", "done")
    while called is not None and called["id"] != ticket["id"]:
        called = await api.next("P1", "done")
    assert (await api.staff("POST", f"tickets/{ticket['id']}/finish", {"outcome": "done"})).status == 200
    return ticket


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_ticket_is_pictured(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path, lang: str
) -> None:
    ending = "" if lang == "zh" else "-en"
    api = service.api
    ticket = await looked_at(service, clock)
    phone = await Phone.open(context, address(service, ticket, f"?lang={lang}"))
    await expect(phone.body).to_have_attribute("data-link", "live")
    await expect(phone.page.locator(".called-now")).to_be_visible()
    clock.advance(150)
    await expect(phone.page.locator("#at")).to_have_text("10:42")
    await picture(phone.page, tmp_path, f"phone-ticket{ending}.png", PHONE)
    await picture(phone.page, tmp_path, f"phone-ticket-desk{ending}.png", DESK)
    reply = await api.staff("PATCH", f"tickets/{ticket['id']}", {"class": "green", "reason": "urgent"})
    assert reply.status == 200, reply.body
    await phone.is_view("next")
    await picture(phone.page, tmp_path, f"phone-next{ending}.png", PHONE)
    called = await api.next("3", "done")
    assert called is not None
    assert called["id"] == ticket["id"]
    await phone.is_view("called")
    await picture(phone.page, tmp_path, f"phone-called{ending}.png", PHONE)
    finish = {"outcome": "conditional", "missing": ["enrolment-letter"]}
    await api.staff("POST", f"tickets/{identity(phone)}/finish", finish)
    await phone.is_view("done")
    await picture(phone.page, tmp_path, f"phone-rating{ending}.png", ViewportSize(width=390, height=1000))

    await phone.is_sound()


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_standing_by_and_booking_instead_are_pictured(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path, lang: str
) -> None:
    ending = "" if lang == "zh" else "-en"
    clock.advance(3600)
    first, *_ = await full(service, clock)
    phone = await Phone.open(context, address(service, first, f"?lang={lang}"))
    await phone.is_view("standby")
    await expect(phone.body).to_have_attribute("data-link", "live")
    await picture(phone.page, tmp_path, f"phone-standby{ending}.png", PHONE)
    await phone.press("book")
    await phone.page.wait_for_url("**/halls/demo?**")
    await expect(phone.page.locator("html")).to_have_attribute("lang", "zh-CN" if lang == "zh" else lang)
    await expect(phone.page.locator("#soonest")).to_be_visible()
    await phone.press("soonest")
    await phone.is_step("details")
    await picture(phone.page, tmp_path, f"phone-standby-book{ending}.png", PHONE)

    await phone.is_sound()


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_a_ticket_is_pictured_when_it_is_put_off_passed_over_and_cut_off(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path, lang: str
) -> None:
    ending = "" if lang == "zh" else "-en"
    api = service.api
    ticket = await looked_at(service, clock)
    phone = await Phone.open(context, address(service, ticket, f"?lang={lang}"))
    await expect(phone.page.locator(".called-now")).to_be_visible()
    await phone.press("more")
    await phone.page.locator("dialog button").nth(1).click()
    await phone.is_view("put-off")
    await picture(phone.page, tmp_path, f"phone-put-off{ending}.png", PHONE)
    await phone.press("more")
    await phone.is_view("waiting")
    await context.set_offline(True)
    await expect(phone.page.locator("#stale")).to_be_visible()
    await picture(phone.page, tmp_path, f"phone-offline{ending}.png", PHONE)
    await context.set_offline(False)
    await expect(phone.page.locator("#stale")).to_be_hidden()
    reply = await api.staff("PATCH", f"tickets/{ticket['id']}", {"class": "green", "reason": "urgent"})
    assert reply.status == 200, reply.body
    called = await api.next("3", "done")
    assert called is not None
    assert called["id"] == ticket["id"]
    await api.staff("POST", f"tickets/{ticket['id']}/no-show")
    await phone.is_view("no-show")
    await picture(phone.page, tmp_path, f"phone-passed{ending}.png", PHONE)


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_who_is_late_and_the_best_hours_are_pictured(
    service: Service, context: BrowserContext, tmp_path: Path, lang: str
) -> None:
    ending = "" if lang == "zh" else "-en"
    await service.api.open("1", "2")
    await configure(service, booking=by_hand(2, every_min=30, notice_s=0))
    phone = await booked(context, service)
    await phone.page.goto(f"{service.api.base}/halls/demo?lang={lang}#{phone.page.url.partition('#')[2]}")
    await phone.is_step("appointment")
    await phone.press("late")
    await expect(phone.page.locator("dialog button[value]").first).to_be_visible()
    await picture(phone.page, tmp_path, f"phone-late{ending}.png", PHONE)
    hall = (await service.api.call("GET", "/v1/halls/demo")).body
    expected = [
        {"from_at": f"2026-11-23T0{at}:00:00.000Z", "to_at": f"2026-11-23T0{at + 1}:00:00.000Z", "people": 9.0} | wait
        for at, wait in ((2, {"wait_p90_s": 600}), (4, {"wait_p90_s": 1500}), (5, {"wait_p90_s": 900}))
    ]

    async def with_history(route: Route) -> None:
        await route.fulfill(json={**hall, "expected": expected})

    await context.route("**/v1/halls/demo", with_history)
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=loan-first&lang={lang}")
    await expect(phone.page.locator("#quiet")).to_be_visible()
    await picture(phone.page, tmp_path, f"phone-service-best{ending}.png", PHONE)
