"""One press gives one number, whatever the network does. Each test has a twin that removes the guard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, BrowserContext, Route, expect

from tests.browser.booth import LOOK_EVERY_S, STANDING, Booth, Left, kiosk_key, leave_out, numbers
from tests.service import Service

TAKES = "**/v1/halls/demo/tickets"
ONE_VIEW_AT_A_TIME = 'if (state.view !== "start") return;'
KEY = 'if (act) headers["Idempotency-Key"] = key ?? newKey();'
THE_SAME_PRESS = "if (Date.now() - request.at < REQUEST_KEPT_MS) this.#send(request);"
ANOTHER_PRESS = THE_SAME_PRESS.replace("request);", "{ ...request, key: newKey() });")
ASKED_AGAIN = "this.#send({ ...request, sent: true });"
ASKED_AGAIN_AND_SAID: Left = (ASKED_AGAIN, f"globalThis.askedAgain = true; {ASKED_AGAIN}")
ASKED_ANEW: Left = (ASKED_AGAIN, ASKED_AGAIN_AND_SAID[1].replace("sent: true }", "sent: true, key: newKey() }"))
TAKEN_BACK = "if (wasSent) await this.#stock.undo({ key: request.key, body: request.body });"
LOCK = 'navigator.locks ? navigator.locks.request("paihao.kiosk.sync", pass) : pass()'
LOOKED = "if (left >= STOCK_LOW) return;"
GIVEN = "store(SLIPS).put(given);"
GIVE = "give({ service, count }, now_ms) {"
GIVE_IN_TWO = f"""
  async {GIVE}
    const given = await this.giveAndForget({{ service, count }}, now_ms);
    await globalThis.together();
    await this.#do([SLIPS], (store) => void store(SLIPS).put(given));
    return given;
  }}
  giveAndForget({{ service, count }}, now_ms) {{
"""
HURRY: Left = ("const ANSWER_PATIENCE_MS = 12_000;", "const ANSWER_PATIENCE_MS = 1500;")

"""Shorter waits than those of people."""

LEAVE_IN_STOCK = """
(left) => new Promise((resolve, reject) => {
  const request = indexedDB.open("paihao.kiosk.demo");
  request.onerror = reject;
  request.onsuccess = () => {
    const transaction = request.result.transaction("slips", "readwrite");
    const asked = transaction.objectStore("slips").getAllKeys();
    asked.onsuccess = () => asked.result.slice(left).forEach((id) => transaction.objectStore("slips").delete(id));
    transaction.oncomplete = () => { request.result.close(); resolve(null); };
  };
})
"""
TO_TAKE_BACK = """
new Promise((resolve, reject) => {
  const request = indexedDB.open("paihao.kiosk.demo");
  request.onerror = reject;
  request.onsuccess = () => {
    const asked = request.result.transaction("undo").objectStore("undo").count();
    asked.onsuccess = () => { request.result.close(); resolve(asked.result); };
  };
})
"""
PRESS_TWICE = """() => {
  const stub = document.querySelector('[data-service="enquiry"]');
  stub.click();
  stub.click();
}"""


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """The browser of a kiosk, without a cached page: a changed script must not come from the cache."""
    async with await browser.new_context(viewport=STANDING, locale="zh-CN", service_workers="block") as context:
        yield context


async def until(service: Service, *waiting: str) -> None:
    """Wait until exactly these tickets wait, or the test's time limit is over."""
    while sorted(await numbers(service)) != sorted(waiting):  # noqa: ASYNC110  (nothing tells of it)
        await asyncio.sleep(LOOK_EVERY_S)


async def booth_at(context: BrowserContext, service: Service, key: str | None = None) -> Booth:
    """Open a kiosk that accepts presses and has numbers in stock."""
    if key is None:
        _, key = await kiosk_key(service.api)
    booth = await Booth.open(context, service.api.base, key)
    await booth.takes_presses()
    return booth


class Losing:
    """A network that delivers requests but loses answers: the first ones, or all."""

    def __init__(self, context: BrowserContext, answers: int | None = None) -> None:
        self.lost = 0
        self._context = context
        self._answers = answers

    async def _lose(self, route: Route) -> None:
        if route.request.method != "POST" or self.lost == self._answers:
            await route.continue_()
            return
        self.lost += 1
        await route.fetch()  # the service has carried it out
        await route.abort()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Lose the answers to requests for a number."""
        await self._context.route(TAKES, self._lose)
        yield
        await self._context.unroute(TAKES, self._lose)


# Double presses.


async def test_a_double_press_is_one_number(service: Service, context: BrowserContext) -> None:
    booth = await booth_at(context, service)

    await booth.script(PRESS_TWICE)

    await booth.is_view("ticket")
    assert await numbers(service) == ["B001"]


async def test_without_looking_at_what_is_shown_a_double_press_is_two_numbers(
    service: Service, context: BrowserContext
) -> None:
    await leave_out(context, (ONE_VIEW_AT_A_TIME, ""))
    booth = await booth_at(context, service)

    await booth.script(PRESS_TWICE)

    await until(service, "B001", "B002")


# Lost answers.


async def test_an_answer_that_is_lost_on_its_way_gives_nobody_a_second_number(
    service: Service, context: BrowserContext
) -> None:
    booth = await booth_at(context, service)
    losing = Losing(context, 2)

    async with losing.at_work():
        assert await booth.take("enquiry") == "B001"

    assert losing.lost == 2
    assert await numbers(service) == ["B001"]


async def test_without_its_key_a_press_whose_answer_is_lost_is_more_than_one_number(
    service: Service, context: BrowserContext
) -> None:
    await leave_out(context, (KEY, ""))
    booth = await booth_at(context, service)

    async with Losing(context, 2).at_work():
        assert await booth.take("enquiry") == "B003"

    assert await numbers(service) == ["B001", "B002", "B003"]


async def pressed_and_cut_off(context: BrowserContext, booth: Booth) -> None:
    """Press, let the service carry it out, and take the kiosk offline before the answer."""
    cut = asyncio.Event()

    async def done_and_cut(route: Route) -> None:
        if route.request.method == "POST" and not cut.is_set():
            await route.fetch()
            await context.set_offline(offline=True)
            await route.abort()
            cut.set()
        else:
            await route.continue_()

    await context.route(TAKES, done_and_cut)
    await booth.service("enquiry").click()
    await cut.wait()


async def test_a_kiosk_that_is_back_before_a_press_was_answered_asks_for_the_same_number(
    service: Service, context: BrowserContext
) -> None:
    booth = await booth_at(context, service)
    await pressed_and_cut_off(context, booth)
    await booth.is_view("checking")

    await context.set_offline(offline=False)

    await booth.is_view("ticket")
    assert await booth.number() == "B001"
    assert await numbers(service) == ["B001"]


async def test_without_its_key_a_kiosk_that_is_back_asks_for_another(service: Service, context: BrowserContext) -> None:
    await leave_out(context, (KEY, ""))
    booth = await booth_at(context, service)
    await pressed_and_cut_off(context, booth)
    await booth.is_view("checking")

    await context.set_offline(offline=False)

    await booth.is_view("ticket")
    assert await numbers(service) == ["B001", "B002"]


async def pressed_and_loaded_anew(context: BrowserContext, booth: Booth) -> None:
    """Press, and reload the page before the answer arrives."""
    done = asyncio.Event()

    async def hold(route: Route) -> None:
        if done.is_set():
            await route.continue_()
            return
        await route.fetch()  # carried out, but never answered
        done.set()

    await context.route(TAKES, hold)
    await booth.service("enquiry").click()
    await done.wait()
    await booth.page.reload()
    await booth.is_view("ticket")


async def test_a_press_that_was_under_way_when_the_page_was_loaded_anew_is_the_same_press(
    service: Service, context: BrowserContext
) -> None:
    booth = await booth_at(context, service)

    await pressed_and_loaded_anew(context, booth)

    assert await booth.number() == "B001"
    assert await numbers(service) == ["B001"]


async def test_without_keeping_its_key_it_is_another(service: Service, context: BrowserContext) -> None:
    await leave_out(context, (THE_SAME_PRESS, ANOTHER_PRESS))
    booth = await booth_at(context, service)

    await pressed_and_loaded_anew(context, booth)

    assert await numbers(service) == ["B001", "B002"]


# No answer at all: a number from the stock.


async def test_without_an_answer_the_number_comes_out_of_the_stock_and_the_other_is_given_back(
    service: Service, context: BrowserContext
) -> None:
    booth = await booth_at(context, service)
    async with Losing(context).at_work():
        await booth.service("enquiry").click()
        await expect(booth.page.locator("#title")).to_contain_text("正在确认")
        await expect(booth.page.locator("body")).to_have_attribute("data-view", "ticket", timeout=30_000)
        assert await booth.number() == "Z001"

    await booth.script("dispatchEvent(new Event('online'))")

    await booth.untold(0)
    await until(service, "Z001")
    tickets = (await service.api.staff("GET", "tickets")).body["items"]
    assert {ticket["number"]: ticket["state"] for ticket in tickets} == {"B001": "left", "Z001": "waiting"}


async def test_without_taking_the_other_back_both_wait(service: Service, context: BrowserContext) -> None:
    await leave_out(context, (TAKEN_BACK, ""), HURRY)
    booth = await booth_at(context, service)
    async with Losing(context).at_work():
        assert await booth.take("enquiry") == "Z001"

    await booth.script("dispatchEvent(new Event('online'))")

    await booth.untold(0)
    await until(service, "B001", "Z001")


async def pressed_without_answer_and_stock(context: BrowserContext, booth: Booth) -> str:
    """Press with an empty stock; the answer does not come in time, but later."""
    await context.route("**/v1/halls/demo/devices/*/lease", lambda route: route.abort())
    await booth.script(LEAVE_IN_STOCK, 0)
    async with Losing(context).at_work():
        await booth.service("enquiry").click()
        await booth.until("globalThis.askedAgain === true")
    await booth.is_view("ticket")
    return await booth.number()


async def test_when_the_stock_is_used_up_it_is_the_same_press_that_is_asked_again(
    service: Service, context: BrowserContext
) -> None:
    await leave_out(context, ASKED_AGAIN_AND_SAID, HURRY)
    booth = await booth_at(context, service)

    number = await pressed_without_answer_and_stock(context, booth)

    assert number == "B001"
    assert await numbers(service) == ["B001"]


async def test_without_its_key_it_is_another_that_is_asked(service: Service, context: BrowserContext) -> None:
    await leave_out(context, ASKED_ANEW, HURRY)
    booth = await booth_at(context, service)

    number = await pressed_without_answer_and_stock(context, booth)

    assert number != "B001"
    assert {"B001", number} <= set(await numbers(service))


async def test_a_kiosk_that_is_cut_off_and_has_given_all_it_had_says_so_and_gives_none_twice(
    service: Service, context: BrowserContext
) -> None:
    booth = await booth_at(context, service)
    await context.set_offline(offline=True)
    await booth.is_link("cut")
    await booth.script(LEAVE_IN_STOCK, 1)
    last = await booth.take("enquiry")
    await booth.home()

    await booth.service("enquiry").click()

    await booth.is_view("refused")
    await expect(booth.page.locator("#title")).to_contain_text("备用的号码已经发完")
    await booth.home()
    await context.set_offline(offline=False)
    await booth.is_link("live")
    await booth.untold(0)
    fresh = await booth.take("enquiry")
    assert [last, fresh] == ["Z001", "B001"]
    assert await numbers(service) == [last, fresh]


async def pressed_without_answer_stock_and_network(context: BrowserContext, booth: Booth) -> None:
    """Press with an empty stock; the kiosk goes offline before the answer, shows a refusal, and is online again."""
    await context.route("**/v1/halls/demo/devices/*/lease", lambda route: route.abort())
    await booth.script(LEAVE_IN_STOCK, 0)
    await pressed_and_cut_off(context, booth)
    await booth.is_view("refused")
    await context.set_offline(offline=False)
    await booth.is_link("live")


async def test_who_hears_no_has_no_number_in_the_queue_that_nobody_knows_of(
    service: Service, context: BrowserContext
) -> None:
    await leave_out(context, HURRY)
    booth = await booth_at(context, service)

    await pressed_without_answer_stock_and_network(context, booth)

    await until(service)
    [ticket] = (await service.api.staff("GET", "tickets")).body["items"]
    assert (ticket["number"], ticket["state"]) == ("B001", "left")


async def test_without_taking_it_back_there_is_one(service: Service, context: BrowserContext) -> None:
    await leave_out(context, (TAKEN_BACK, ""), HURRY)
    booth = await booth_at(context, service)

    await pressed_without_answer_stock_and_network(context, booth)

    assert await numbers(service) == ["B001"]
    assert await booth.script(TO_TAKE_BACK) == 0


# Two windows of one kiosk.


async def two_windows(context: BrowserContext, service: Service) -> tuple[Booth, Booth]:
    _, key = await kiosk_key(service.api)
    first = await booth_at(context, service, key)
    return first, await booth_at(context, service, key)


async def cut_off(context: BrowserContext, *booths: Booth) -> None:
    await context.set_offline(offline=True)
    for booth in booths:
        await booth.is_link("cut")


async def test_two_windows_that_give_at_once_while_they_are_cut_off_give_two_numbers_and_report_each_once(
    service: Service, context: BrowserContext
) -> None:
    first, second = await two_windows(context, service)
    await cut_off(context, first, second)

    given = await asyncio.gather(first.take("enquiry"), second.take("enquiry"))
    await context.set_offline(offline=False)

    await first.untold(0)
    assert sorted(given) == ["Z001", "Z002"]
    await until(service, "Z001", "Z002")
    await expect(first.page.locator("#band")).to_be_hidden()


async def test_without_one_transaction_they_give_the_same_number_twice(
    service: Service, context: BrowserContext
) -> None:
    await context.expose_function("together", asyncio.Barrier(2).wait)  # both have read: now both write
    await leave_out(context, (GIVEN, ""), (GIVE, GIVE_IN_TWO))
    first, second = await two_windows(context, service)
    await cut_off(context, first, second)

    given = await asyncio.gather(first.take("enquiry"), second.take("enquiry"))

    assert [*given] == ["Z001", "Z001"]


async def test_two_windows_that_open_at_once_lease_once(service: Service, context: BrowserContext) -> None:
    _, key = await kiosk_key(service.api)

    first, second = await asyncio.gather(*(booth_at(context, service, key) for _ in range(2)))

    await first.has_stock(50)
    await second.has_stock(50)


async def test_without_the_lock_they_lease_twice_and_the_numbers_may_come_out_of_order(
    service: Service, context: BrowserContext
) -> None:
    await context.expose_function("together", asyncio.Barrier(2).wait)  # both have read an empty stock
    await leave_out(context, (LOCK, "pass()"), (LOOKED, f"{LOOKED} await globalThis.together();"))
    _, key = await kiosk_key(service.api)

    booths = [await Booth.open(context, service.api.base, key) for _ in range(2)]

    await booths[0].has_stock(100)


# One key in two browsers.


async def test_a_key_in_two_browsers_gives_no_number_twice_and_staff_hear_whose_number_is_not_in_the_queue(
    service: Service, context: BrowserContext, browser: Browser
) -> None:
    _, key = await kiosk_key(service.api)
    first = await booth_at(context, service, key)
    async with await browser.new_context(locale="zh-CN", service_workers="block") as elsewhere:
        second = await booth_at(elsewhere, service, key)
        await cut_off(context, first)
        await cut_off(elsewhere, second)
        given = [await first.take("enquiry"), await second.take("enquiry")]
        await elsewhere.set_offline(offline=False)
        await until(service, "Z051")

        await context.set_offline(offline=False)

        await expect(first.page.locator("#band")).to_contain_text("工作人员请注意：Z001 没能登记")
        assert given == ["Z001", "Z051"]
        assert await numbers(service) == ["Z051"]
        [alarm] = (await service.api.staff("GET", "queue")).body["alarms"]
        assert alarm["kiosk"] == "at the door"
