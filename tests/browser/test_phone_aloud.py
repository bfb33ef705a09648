"""The pages for phones with the keyboard alone, and their announcements to screen readers."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.phone import Phone, hand
from tests.browser.test_applicant import SOME_PLACES, at_time, configure
from tests.browser.test_ticket import identity, in_line
from tests.service import Service

STOPS_MAX = 60


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a phone."""
    async with await hand(browser) as context:
        yield context


async def to(phone: Phone, control: str) -> None:
    """Press Tab until a control has the focus."""
    for _ in range(STOPS_MAX):
        await phone.page.keyboard.press("Tab")
        if await phone.script("(to) => document.activeElement.matches(to)", control):
            return
    raise AssertionError(f"{control} is not reached")


async def test_a_ticket_is_waited_with_put_off_and_rated_by_the_keyboard_alone(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context, ahead=0)
    await phone.is_view("next")
    keys = phone.page.keyboard
    await to(phone, "#sound")
    await keys.press("Enter")
    await expect(phone.page.locator("#sound")).to_be_hidden()
    await expect(phone.title).to_be_focused()

    await to(phone, "#more")
    await keys.press("Enter")
    await to(phone, 'dialog button[value="20"]')
    await keys.press("Enter")
    await phone.is_view("put-off")
    await expect(phone.page.locator("#more")).to_be_focused()
    await keys.press("Enter")
    await phone.is_view("next")
    await service.api.next("3")
    await phone.is_view("called")
    await service.api.staff("POST", f"tickets/{identity(phone)}/finish", {"outcome": "done"})
    await phone.is_view("done")
    await to(phone, "#grade-5")
    await keys.press("Space")
    await keys.press("ArrowDown")
    await to(phone, "#rate")
    await keys.press("Enter")

    await expect(phone.main).to_contain_text("谢谢您")
    await expect(phone.title).to_be_focused()
    history = (await service.api.staff("GET", f"tickets/{identity(phone)}/history")).body["items"]
    assert history[-1]["data"]["grade"] == 4


async def test_a_place_is_given_up_by_the_keyboard_alone_and_escape_keeps_it(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context)
    await to(phone, "#leave")
    await phone.page.keyboard.press("Enter")
    await phone.page.keyboard.press("Escape")
    await expect(phone.page.locator("#leave")).to_be_focused()
    await phone.is_view("waiting")

    await phone.page.keyboard.press("Enter")
    await to(phone, "dialog .stop")
    await phone.page.keyboard.press("Enter")

    await phone.is_view("left")
    await expect(phone.title).to_be_focused()


async def test_a_ticket_says_itself_from_the_line_to_the_grades(service: Service, context: BrowserContext) -> None:
    phone = await in_line(service, context)
    await expect(phone.body).to_match_aria_snapshot("""
      - banner:
        - heading "学生资助贷款办理大厅" [level=1]
        - link "English"
      - main:
        - paragraph: 咨询
        - paragraph: B002
        - paragraph: 前面 1人
        - img "0–10 分钟"
        - button "开启"
      - contentinfo:
        - button "我需要多一点时间"
        - button "出示凭证码"
        - button "不办了，离开"
      - alert
      - paragraph: 现在预计等候 0 至 10 分钟
    """)
    await expect(phone.page.locator("#news")).to_have_attribute("aria-live", "polite")
    alert = phone.page.get_by_role("alert")
    await expect(alert).to_have_attribute("aria-live", "assertive")

    await service.api.next("3")
    await expect(alert).to_have_text("下一位就是您 B002")
    await service.api.next("3", "done")
    await expect(alert).to_have_text("请 B002 到 3 号窗口")
    await expect(phone.main).to_match_aria_snapshot("""
      - heading "叫到您了" [level=2]
      - paragraph: B002
      - paragraph: 请到 3 号窗口
    """)
    await service.api.staff("POST", f"tickets/{identity(phone)}/recall")
    await expect(alert).to_have_text("再次呼叫: 请 B002 到 3 号窗口")
    await service.api.staff("POST", f"tickets/{identity(phone)}/finish", {"outcome": "done"})

    await expect(phone.main).to_match_aria_snapshot("""
      - heading "已办完" [level=2]
      - group "这次办事怎么样？":
        - radio "非常满意"
        - radio "满意"
        - radio "基本满意"
        - radio "不满意"
        - radio "非常不满意"
    """)
    await expect(phone.page.locator("#rate")).to_have_accessible_description("请先选择满意程度 不记姓名。")
    await expect(alert).to_be_empty()


async def test_booking_says_itself_from_the_times_to_what_is_missing(service: Service, context: BrowserContext) -> None:
    await configure(service, booking=SOME_PLACES)
    phone = await at_time(context, service)
    await expect(phone.body).to_match_aria_snapshot("""
      - banner:
        - button "返回"
        - heading "选日期和时间" [level=1]
        - img "第 2 步，共 4 步"
        - link "English"
      - main:
        - paragraph: 最早可约 今天 11:00
        - button "约这个"
        - table "11月23日 周一至12月20日 周日"
        - heading "11月23日 周一 上午" [level=2]
        - button "11:00 余 2"
        - heading "下午" [level=2]
    """)
    await expect(phone.page.locator('.month [data-on="2026-12-01"]')).to_have_accessible_name(
        "12月1日 周二: 有 9 个时间可约"
    )

    await phone.press("soonest")
    await phone.is_step("details")
    await expect(phone.title).to_be_focused()
    await phone.press("next")

    name = phone.page.get_by_role("textbox", name="姓名")
    await expect(name).to_be_focused()
    await expect(name).to_have_accessible_description("请填写姓名。")
    await expect(phone.page.get_by_role("textbox", name="手机号")).to_have_accessible_description(
        "请填写手机号或邮箱。"
    )
    await expect(phone.page.locator(".kept-for [aria-live]")).to_have_attribute("aria-live", "off")
    await context.set_offline(True)
    await expect(phone.page.get_by_role("status").filter(has_text="网络已断开")).to_be_visible()
