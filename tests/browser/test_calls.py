"""The lobby screen shows all calls, the newest first, with the name of the counter."""

import pytest
from playwright.async_api import BrowserContext, WebSocket, expect

from tests.browser.clock import RunningClock
from tests.browser.halls import WINDOWS
from tests.browser.screen import Screen
from tests.service import NOON_AT, Service

TURN_MS = 3000

WATCH = """
window.missing = [];
window.banner = [];
let called = [];
window.WebSocket = class extends WebSocket {
  constructor(...options) {
    super(...options);
    this.addEventListener("message", ({ data }) => {
      const frame = JSON.parse(data);
      if (frame.type === "board") called = frame.called.map(({ number }) => number);
    });
  }
};
const isSeen = (box) => {
  const { top, left, bottom, right, height } = box.getBoundingClientRect();
  const within = height > 0 && top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
  return within && box.checkVisibility({ opacityProperty: true }) && Number(getComputedStyle(box).opacity) === 1;
};
const look = () => {
  const boxes = [...document.querySelectorAll(".call[data-number]")].filter(isSeen);
  const seen = boxes.filter((box) => box.querySelector(".who .number").textContent === box.dataset.number);
  const numbers = seen.map(({ dataset }) => dataset.number);
  missing.push(...called.filter((number) => !numbers.includes(number)));
  const { number } = document.getElementById("newest").dataset;
  if (number && banner.at(-1) !== number) banner.push(number);
};
document.addEventListener("DOMContentLoaded", () => {
  const everything = { subtree: true, childList: true, attributes: true, characterData: true };
  new MutationObserver(look).observe(document.getElementById("calls"), everything);
});
"""


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920)], ids=["landscape", "portrait"])
async def test_every_called_number_is_in_sight_while_calls_take_turns_in_the_banner(
    service: Service, context: BrowserContext, size: tuple[int, int]
) -> None:
    screen = await Screen.prepare(context)
    await screen.page.set_viewport_size({"width": size[0], "height": size[1]})
    await screen.page.clock.install(time=NOON_AT)
    await screen.page.add_init_script(WATCH)
    await screen.go(service.api.base)
    await service.api.open("P1", *WINDOWS)
    await service.api.take()
    for _ in WINDOWS:
        await service.api.take("enquiry")

    tickets = [await service.api.next(counter) for counter in ("P1", *WINDOWS)]

    called = [ticket["number"] for ticket in tickets if ticket is not None]
    assert len(called) == 1 + len(WINDOWS)
    await expect(screen.call(called[-1])).to_be_visible()
    for turn in range(len(called)):
        await screen.page.clock.run_for(TURN_MS)
        await service.api.take("enquiry")  # a new board, so that the socket does not count as silent
        await expect(screen.page.locator('[data-service="enquiry"] .people b')).to_have_text(str(turn + 1))

    await expect(screen.banner).to_have_attribute("data-number", called[-1])
    assert await screen.script("banner") == called
    assert await screen.script("missing") == []
    assert await screen.stubs.evaluate_all("rows => rows.map(row => row.dataset.number)") == called[-2::-1]
    assert screen.complaints == []


async def test_rows_name_the_counter_by_its_number_or_by_its_stage(service: Service, screen: Screen) -> None:
    await service.api.open("3", "P1")
    await service.api.take()
    await service.api.take("enquiry")

    await service.api.next("P1")
    await service.api.next("3")

    await expect(screen.banner).to_have_attribute("data-number", "B001")
    await expect(screen.banner.locator(".where .pair")).to_have_text("请到窗口Go to counter")
    await expect(screen.call("A001").locator(".unit")).to_have_text("预审台Pre-check")
    await service.api.take("enquiry")
    await service.api.open("4")
    await service.api.next("4")
    await expect(screen.call("B001").locator(".unit")).to_have_text("号窗口Counter")


async def test_who_is_called_again_is_marked_in_words_and_comes_back_to_the_banner(
    service: Service, clock: RunningClock, context: BrowserContext
) -> None:
    api = service.api
    await api.open("1", "2")
    await api.take("enquiry")
    await api.take("enquiry")
    first = await api.next("1")
    await api.next("2")
    assert first is not None
    clock.advance(60)
    screen = await Screen.open(context, api.base)
    await expect(screen.banner).to_have_attribute("data-number", "B002")

    await api.staff("POST", f"tickets/{first['id']}/recall")

    await expect(screen.banner).to_have_attribute("data-number", "B001")
    await expect(screen.banner.locator(".who .pair")).to_have_text("再次呼叫Called again")
    await api.staff("POST", "counters/2/next", {"finish": {"outcome": "done"}})
    await api.take("enquiry")
    await api.next("2")
    await expect(screen.banner).to_have_attribute("data-number", "B003")
    await expect(screen.call("B001")).to_have_attribute("data-again", "1")
    await expect(screen.call("B001").locator(".unit")).to_have_text("再次呼叫Called again")


async def test_who_is_finished_leaves_the_screen(service: Service, screen: Screen) -> None:
    await service.api.open("1")
    await service.api.take("enquiry")
    ticket = await service.api.next("1")
    assert ticket is not None
    await expect(screen.banner).to_have_attribute("data-number", "B001")

    await service.api.staff("POST", f"tickets/{ticket['id']}/finish", {"outcome": "done"})

    await expect(screen.call("B001")).to_have_count(0)
    assert "尚无叫号" in await screen.text()


async def test_names_reach_neither_the_screen_nor_its_socket(service: Service, context: BrowserContext) -> None:
    screen = await Screen.prepare(context)
    frames: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: frames.append(str(frame)))

    screen.page.on("websocket", listen)
    await screen.go(service.api.base)
    await service.api.open("1")
    person = {"name": "欧阳测试", "phone": "13900000000", "email": "person@example.org"}

    await service.api.take("enquiry", applicant=person)
    await service.api.next("1")

    await expect(screen.banner).to_have_attribute("data-number", "B001")
    assert any("B001" in frame for frame in frames)
    html = await screen.page.content()
    assert [word for word in person.values() if word in html or any(word in frame for frame in frames)] == []
