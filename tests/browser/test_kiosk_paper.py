"""A slip that is not printed: the page shows what it knows, and says that staff are informed only when they are."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Route, expect

from service.config.values import NetworkPrinter
from tests.browser.booth import STANDING, Booth
from tests.browser.clock import RunningClock
from tests.browser.desk import Desk
from tests.printing.receiver import OUT, Receiver, receiver
from tests.service import Api, Service, service_on

TOLD = "已通知工作人员"
STATUS = "**/devices/*/status"
SLIPS = "**/devices/*/slips"


@pytest.fixture
async def printer() -> AsyncIterator[Receiver]:
    """A network printer with paper."""
    async with receiver() as hears:
        yield hears


@pytest.fixture
async def service(dsn: str, tmp_path: Path, clock: RunningClock, printer: Receiver) -> AsyncIterator[Service]:
    """A service whose kiosk has a network printer."""
    printers = (NetworkPrinter("demo", "at the door", "127.0.0.1", printer.port, "TM-T88V", gb18030=True),)
    async with service_on(dsn, tmp_path, clock, printers=printers) as running:
        yield running


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a kiosk."""
    async with await browser.new_context(viewport=STANDING, locale="zh-CN") as context:
        yield context


def about_paper(booth: Booth) -> Locator:
    """The text beside the code."""
    return booth.page.locator(".take-along")


async def states(api: Api) -> list[str]:
    """Return the printers that need attention, as staff see them."""
    printers: list[dict[str, Any]] = (await api.staff("GET", "queue")).body["printers"]
    return [one["state"] for one in printers]


async def hold(context: BrowserContext, address: str) -> asyncio.Event:
    """Hold back requests to an address until the returned event is set."""
    gate = asyncio.Event()

    async def wait(route: Route) -> None:
        await gate.wait()
        await route.continue_()

    await context.route(address, wait)
    return gate


async def test_an_empty_roll_that_the_service_has_found_is_known_to_staff(
    service: Service, context: BrowserContext, printer: Receiver
) -> None:
    printer.paper = OUT
    booth = await Booth.at(context, service.api)

    await booth.take()

    await expect(about_paper(booth)).to_contain_text("小票没有打出来")
    await expect(about_paper(booth)).to_contain_text(TOLD)
    await expect(booth.page.locator("#said")).to_contain_text(TOLD)
    assert await states(service.api) == ["out"]


async def test_a_slip_that_is_not_printed_while_the_kiosk_is_cut_off_is_told_to_staff_when_it_is_back(
    service: Service, context: BrowserContext
) -> None:
    booth = await Booth.at(context, service.api)
    await context.set_offline(offline=True)
    await booth.is_link("cut")
    await booth.take()
    await expect(about_paper(booth)).to_contain_text("请记下号码，或拍下二维码")
    await expect(about_paper(booth)).not_to_contain_text(TOLD)

    await context.set_offline(offline=False)

    await expect(about_paper(booth)).to_contain_text(TOLD)
    assert await states(service.api) == ["away"]
    await booth.home()
    await booth.take()
    await expect(about_paper(booth)).to_contain_text("请取小票")
    assert await states(service.api) == []


async def test_a_slip_that_the_service_refuses_to_print_is_not_said_to_be_told_before_it_is(
    service: Service, context: BrowserContext
) -> None:
    async def refuse(route: Route) -> None:
        problem = {"type": "/problems/printer-not-found", "code": "printer-not-found", "title": "", "status": 404}
        await route.fulfill(status=404, json=problem, content_type="application/problem+json")

    await context.route(SLIPS, refuse)
    gate = await hold(context, STATUS)
    booth = await Booth.at(context, service.api)
    async with booth.page.expect_request(STATUS):
        await booth.take()
    await expect(about_paper(booth)).to_contain_text("小票没有打出来")
    await expect(about_paper(booth)).not_to_contain_text(TOLD)

    gate.set()

    await expect(about_paper(booth)).to_contain_text(TOLD)
    assert await states(service.api) == ["away"]


async def test_who_gets_no_slip_of_the_browsers_printer_says_so_to_staff_until_there_is_paper_again(
    service: Service, context: BrowserContext, office: BrowserContext
) -> None:
    desk = await Desk.at(office, service.api.base)
    gate = await hold(context, STATUS)
    booth = await Booth.at(context, service.api)
    await booth.print_on("58")
    await booth.take()
    await expect(about_paper(booth)).to_contain_text("请取小票")

    await booth.page.locator("#no-slip").click()

    await expect(about_paper(booth)).to_contain_text("小票没有打出来")
    await expect(about_paper(booth)).not_to_contain_text(TOLD)
    await expect(booth.page.locator("#print")).to_be_focused()
    gate.set()
    await expect(about_paper(booth)).to_contain_text(TOLD)
    await expect(desk.page.locator("#alarms")).to_contain_text("自助机 at the door：打印机缺纸")
    await booth.page.locator("#print").click()
    await expect(booth.page.locator("#no-slip")).to_be_visible()
    await booth.home()
    await booth.page.locator("#settings").click()
    await booth.page.locator("#paper-in").click()
    await expect(desk.page.locator("#alarms")).not_to_contain_text("at the door")
    await booth.page.locator("#settings").click()
    await expect(booth.page.locator("#settings-done")).to_be_visible()
    await expect(booth.page.locator("#paper-in")).to_have_count(0)
    assert booth.complaints == []


async def test_what_staff_were_not_told_of_the_paper_outlasts_a_reload(
    service: Service, context: BrowserContext
) -> None:
    booth = await Booth.at(context, service.api)
    await booth.print_on("80")
    await booth.page.reload()  # the worker has cached the page
    await booth.is_ready()
    await context.set_offline(offline=True)
    await booth.is_link("cut")
    await booth.take()
    await booth.page.locator("#no-slip").click()
    await expect(about_paper(booth)).not_to_contain_text(TOLD)
    await booth.page.reload()
    await booth.is_view("start")

    async with booth.page.expect_response(STATUS):
        await context.set_offline(offline=False)

    assert await states(service.api) == ["out"]
