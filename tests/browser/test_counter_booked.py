"""The counter's page and people with appointments: any code checks in, and the booked time is shown."""

from pathlib import Path
from typing import Any

from playwright.async_api import BrowserContext, expect

from tests.browser.axe import faults
from tests.browser.clock import RunningClock
from tests.browser.desk import Desk
from tests.browser.pictures import picture
from tests.service import Api, Service


async def booked(api: Api, starts_at: str, phone: str = "13800138000") -> dict[str, Any]:
    """Book as staff, who may book at short notice."""
    body = {"service": "enquiry", "starts_at": starts_at, "applicant": {"name": "李小龙", "phone": phone}}
    reply = await api.staff("POST", "appointments", body)
    assert reply.status == 201, reply.body
    made: dict[str, Any] = reply.body
    return made


async def invited(api: Api) -> str:
    """Return the code of an invitation for any service."""
    reply = await api.staff("POST", "invitations", {"items": [{"name": "Ann"}]})
    assert reply.status == 201, reply.body
    code: str = reply.body["items"][0]["code"]
    return code


async def say_code(desk: Desk, code: str) -> None:
    """Press `I`, and type a code."""
    await desk.press("i")
    await desk.page.locator("#slip").fill(code)
    await desk.page.keyboard.press("Enter")


async def test_who_has_booked_is_checked_in_by_the_code_and_called_with_their_time(
    service: Service, context: BrowserContext, tmp_path: Path
) -> None:
    appointment = await booked(service.api, "2026-11-23T10:30:00+08:00")
    await service.api.open("3")
    await service.api.take("enquiry")
    desk = await Desk.at(context, service.api.base)
    await desk.is_view("idle")

    await say_code(desk, f"{appointment['code'][:4].lower()} {appointment['code'][4:]}")
    await expect(desk.message).to_have_text("B002 已在队列中")
    await desk.press("Enter")
    await desk.is_view("called")
    await expect(desk.number).to_have_text("B001")  # an early booking becomes active five minutes before its time
    await desk.press("Enter")

    await expect(desk.number).to_have_text("B002")
    await expect(desk.page.locator("#person .facts")).to_contain_text("预约 10:30")
    assert await faults(desk.page) == []
    await picture(desk.page, tmp_path, "counter-booked.png")
    await desk.page.get_by_role("link", name="English").click()
    await expect(desk.page.locator("#person .facts")).to_contain_text("10:30")
    await picture(desk.page, tmp_path, "counter-booked-en.png")
    await desk.page.get_by_role("link", name="中文").click()
    await expect(desk.page.locator("#person .facts")).to_contain_text("预约 10:30")
    await say_code(desk, appointment["code"])
    await expect(desk.page.locator("dialog .message")).to_have_text("这个凭证码已经用过。")


async def test_who_comes_too_early_or_on_another_day_is_told_when(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    later = await booked(service.api, "2026-11-23T14:00:00+08:00")
    tomorrow = await booked(service.api, "2026-11-24T14:00:00+08:00", "13800138001")
    await service.api.open("3")
    desk = await Desk.at(context, service.api.base)

    await say_code(desk, later["code"])
    await expect(desk.page.locator("dialog .message")).to_have_text("13:00 开始签到。")
    await desk.page.locator("#slip").fill(tomorrow["code"])
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("dialog .message")).to_contain_text("这是11月24日周二的")
    await desk.page.locator("#slip").fill("ZZZZ 2222")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("dialog .message")).to_have_text("没有这个凭证码，请再看一下。")
    clock.advance(3 * 3600)
    await desk.page.locator("#slip").fill(later["code"])
    await desk.page.keyboard.press("Enter")

    await expect(desk.page.locator("dialog")).to_have_count(0)
    await expect(desk.number).to_have_text("B001")


async def test_an_invitation_for_any_service_asks_for_which(service: Service, context: BrowserContext) -> None:
    code = await invited(service.api)
    await service.api.open("3")
    desk = await Desk.at(context, service.api.base)

    await say_code(desk, code)
    await expect(desk.page.get_by_text("办理哪个事项？")).to_be_visible()
    await desk.page.get_by_role("button", name="咨询").click()

    await expect(desk.page.locator("dialog")).to_have_count(0)
    await expect(desk.message).to_have_text("B001 已在队列中")
    [ticket] = (await service.api.staff("GET", "queue")).body["waiting"]
    assert ticket["prechecked"] is True


async def test_a_slip_that_was_put_aside_comes_back_by_its_code(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    await service.api.take("enquiry")
    called = await service.api.next("3")
    assert called is not None
    await service.api.staff("POST", f"tickets/{called['id']}/park", {})
    desk = await Desk.at(context, service.api.base)

    await say_code(desk, called["code"])

    await expect(desk.message).to_have_text("B001 已回到队列")
