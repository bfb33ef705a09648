"""Accessibility and size of the pages for phones: axe-core in all states and themes, narrow phones, few bytes."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Request, expect

from tests.browser.axe import faults, faults_by_theme
from tests.browser.phone import NARROW, Phone, hand
from tests.browser.test_applicant import PERSON, SOME_PLACES, configure
from tests.browser.test_pages import SIDEWAYS
from tests.browser.test_ticket import address, identity, in_line
from tests.service import Service

PAGE_MAX_BYTES = 150 * 1024
FILES_MAX = 8
"""Maximum number of files: each is a request, which takes time on a slow phone."""

BAR_MAX_PX = 100
"""Maximum height of the bar: three lines of a name."""

SMALL = """() => [...document.querySelectorAll("a, button, input, select, summary, label.check, .grades label")]
  .filter((one) => one.checkVisibility() && !one.matches(".hidden, label input, .sheet p a, main > p > a"))
  .filter((one) => { const { width, height } = one.getBoundingClientRect(); return height < 43.5 || width < 43.5; })
  .map((one) => `${one.tagName}.${one.className} ${one.textContent}`)"""


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a phone."""
    async with await hand(browser) as context:
        yield context


async def look(phone: Phone) -> None:
    """Check accessibility of the page in each theme, also on a narrow phone."""
    assert await faults_by_theme(phone.page) == {}
    before = phone.page.viewport_size
    assert before is not None
    await phone.page.set_viewport_size(NARROW)
    assert await phone.script(SIDEWAYS) == []
    assert await phone.script(SMALL) == []
    await phone.page.set_viewport_size(before)


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_axe_finds_nothing_at_any_step_of_booking(service: Service, context: BrowserContext, lang: str) -> None:
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?lang={lang}")
    await look(phone)
    await phone.page.locator("summary").click()
    await look(phone)
    await phone.page.locator('[data-service="loan-renewal"]').click()
    await phone.is_step("service")
    await look(phone)
    await phone.page.locator("#bar .button").first.click()
    await phone.page.locator('[data-service="loan-first"]').click()
    await phone.is_step("service")
    await look(phone)
    await phone.press("book")
    await expect(phone.page.locator("#soonest")).to_be_visible()
    await look(phone)
    await phone.page.locator(".slots.hours .button:not([disabled])").first.click()
    await phone.page.locator("#within [data-at]").first.click()
    await look(phone)
    await phone.press("next")
    await phone.is_step("details")
    await phone.press("next")
    await expect(phone.page.locator("#name-wrong")).to_be_visible()
    await look(phone)
    for name, value in PERSON.items():
        await phone.page.locator(f"#{name}").fill(value)
    await phone.press("next")
    await phone.is_step("review")
    await look(phone)
    await phone.press("next")
    await expect(phone.page.locator(".qr")).to_be_visible()
    await look(phone)
    for dialog in ("late", "cancel"):
        await phone.press(dialog)
        await expect(phone.page.locator("dialog")).to_be_visible()
        assert await faults(phone.page) == []
        await phone.page.keyboard.press("Escape")
    await phone.is_sound()


async def test_axe_finds_nothing_with_a_day_of_few_times_and_a_refusal(
    service: Service, context: BrowserContext
) -> None:
    await configure(service, booking=SOME_PLACES)
    phone = await Phone.open(context, f"{service.api.base}/halls/demo?service=enquiry&step=time")
    await expect(phone.page.locator(".slots h2").first).to_be_visible()
    await look(phone)
    await context.set_offline(True)
    await expect(phone.page.locator("#stale")).to_be_visible()
    assert await faults(phone.page) == []


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_axe_finds_nothing_in_any_state_of_a_ticket(service: Service, context: BrowserContext, lang: str) -> None:
    await context.add_init_script(f"localStorage.setItem('paihao-language', '{lang}')")
    phone = await in_line(service, context, name="loan-first")
    await phone.is_view("waiting")
    await look(phone)
    await phone.press("code")
    await expect(phone.page.locator("dialog .qr")).to_be_visible()
    assert await faults(phone.page) == []
    await phone.page.keyboard.press("Escape")
    await service.api.next("3")
    await phone.is_view("next")
    await look(phone)
    await phone.press("more")
    assert await faults(phone.page) == []
    await phone.page.locator("dialog button").first.click()
    await phone.is_view("put-off")
    await look(phone)
    await phone.press("more")
    await phone.is_view("next")
    await service.api.next("3", "done")
    await phone.is_view("called")
    await look(phone)
    text = {"zh-CN": "请从最近的出口离开", "en": "Please leave by the nearest exit"}
    await service.api.staff("PUT", "suspension", {"text": text, "until_at": "2026-11-23T02:30:00Z"})
    await phone.is_view("halted")
    await look(phone)
    await service.api.staff("DELETE", "suspension")
    await phone.is_view("called")
    papers = {"missing": ["enrolment-letter"], "then": "park"}
    await service.api.staff("POST", f"tickets/{identity(phone)}/papers", papers)
    await phone.is_view("parked")
    await look(phone)
    await phone.press("resume")
    await phone.is_view("next")
    await service.api.next("3")
    await service.api.staff("POST", f"tickets/{identity(phone)}/no-show")
    await phone.is_view("no-show")
    await look(phone)
    await phone.press("resume")
    await phone.is_view("next")
    await service.api.next("3", "done")
    await service.api.staff("POST", f"tickets/{identity(phone)}/finish", {"outcome": "conditional"})
    await phone.is_view("done")
    await phone.page.locator("summary").click()
    await look(phone)
    await phone.page.locator("#grade-5").check()
    await phone.press("rate")
    await expect(phone.page.locator("#rate")).to_be_hidden()
    await look(phone)
    await phone.is_sound()


LONG_HALL = {
    "zh-CN": "浙江省杭州市西湖区学生资助管理中心生源地信用助学贷款与高校毕业生就业补贴综合受理大厅（城西分中心）",
    "en": "West Lake District Student Financial Aid, Combined Loan and Graduate Employment Subsidy Hall (City West)",
}
LONG_SERVICE = {
    "zh-CN": "首次办理生源地信用助学贷款并签订借款合同（含共同借款人变更）",
    "en": "First-time home-district student loan with signing of the contract (including change of the co-borrower)",
}

COVERED = """() => {
  const lines = [...document.querySelectorAll(".mine > *")].map((one) => {
    const written = document.createRange();
    written.selectNodeContents(one);
    return written.getBoundingClientRect();
  });
  return lines.some((line, place) => place > 0 && line.top < lines[place - 1].bottom - 1);
}"""
"""Whether a line of the card covers the line above it, with the background that forced colours add."""


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_long_names_and_a_long_number_fit_every_phone_and_a_name_that_is_cut_is_said_whole(
    service: Service, context: BrowserContext, lang: str
) -> None:
    await context.add_init_script(f"localStorage.setItem('paihao-language', '{lang}')")
    services = (await service.api.staff("GET", "document")).body["services"]
    enquiry = next(one for one in services if one["id"] == "enquiry")
    enquiry |= {"prefix": "XYZ", "name": LONG_SERVICE}
    await configure(service, name=LONG_HALL, services=services)

    hall = await Phone.open(context, f"{service.api.base}/halls/demo")
    bar = await hall.page.locator("#bar").bounding_box()
    assert bar is not None
    assert bar["height"] <= BAR_MAX_PX
    await expect(hall.page.locator(".whole")).to_have_text(LONG_HALL["zh-CN" if lang == "zh" else "en"])
    await look(hall)
    phone = await in_line(service, context)
    for width in (320, 360, 390, 1000):
        await phone.page.set_viewport_size({"width": width, "height": 740})
        assert await phone.script(SIDEWAYS) == [], width
        number = await phone.page.locator(".mine .number").bounding_box()
        card = await phone.page.locator(".mine").bounding_box()
        assert number is not None
        assert card is not None
        left, right = number["x"] - card["x"], card["x"] + card["width"] - number["x"] - number["width"]
        assert left > 0, width
        assert left == pytest.approx(right, abs=2), width


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_in_forced_colours_a_call_is_read_whole(service: Service, context: BrowserContext, lang: str) -> None:
    await context.add_init_script(f"localStorage.setItem('paihao-language', '{lang}')")
    phone = await in_line(service, context, ahead=0)
    await phone.page.emulate_media(forced_colors="active")
    assert not await phone.script(COVERED)

    await service.api.next("3")
    await phone.is_view("called")

    assert not await phone.script(COVERED)


async def test_enlarged_fourfold_all_is_read_by_scrolling_and_nothing_lies_over_it(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context)
    await phone.page.set_viewport_size({"width": 320, "height": 256})

    main, dock = await phone.main.bounding_box(), await phone.dock.bounding_box()

    assert main is not None
    assert dock is not None
    assert dock["y"] >= main["y"] + main["height"] - 1
    assert await phone.script(SIDEWAYS) == []
    for lang in ("en", "zh"):  # letters twice as large, as by the phone's text size setting
        await phone.page.locator(f"[data-lang={lang}]").dispatch_event("click")
        await expect(phone.page.locator(".figures")).to_contain_text("min" if lang == "en" else "分钟")
        await phone.script("document.documentElement.style.fontSize = '200%'")
        assert await phone.script(SIDEWAYS) == [], lang


async def test_axe_finds_nothing_on_the_page_of_an_address_at_which_there_is_none(
    service: Service, context: BrowserContext
) -> None:
    page = await Phone.open(context, f"{service.api.base}/halls/nowhere", ready=False)

    await expect(page.page.get_by_role("heading", name="没有这个网页")).to_be_visible()
    await look(page)
    assert await page.page.locator("html").get_attribute("data-violated") is None
    await page.page.get_by_role("link", name="各大厅 All halls").click()

    await expect(page.page.locator("#halls li").first).to_be_visible()


async def test_axe_finds_nothing_on_a_page_without_a_ticket_and_on_the_wall(
    service: Service, context: BrowserContext
) -> None:
    missing = await Phone.open(context, f"{service.api.base}/t/0198c0de-0000-7000-8000-000000000000", ready=False)
    await missing.is_view("unknown")
    await look(missing)
    wall = await Phone.open(context, f"{service.api.base}/halls/demo/wall")
    await look(wall)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", ["/halls/demo", "/t/", "/halls/demo/wall"])
async def test_a_page_is_light_for_a_slow_phone(
    service: Service, context: BrowserContext, path: str, lang: str
) -> None:
    sizes: dict[str, int] = {}
    page = await context.new_page()

    async def weigh(request: Request) -> None:
        if "/v1/" not in request.url:
            sizes[request.url.partition("#")[0]] = (await request.sizes())["responseBodySize"]

    page.on("requestfinished", weigh)
    whole = f"{service.api.base}{path}?lang={lang}"
    if path == "/t/":
        whole = address(service, await service.api.take("enquiry"), f"?lang={lang}")
    await page.goto(whole)
    await expect(page.locator("body")).to_have_attribute("data-ready", "")
    await page.wait_for_load_state("networkidle")

    assert any("/packed/" in address for address in sizes)
    assert len(sizes) <= FILES_MAX, list(sizes)
    assert sum(sizes.values()) <= PAGE_MAX_BYTES, sorted(sizes.items(), key=lambda one: -one[1])[:8]


async def test_the_wall_has_the_rules_of_the_document_in_both_languages(
    service: Service, context: BrowserContext
) -> None:
    shown = await service.api.staff("GET", "document")
    credit = {**shown.body["rules"]["credit_s"], "appointment": 2700}
    await configure(service, rules={**shown.body["rules"], "credit_s": credit, "grace_s": 900}, admission="all")

    wall = await Phone.open(context, f"{service.api.base}/halls/demo/wall")

    rules = wall.page.locator(".rules")
    await expect(rules).to_contain_text("预约相当于比约定时间早到 45 分钟。约 10:00 的，排在 09:15 以后到场")
    await expect(rules).to_contain_text("counts as if you had come 45 minutes before your time")
    await expect(rules).to_contain_text("晚到 15 分钟以内")
    await expect(rules).not_to_contain_text("候补")
    await expect(wall.page.locator(".sheet footer")).to_contain_text("每天 09:00–17:30")
    await wall.page.emulate_media(media="print")
    await expect(wall.page.locator(".print")).to_be_hidden()
    await wall.is_sound()
