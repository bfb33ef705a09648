"""The operations page: peaks, the list of halls, and the age of its data."""

import re

import pytest
from playwright.async_api import BrowserContext, Response, Route, expect

from tests.browser.axe import faults, faults_by_theme
from tests.browser.clock import RunningClock
from tests.browser.desk import Desk, sign_in
from tests.browser.halls import busy_morning
from tests.browser.manage import Manage
from tests.browser.ops import Ops, found, found_many
from tests.browser.screen import Complaints
from tests.browser.staff import PASSWORD, member
from tests.browser.test_pages import SIDEWAYS
from tests.service import Api, Service

WIRE_BYTES_MAX = 150 * 1024

MINUTE_S = 60.0

STAYING = """async (places) => {
  const { unmoved } = await import("/pages/ops/model.js");
  return [...unmoved(places)].sort((one, other) => one - other);
}"""

MOVES = """(body) => {
  globalThis.moved = [];
  const see = (records) => {
    for (const { addedNodes } of records) for (const row of addedNodes) moved.push(row.dataset.hall);
  };
  new MutationObserver(see).observe(body, { childList: true });
}"""
"""A script that records moved rows."""


async def waiting_for(hall: Api, clock: RunningClock, minutes: int, people: int = 2) -> None:
    """Let people wait for this long."""
    await hall.open("1", "2", "3", "4", "5")
    for _ in range(people):
        await hall.take("enquiry")
    clock.advance(minutes * MINUTE_S)


async def test_ops_sees_a_peak_past_its_threshold_and_looks_into_the_hall(
    service: Service, clock: RunningClock, office: BrowserContext
) -> None:
    north = await found(service, "north", "城北", "North")
    east = await found(service, "east", "城东", "East")
    await waiting_for(north, clock, 38, 3)
    await waiting_for(east, clock, 9)
    await north.staff("POST", "counters/5/close")
    ops = await Ops.open(office, service)

    assert await ops.halls() == ["north", "east", "demo"]
    await expect(ops.cell("north", "longest").locator(".tag.over")).to_have_text("47 分钟")
    await expect(ops.cell("north", "counters").locator(".tag.late")).to_have_text("4 / 5")
    await expect(ops.cell("east", "longest").locator(".tag")).to_have_count(0)
    await expect(ops.sum("waiting").locator("b")).to_have_text("5")
    await expect(ops.sum("longest")).to_have_class("over")
    await expect(ops.sum("longest")).to_contain_text("城北")

    await ops.choose("north")
    await expect(ops.row("north")).to_have_class("on")
    await expect(ops.page.locator("#day h2")).to_have_text("城北")
    alerts = ops.page.locator("#day .alerts li")
    await expect(alerts.nth(0)).to_contain_text("有人已等候 47 分钟，上限 45 分钟")
    await expect(alerts.nth(1)).to_contain_text("少开 1 个窗口：开放 4 个，计划 5 个")
    await expect(ops.page.locator("#day svg.chart rect.walk:not(.key rect)")).to_have_count(1)
    await expect(ops.page.locator("#day .fan")).to_have_count(1)
    await expect(alerts.nth(0).get_by_role("link")).to_have_attribute("href", "/halls/north/manage")

    await ops.page.locator("#as-table summary").click()
    row = ops.page.locator("#as-table tbody tr").filter(has_text="10:00")
    await expect(row.locator("td").nth(2)).to_have_text("3")
    assert ops.complaints == []


async def test_beside_the_list_stands_the_day_of_the_hall_that_was_worst_at_first(
    service: Service, clock: RunningClock, office: BrowserContext
) -> None:
    north = await found(service, "north", "城北", "North")
    east = await found(service, "east", "城东", "East")
    await waiting_for(north, clock, 20)
    ops = await Ops.open(office, service)
    day = ops.page.locator("#day")

    await expect(day.locator("h2")).to_have_text("城北")
    await expect(ops.row("north")).to_have_class("on")
    await expect(ops.page.locator("body")).to_be_focused()
    await waiting_for(east, clock, 10, 9)
    for counter in "12":
        await north.next(counter)
    await expect(ops.page.locator("#list tbody tr").first).to_have_attribute("data-hall", "east", timeout=10_000)

    await expect(day.locator("h2")).to_have_text("城北")
    await ops.choose("east")
    await expect(day.locator("h2")).to_have_text("城东")
    assert ops.complaints == []


async def test_under_the_list_of_a_narrow_page_stands_no_day_until_a_hall_is_chosen(
    service: Service, office: BrowserContext
) -> None:
    await found(service, "north", "城北", "North")
    ops = await Ops.open(office, service, "demo")
    await ops.page.set_viewport_size({"width": 1100, "height": 800})
    await ops.page.goto(f"{service.api.base}/ops?lang=en")

    await expect(ops.page.locator("#day")).to_have_text("Choose a hall to see its day.")

    assert await ops.page.locator("#list tr.on").count() == 0


@pytest.mark.parametrize(
    ("opens", "said"), [("06:00", "开放至 24:00"), ("00:00", "开放中")], ids=["until midnight", "around the clock"]
)
async def test_midnight_is_the_end_of_a_halls_day(
    service: Service, office: BrowserContext, opens: str, said: str
) -> None:
    everyday = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": opens, "to": "24:00"}
    await found(service, "north", "城北", "North", hours=[everyday])

    ops = await Ops.open(office, service, "north")

    await expect(ops.page.locator("#day h2 + .quiet")).to_have_text(said)


async def test_what_happens_is_shown_within_seconds(
    service: Service, clock: RunningClock, office: BrowserContext
) -> None:
    await waiting_for(service.api, clock, 10)
    ops = await Ops.open(office, service, "demo")
    await expect(ops.cell("demo", "waiting")).to_have_text("2")

    await service.api.take("enquiry")

    await expect(ops.cell("demo", "waiting")).to_have_text("3")
    await expect(ops.page.locator("#day .facts dd").first).to_have_text("3")


async def test_five_hundred_halls_are_listed_and_one_is_found(
    service: Service, clock: RunningClock, office: BrowserContext
) -> None:
    await found_many(service, 499)
    await waiting_for(Api(service.api.base, "hall-321", service.api._session), clock, 50)
    ops = await Ops.open(office, service, lang="en")

    await expect(ops.page.locator("#list tbody tr")).to_have_count(500)
    assert (await ops.halls())[0] == "hall-321"
    await expect(ops.sum("waiting")).to_contain_text("in 500 open halls of 500")

    await ops.page.locator("#search").fill("hall 49")
    await expect(ops.page.locator("#list tbody tr")).to_have_count(9)
    await ops.page.locator("#search").fill("nowhere")
    await expect(ops.page.get_by_text("No hall of this name.")).to_be_visible()
    await ops.page.locator("#search").fill("")
    await ops.choose("hall-321")
    await expect(ops.page.locator("#day h2")).to_have_text("Hall 321")
    assert ops.complaints == []


async def test_what_happens_in_one_of_many_halls_moves_its_row_alone(
    service: Service, clock: RunningClock, office: BrowserContext
) -> None:
    for n in range(30):
        await found(service, f"hall-{n:02d}", f"第{n:02d}厅", f"Hall {n:02d}")
    worst = Api(service.api.base, "hall-07", service.api._session)
    await waiting_for(worst, clock, 20, people=1)
    await waiting_for(Api(service.api.base, "hall-21", service.api._session), clock, 10)
    ops = await Ops.open(office, service, lang="en")
    assert (await ops.halls())[:2] == ["hall-07", "hall-21"]
    await ops.page.locator("#list tbody").evaluate(MOVES)

    await worst.next("1")

    await expect(ops.cell("hall-07", "waiting")).to_have_text("0")
    assert (await ops.halls())[0] == "hall-21"
    assert await ops.page.evaluate("moved") == ["hall-07"]
    assert ops.complaints == []


async def test_halls_are_put_in_order_by_the_fewest_moves(service: Service, office: BrowserContext) -> None:
    page = await office.new_page()
    await page.goto(f"{service.api.base}/docs")

    async def unmoved(places: list[int]) -> list[int]:
        return list(await page.evaluate(STAYING, places))

    assert await unmoved([]) == []
    assert await unmoved([0, 1, 2, 3]) == [0, 1, 2, 3]
    assert await unmoved([1, 2, 3, 0]) == [0, 1, 2]
    assert await unmoved([3, 0, 1, 2]) == [1, 2, 3]
    assert await unmoved([-1, 0, -1, 1]) == [1, 3]
    assert len(await unmoved([3, 2, 1, 0])) == 1


async def test_a_screen_that_is_missed_is_named(service: Service, clock: RunningClock, office: BrowserContext) -> None:
    made = await service.api.staff("POST", "devices", {"name": "2F-N", "role": "kiosk"})
    await service.api.call("PUT", "screen", {}, token=made.body["token"])
    clock.advance(6 * MINUTE_S)
    await service.running.named_screens.refresh()

    ops = await Ops.open(office, service, "demo")

    await expect(ops.cell("demo", "screens").locator(".tag.over")).to_have_text("0 / 1")
    await expect(ops.sum("screens")).to_contain_text("2F-N")
    await expect(ops.page.locator("#day .alerts")).to_contain_text("“2F-N”自 10:00 起没有显示")


async def test_a_manager_watches_their_own_hall_and_a_clerk_none(service: Service, office: BrowserContext) -> None:
    await found(service, "north", "城北", "North")
    await member(service.api, "zhou", "manager", "周主任")
    await member(service.api, "wang", "staff", "王老师")

    ops = await Ops.open(office, service, name="zhou", password=PASSWORD)
    assert await ops.halls() == ["demo"]
    await expect(ops.page.locator("#day")).to_have_attribute("data-shown", "day")
    assert ops.complaints == []

    await ops.page.locator("account-menu summary").click()
    await ops.page.get_by_role("button", name="退出登录", exact=True).click()
    await sign_in(ops.page, "wang", PASSWORD)
    await expect(ops.page.locator("sign-in h1")).to_have_text("这里还没有给您安排工作")


async def test_staff_pages_lead_to_the_page_of_operations_and_back_where_the_role_allows(
    service: Service, office: BrowserContext
) -> None:
    await member(service.api, "zhou", "manager", "周主任")
    manage = await Manage.open(office, service.api, name="zhou", password=PASSWORD)
    page, menu = manage.page, manage.page.locator("account-menu")
    await menu.locator("summary").click()
    await expect(menu.get_by_role("link")).to_have_text(["运行监控", "全部大厅"])
    assert await faults(page) == []

    await menu.get_by_role("link", name="运行监控").click()

    await expect(page.locator("body")).to_have_attribute("data-facts", "read")
    assert page.url.endswith("/ops")
    await page.get_by_role("link", name="管理该大厅").click()
    await manage.is_drawn("today")
    await page.goto(f"{service.api.base}/halls/demo/counter/3")
    await menu.locator("summary").click()
    await expect(menu.get_by_role("link")).to_have_text(["管理大厅", "运行监控", "全部大厅"])
    assert manage.complaints == []


async def test_a_clerk_is_led_to_no_page_that_would_turn_them_away(service: Service, office: BrowserContext) -> None:
    await member(service.api, "wang", "staff", "王老师")
    desk = await Desk.at(office, service.api.base, name="wang", password=PASSWORD)

    await desk.page.locator("account-menu summary").click()

    await expect(desk.page.locator("account-menu").get_by_role("link")).to_have_text(["全部大厅"])


async def test_the_report_of_a_hall_is_a_click_away(
    service: Service, clock: RunningClock, office: BrowserContext
) -> None:
    await busy_morning(service.api, clock, 30)
    ops = await Ops.open(office, service, "demo", lang="en")

    await ops.page.locator("#day").get_by_role("link", name="Report").click()

    report = ops.page.locator("#report")
    issued = sum(minute % every == 0 for minute in range(30) for every in (2, 3))
    await expect(report.locator(".facts dd").first).to_have_text(str(issued))
    await expect(report.locator("tbody tr").first).to_contain_text("Mon 23 Nov")
    await ops.page.locator("#report-from").fill("2026-08-01")
    await ops.page.get_by_role("button", name="Show").click()
    await expect(ops.page.get_by_text("At most 62 days, the first date first.")).to_be_visible()
    await ops.page.get_by_role("link", name="Back to today").click()
    await expect(ops.page.locator("#day .chart-of")).to_be_visible()


async def test_what_is_old_says_so_and_foretells_nothing(
    service: Service, clock: RunningClock, office: BrowserContext
) -> None:
    await waiting_for(service.api, clock, 10)
    ops = await Ops.open(office, service, "demo")
    await expect(ops.page.locator("#day .fan")).to_have_count(1)

    async def lose(route: Route) -> None:
        await route.abort()

    await ops.page.route("**/v1/**", lose)
    await expect(ops.page.locator("#stale")).to_contain_text("本页暂停更新", timeout=40_000)
    await expect(ops.page.locator("body")).to_have_attribute("data-link", "silent")
    await expect(ops.page.locator("#day .fan")).to_have_count(0)
    await ops.page.unroute("**/v1/**")

    await expect(ops.page.locator("#stale")).to_be_hidden()
    await expect(ops.page.locator("#day .fan")).to_have_count(1)


async def test_halls_that_cannot_be_read_yet_are_said_to_be_on_their_way(
    service: Service, office: BrowserContext
) -> None:
    async def fault(route: Route) -> None:
        problem = '{"type": "/problems/fault", "title": "", "status": 500, "code": "fault"}'
        await route.fulfill(status=500, content_type="application/problem+json", body=problem)

    await office.route("**/v1/ops", fault)
    page = await office.new_page()
    await page.goto(f"{service.api.base}/ops")
    await sign_in(page)

    await expect(page.locator("#stale")).to_contain_text("暂时连不上服务")
    await office.unroute("**/v1/ops")

    await expect(page.locator("body")).to_have_attribute("data-facts", "read")
    await expect(page.locator("#stale")).to_be_hidden()


async def test_the_list_is_walked_by_keys_and_focus_stays_where_it_was(
    service: Service, clock: RunningClock, office: BrowserContext
) -> None:
    await found(service, "north", "城北", "North")
    await waiting_for(service.api, clock, 10)
    ops = await Ops.open(office, service)
    await ops.row("north").locator("a").focus()

    await ops.page.keyboard.press("Enter")

    await expect(ops.page.locator("#day h2")).to_be_focused()
    await service.api.take("enquiry")
    await expect(ops.cell("demo", "waiting")).to_have_text("3")
    await expect(ops.page.locator("#day h2")).to_be_focused()


async def test_axe_finds_nothing_in_any_state_and_theme(
    service: Service, clock: RunningClock, office: BrowserContext
) -> None:
    page = await office.new_page()
    await page.goto(f"{service.api.base}/ops")
    await page.locator("#sign-in-name").wait_for()
    signed_out = await faults_by_theme(page)
    await waiting_for(service.api, clock, 50)
    ops = await Ops.open(office, service)
    listed = await faults_by_theme(ops.page)
    await ops.choose("demo")
    await ops.page.locator("#as-table summary").click()
    chosen = await faults_by_theme(ops.page)
    await ops.page.goto(f"{service.api.base}/ops?lang=en#demo/report")
    await ops.page.locator("#report tbody tr").first.wait_for()
    reported = await faults_by_theme(ops.page)

    assert (signed_out, listed, chosen, reported) == ({}, {}, {}, {})


async def test_nothing_stands_out_of_a_phone_of_320_pixels(
    service: Service, clock: RunningClock, office: BrowserContext
) -> None:
    await waiting_for(service.api, clock, 50)
    ops = await Ops.open(office, service, "demo", lang="en")
    await ops.page.set_viewport_size({"width": 320, "height": 640})
    await expect(ops.page.locator("#day svg[role=img]")).to_have_attribute("width", re.compile(r"^2\d\d$"))

    assert await ops.page.evaluate(SIDEWAYS) == []


async def test_the_page_is_light_and_obeys_its_policy(service: Service, office: BrowserContext) -> None:
    page = await office.new_page()
    complaints = Complaints()
    complaints.listen(page)
    heard: list[Response] = []
    page.on("response", lambda response: heard.append(response))  # noqa: PLW0108  (it marks what it is given)

    await page.goto(f"{service.api.base}/ops")
    await page.locator("#sign-in-name").wait_for()

    assert sum([(await response.request.sizes())["responseBodySize"] for response in heard]) <= WIRE_BYTES_MAX
    assert await page.locator("html").get_attribute("data-violated") is None
    assert complaints == []
