"""The lobby screen on a full day: standby, the next bookable time, and the presence of screens."""

from pathlib import Path

from playwright.async_api import BrowserContext, Request, expect

from tests.api.checked import at
from tests.browser.clock import RunningClock
from tests.browser.halls import NOTICE, change, post_notice
from tests.browser.pictures import picture
from tests.browser.screen import Screen
from tests.browser.test_layout import OVERFLOWING
from tests.service import NOON_AT, Service, service_on

WALLS = {
    "lobby-full-720p.png": (1280, 720),
    "lobby-full.png": (1920, 1080),
    "lobby-full-4k.png": (3840, 2160),
    "lobby-full-portrait.png": (1080, 1920),
}
KEPT = {"lobby-full.png", "lobby-full-portrait.png"}


async def a_full_day(service: Service, clock: RunningClock) -> None:
    """Late in the day with one counter: some tickets are admitted, others are on standby."""
    clock.advance((at("16:40") - clock.now_at()).total_seconds())
    await service.api.open("1", "2")
    for name in ("loan-first", "enquiry") * 60:
        reply = await service.api.call("POST", "tickets", {"service": name})
        if reply.status == 201 and reply.body["admission"] == "standby" and name == "enquiry":
            break
    for counter in ("1", "2"):
        await service.api.next(counter)


async def test_who_stands_by_is_told_how_many_do_and_what_can_be_booked_next(
    service: Service, clock: RunningClock, context: BrowserContext
) -> None:
    await a_full_day(service, clock)

    screen = await Screen.open(context, service.api.base)

    standby = screen.page.locator("#waits .extra").filter(has_text="候补")
    many = (await service.api.call("GET", "board")).body["standby"]
    assert many > 0
    await expect(standby.locator(".first")).to_have_text(f"候补 {many} 人 有空档即叫号；可约明天 09:00")
    await expect(standby.locator(".second")).to_have_text(f"{many} on standby. Next bookable: tomorrow 09:00")
    assert screen.complaints == []


async def test_slots_are_not_asked_for_while_nobody_stands_by(service: Service, context: BrowserContext) -> None:
    asked: list[str] = []
    screen = await Screen.prepare(context)

    def note(request: Request) -> None:
        asked.append(request.url)

    screen.page.on("request", note)
    await screen.go(service.api.base)
    await service.api.open("1")
    await service.api.take("enquiry")
    await service.api.next("1")

    await expect(screen.banner).to_have_attribute("data-number", "B001")
    assert not [url for url in asked if url.endswith("/v1/halls/demo/screen") or "/slots" in url]


async def test_a_screen_with_a_key_says_that_it_is_there(service: Service, context: BrowserContext) -> None:
    made = await service.api.staff("POST", "devices", {"name": "2F-N", "role": "kiosk"})
    screen = await Screen.prepare(context)

    async with screen.page.expect_response(lambda response: response.request.method == "PUT") as said:
        await screen.go(service.api.base, f"?zone=main#key={made.body['token']}")

    assert (await said.value).status == 204
    await service.running.named_screens.refresh()
    (seen,) = (await service.api.staff("GET", "/v1/ops")).body["items"]
    assert (seen["screens"], seen["screens_gone"]) == (1, [])
    assert screen.complaints == []


async def test_a_screen_that_shows_what_is_old_does_not_say_that_it_is_there(
    dsn: str, tmp_path: Path, clock: RunningClock, context: BrowserContext
) -> None:
    async with service_on(dsn, tmp_path, clock) as server:
        made = await server.api.staff("POST", "devices", {"name": "2F-N", "role": "kiosk"})
        screen = await Screen.prepare(context)
        await screen.page.clock.install(time=NOON_AT)
        await screen.go(server.api.base, f"#key={made.body['token']}")
        await screen.hold()
    said: list[str] = []

    def note(request: Request) -> None:
        if request.method == "PUT":
            said.append(request.url)

    await screen.page.clock.run_for(5500)
    await screen.is_link("stale")
    screen.page.on("request", note)

    await screen.page.clock.run_for(120_000)

    assert said == []


async def test_a_full_day_fits_every_wall_and_is_pictured(
    service: Service, clock: RunningClock, context: BrowserContext, tmp_path: Path
) -> None:
    await a_full_day(service, clock)
    await post_notice(service.api, NOTICE)
    made = await service.api.staff("POST", "devices", {"name": "2F-N", "role": "kiosk"})
    screen = await Screen.prepare(context)
    await screen.page.add_init_script("Math.random = () => 0")
    await screen.go(service.api.base, f"?voice=clips#key={made.body['token']}")
    await screen.page.locator("#sound").click()
    await expect(screen.page.locator("svg.qr")).to_be_visible()
    await expect(screen.page.get_by_text("Next bookable: tomorrow 09:00")).to_be_visible()

    for name, (width, height) in WALLS.items():
        await screen.page.set_viewport_size({"width": width, "height": height})
        await screen.settle()
        await expect(screen.page.locator("svg.qr")).to_be_visible()
        await picture(screen.page, tmp_path, name, kept=name in KEPT)

        assert await screen.script(OVERFLOWING) == [], name
    assert screen.complaints == []


CUT = """() => [...document.querySelectorAll("#waits .name > *")]
  .filter((name) => name.scrollHeight - name.clientHeight > Number.parseFloat(getComputedStyle(name).fontSize) / 2)
  .map(({ textContent }) => textContent)"""


HANGING_PX = """(named) => [...document.querySelectorAll(named)].filter((box) => box.textContent).map((box) => {
  const end = document.createElement("span");
  end.style.display = "inline-block";
  box.append(end);
  const { bottom } = end.getBoundingClientRect();
  end.remove();
  const pen = document.createElement("canvas").getContext("2d");
  const { fontWeight, fontSize, fontFamily } = getComputedStyle(box);
  pen.font = `${fontWeight} ${fontSize} ${fontFamily}`;
  return bottom + pen.measureText("gjpqy").actualBoundingBoxDescent - box.getBoundingClientRect().bottom;
})"""
"""How far letters reach below the box of their last line, which would cut them off."""


async def test_no_letter_of_a_name_is_cut_off_below(service: Service, context: BrowserContext) -> None:
    services = (await service.api.staff("GET", "document")).body["services"]
    long = {
        "zh-CN": "个体工商户营业执照新办、变更、备案、补领换领与注销登记综合业务受理及担保事项",
        "en": "Licences of small businesses: new, changed, lost, renewed or closed, and giving a guarantee",
    }
    await change(service.api, services=[{**services[0], "name": long}, *services[1:]])
    screen = await Screen.open(context, service.api.base)
    await expect(screen.page.locator("#waits")).to_contain_text("guarantee")
    for name, (width, height) in WALLS.items():
        await screen.page.set_viewport_size({"width": width, "height": height})
        await screen.settle()

        hanging = await screen.script(HANGING_PX, "#waits .name > *, .hall > *, .extra > *")

        assert len(hanging) >= 4, name
        assert max(hanging) <= 0.5, name
        assert await screen.script(OVERFLOWING) == [], name


async def test_a_long_name_is_whole_where_there_is_room(service: Service, context: BrowserContext) -> None:
    services = (await service.api.staff("GET", "document")).body["services"]
    long = {
        "zh-CN": "个体工商户营业执照新办、变更、备案、补领换领与注销登记综合业务受理",
        "en": "Licences of small businesses: new, changed, lost, renewed or closed",
    }
    await change(service.api, services=[{**services[0], "name": long}, *services[1:]])
    screen = await Screen.open(context, service.api.base)
    await expect(screen.page.locator("#waits")).to_contain_text("营业执照")

    assert await screen.script(CUT) == []
    assert await screen.script(OVERFLOWING) == []


async def test_a_suspended_hall_fits_every_wall_and_is_pictured(
    service: Service, context: BrowserContext, tmp_path: Path
) -> None:
    await service.api.staff(
        "PUT",
        "suspension",
        {"text": {"zh-CN": "消防演习，请从最近的出口离开", "en": "Fire drill: please leave by the nearest exit"}},
    )
    screen = await Screen.open(context, service.api.base)
    await expect(screen.page.locator("body")).to_have_attribute("data-view", "suspended")
    await expect(screen.page.locator("#message")).to_contain_text("消防演习")
    await expect(screen.page.locator("#message")).to_contain_text("Fire drill")
    for name, (width, height) in WALLS.items():
        await screen.page.set_viewport_size({"width": width, "height": height})
        await screen.settle()
        await picture(screen.page, tmp_path, "lobby-suspended.png", kept=name == "lobby-full.png")

        assert await screen.script(OVERFLOWING) == [], name
