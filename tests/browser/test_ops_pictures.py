"""Pictures of the operations page: many halls during a peak."""

import itertools
import random
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import BrowserContext, ViewportSize, expect

from tests.browser.clock import RunningClock
from tests.browser.ops import CITY, Ops, found
from tests.browser.pictures import PHONE, picture
from tests.service import OPENS_AT, Api, Service

pytestmark = pytest.mark.pictures

DESKTOP: ViewportSize = {"width": 1440, "height": 1100}

STEP_S = 100
STEPS = 192
"""From 09:00 to 14:20."""

BOOKED = (0, 9, 9, 9, 9, 7, 4, 4, 5, 8, 9, 9, 8, 7, 6, 5, 3)
WALKED_IN = (24, 32, 34, 30, 24, 14, 10, 9, 13, 24, 26)
"""Walk-ins of each half hour from 09:00 on, in the shown hall."""

OTHERS = (
    (5, 50, 1.7), (4, 30, 1.8), (4, 40, 1.5), (5, 40, 1.35), (4, 25, 1.6), (4, 30, 1.3),
    (3, 25, 1.5), (3, 30, 1.2), (3, 20, 1.4), (2, 20, 1.3), (2, 20, 1.2), (3, 20, 1.0),
)  # fmt: skip
"""The other halls: counters, steps since their start, and arrivals per served person."""

_phones = itertools.count(13900000000)


@pytest.fixture
def clock() -> RunningClock:
    """A clock that starts when the halls open."""
    return RunningClock(OPENS_AT)


class Lived:
    """A hall in operation: people arrive, and counters serve them."""

    def __init__(self, api: Api, counters: int, begins: int, per_step: float) -> None:
        self.api = api
        self.counters = counters
        self.begins = begins
        self.per_step = per_step
        self._chance = random.Random(api.hall)  # noqa: S311  (a day that is the same each time)
        self._free = dict.fromkeys(map(str, range(1, 6)), 0)
        self._owed = 0.0

    async def step(self, n: int) -> None:
        """Advance the hall by `STEP_S` seconds."""
        if n < self.begins:
            return
        if n == self.begins:
            await self.api.open(*list(self._free)[: self.counters])
        self._owed += self.per_step
        while self._owed >= 1:
            self._owed -= 1
            await self.api.take("enquiry" if self._chance.random() < 0.2 else "loan-first")
        for counter in list(self._free)[: self.counters]:
            if self._free[counter] <= n:
                ticket = await self.api.next(counter, "done")
                mean = 2 if ticket and ticket["service"] == "enquiry" else 3
                self._free[counter] = n + max(1, round(mean * self._chance.choice((0.5, 0.7, 0.9, 1.1, 1.8))))


class Watched(Lived):
    """The shown hall: with appointments, fewer counters at noon, and one counter short since 13:30."""

    async def book(self) -> None:
        """Book appointments over the whole day."""
        self._codes: dict[int, list[str]] = {}
        for n, people in enumerate(BOOKED):
            for place in range(people):
                at = OPENS_AT + n * timedelta(minutes=30) + place % 6 * timedelta(minutes=5)
                who = {"name": "Li", "phone": str(next(_phones))}
                body = {"service": "enquiry", "starts_at": at.isoformat(), "applicant": who}
                reply = await self.api.staff("POST", "appointments", body)
                if reply.status == 201:
                    self._codes.setdefault(n, []).append(reply.body["code"])

    async def step(self, n: int) -> None:
        """Advance the hall by `STEP_S` seconds."""
        half, place = divmod(n, 18)
        self.per_step = WALKED_IN[half] / 18
        for code in self._codes.get(half, ())[place // 2 :: 9] if place % 2 else ():
            assert (await self.api.call("POST", "check-ins", {"code": code})).status == 201
        if n == 6 * 18:
            self.counters = 3
            await self._close("4", "5")
        if n == 9 * 18:
            self.counters = 4
            await self.api.open("4")
        await super().step(n)

    async def _close(self, *counters: str) -> None:
        for counter in counters:
            await self.api.staff("POST", f"counters/{counter}/close", {"release": True})


async def test_the_page_of_operations_is_pictured_in_both_languages_on_a_desk_and_on_a_phone(
    service: Service, clock: RunningClock, office: BrowserContext, tmp_path: Path
) -> None:
    halls = [await found(service, *names) for names in CITY]
    watched = Watched(halls[0], 5, 0, 0)
    await watched.book()
    others = [
        Lived(hall, counters, STEPS - begins, counters / 3 * load)
        for hall, (counters, begins, load) in zip(halls[1:], OTHERS, strict=True)
    ]
    for n in range(STEPS):
        for lived in (watched, *others):
            await lived.step(n)
        clock.advance(STEP_S)
    gone = await halls[2].staff("POST", "devices", {"name": "2F-N", "role": "kiosk"})
    await halls[2].call("PUT", "screen", {}, token=gone.body["token"])
    clock.advance(360)
    await service.running.named_screens.refresh()
    ops = await Ops.open(office, service, "hz-west")
    await ops.page.set_viewport_size(DESKTOP)
    await expect(ops.page.locator("#day .fan")).to_have_count(1)

    for language, report, back, ending in (
        ("中文", "报表", "返回今天", ""),
        ("English", "Report", "Back to today", "-en"),
    ):
        await ops.page.get_by_role("link", name=language).click()
        await expect(ops.page.locator("#day .fan")).to_have_count(1)
        await picture(ops.page, tmp_path, f"ops{ending}.png", DESKTOP)
        await picture(ops.page, tmp_path, f"ops-phone{ending}.png", PHONE)
        await ops.page.locator("#day-title").scroll_into_view_if_needed()
        await ops.page.locator("#day").evaluate("day => day.scrollIntoView()")
        await picture(ops.page, tmp_path, f"ops-phone-day{ending}.png")
        await ops.page.set_viewport_size(DESKTOP)
        await ops.page.locator("#day").get_by_role("link", name=report).click()
        await expect(ops.page.locator("#report table").first).to_be_visible()
        await picture(ops.page, tmp_path, f"ops-report{ending}.png")
        await ops.page.get_by_role("link", name=back).click()

    assert ops.complaints == []
