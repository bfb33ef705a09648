"""Texts of the lobby screen: suspension, notices, zones, and wrong addresses."""

from datetime import timedelta

from playwright.async_api import BrowserContext, expect

from service.contract import stamp
from tests.browser.clock import RunningClock
from tests.browser.halls import post_notice, two_zones
from tests.browser.screen import Screen
from tests.service import NOON_AT, Service

TURN_MS = 10_000
BETWEEN_FRAMES_MS = 2500
"""Less than the time without frames after which a screen hides notices."""

EMERGENCY = {"zh-CN": "请按指示从最近的出口离开", "en": "Please leave by the nearest exit."}


async def test_a_suspension_shows_its_text_and_nothing_else_and_ends_by_itself(
    service: Service, clock: RunningClock, screen: Screen
) -> None:
    api = service.api
    await api.open("1")
    await api.take("enquiry")
    await api.next("1")
    await expect(screen.call("B001")).to_be_visible()

    until_at = stamp(NOON_AT + timedelta(minutes=30))
    await api.staff("PUT", "suspension", {"text": EMERGENCY, "until_at": until_at})

    await expect(screen.page.locator("body")).to_have_attribute("data-view", "suspended")
    lines = [line for line in (await screen.text()).splitlines() if line.strip() and "10:00:" not in line]
    assert lines == [*EMERGENCY.values(), "预计 10:30 恢复", "Expected back at 10:30"]
    await api.staff("PUT", "suspension", {"text": EMERGENCY, "until_at": stamp(clock.now_at() + timedelta(seconds=1))})
    await expect(screen.page.locator("body")).to_have_attribute("data-view", "board")
    await expect(screen.call("B001")).to_be_visible()
    assert EMERGENCY["en"] not in await screen.text()


async def test_notices_take_turns_as_plain_text_until_they_are_removed(
    service: Service, context: BrowserContext
) -> None:
    screen = await Screen.prepare(context)
    await screen.page.clock.install(time=NOON_AT)
    await screen.go(service.api.base)
    words = screen.page.locator("#notice-words")
    await expect(words).to_contain_text("When your number is called")

    first = await post_notice(service.api, {"zh-CN": "饮水机在二楼", "en": "Water is on the <b>second</b> floor."})
    await expect(words).to_have_text("饮水机在二楼Water is on the <b>second</b> floor.")
    second = await post_notice(service.api, {"zh-CN": "请保管好随身物品", "en": "Please mind your belongings."})
    for turn in ("保管", "饮水机", "保管"):
        for _ in range(TURN_MS // BETWEEN_FRAMES_MS):
            await screen.page.clock.run_for(BETWEEN_FRAMES_MS)
            await service.api.take("enquiry")  # a new board, so that the socket does not count as silent
        await expect(words).to_contain_text(turn)

    for notice in (first, second):
        assert (await service.api.staff("DELETE", f"notices/{notice}")).status == 204
    await expect(words).to_contain_text("When your number is called")


async def test_a_zones_screen_shows_the_calls_and_notices_of_the_zone(
    service: Service, context: BrowserContext
) -> None:
    api = service.api
    await two_zones(api)
    await api.open("1", "P1")
    await api.take("loan-first")
    await api.take("enquiry")
    await post_notice(api, {"zh-CN": "东厅通知", "en": "East only."}, "east")

    await api.next("P1")
    await api.next("1")

    east = await Screen.open(context, api.base, "?zone=east")
    main = await Screen.open(context, api.base, "?zone=main")
    whole = await Screen.open(context, api.base)
    await expect(east.banner).to_have_attribute("data-number", "A001")
    await expect(main.banner).to_have_attribute("data-number", "B001")
    await expect(east.page.locator("#hall")).to_contain_text("东厅")
    await expect(east.page.locator("#notice-words")).to_contain_text("东厅通知")
    assert "B001" not in await east.text()
    assert "A001" not in await main.text()
    assert "东厅通知" not in await main.text()
    await expect(whole.call("A001")).to_be_visible()
    await expect(whole.call("B001")).to_be_visible()


async def test_a_screen_for_an_unknown_zone_says_so(service: Service, context: BrowserContext) -> None:
    screen = await Screen.open(context, service.api.base, "?zone=nowhere", link="unknown-zone")

    text = await screen.text()

    assert "这个大厅没有名为“nowhere”的区域" in text
    assert 'This hall has no zone "nowhere"' in text
    assert "请工作人员核对本屏的网址" in text


async def test_a_screen_for_an_unknown_hall_says_so(service: Service, context: BrowserContext) -> None:
    screen = await Screen.prepare(context)
    await screen.page.goto(f"{service.api.base}/halls/nowhere/screen")
    await screen.is_link("unknown-hall")

    text = await screen.text()

    assert "没有名为“nowhere”的大厅" in text
    assert 'There is no hall "nowhere"' in text
