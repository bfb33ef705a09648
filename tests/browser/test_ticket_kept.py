"""The page of a ticket in the background: notifications, a sleeping phone, a start without network."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.browser.phone import Phone, hand
from tests.browser.test_lost import AMBER
from tests.browser.test_phone_access import PAGE_MAX_BYTES
from tests.browser.test_ticket import RINGS, address, identity, in_line
from tests.browser.wire import Wire
from tests.service import Service

IN_A_POCKET = "Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true })"
KEPT = """new Promise((resolve) => {
  const look = async () => {
    if (navigator.serviceWorker.controller && (await caches.match("/t"))) resolve(null);
    else setTimeout(look, 50);
  };
  look();
})"""
KEYS = """
caches.keys().then((names) => Promise.all(names.map((name) => caches.open(name).then((cache) => cache.keys()))))
  .then((found) => found.flat().map(({ url }) => url))
"""
AS_ON_ANDROID = """
globalThis.notified = [];
ServiceWorkerRegistration.prototype.showNotification = async (title, { tag }) => { notified.push(`${title} ${tag}`); };
globalThis.Notification = class { static permission = "granted"; constructor() { throw new TypeError("Illegal"); } };
"""
NOTED = """() => {
  self.noted = [];
  WindowClient.prototype.focus = async function () { self.noted.push(`focus ${new URL(this.url).pathname}`); };
  self.clients.openWindow = async (path) => { self.noted.push(`open ${path}`); };
}"""
"""Records pages that would be focused: without a user gesture the browser forbids it."""

PRESSED = """async (tag) => {
  let done;
  const press = {
    notification: { tag, close: () => self.noted.push("close") },
    waitUntil: (work) => { done = work; },
  };
  self.dispatchEvent(Object.assign(new ExtendableEvent("notificationclick"), press));
  await done;
  return self.noted.splice(0);
}"""
"""A simulated click on a notification, which waits for the handler itself."""


OVER_A_SLOW_LINE = """async () => {
  const due = [];
  self.setTimeout = (act) => due.push(act);
  self.clearTimeout = (place) => { due[place - 1] = () => undefined; };
  AbortSignal.timeout = () => {
    const controller = new AbortController();
    due.push(() => controller.abort());
    return controller.signal;
  };
  self.fetch = async (_request, { signal }) => {
    const arrives = (stream) => {
      for (const act of due) act();
      if (signal.aborted) stream.error(signal.reason);
      else stream.enqueue(new TextEncoder().encode("all of it"));
      if (!signal.aborted) stream.close();
    };
    return new Response(new ReadableStream({ pull: arrives }, { highWaterMark: 0 }));
  };
  const response = await answer(new Request("/packed/ticket.js"), "/packed/ticket.js");
  return response.text().catch(String);
}"""
"""A file whose end arrives after the worker's time limit for the start of an answer."""


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a phone, which records rings."""
    async with await hand(browser) as context:
        await context.add_init_script(RINGS)
        yield context


async def kept(phone: Phone) -> Phone:
    """Wait until the worker has cached the page."""
    await phone.script(KEPT)
    return phone


async def test_a_call_is_notified_while_the_phone_is_in_a_pocket_and_a_press_brings_the_ticket_to_front(
    service: Service, context: BrowserContext
) -> None:
    await context.grant_permissions(["notifications"])
    await context.add_init_script(AS_ON_ANDROID)
    phone = await kept(await in_line(service, context))
    path = f"/t/{identity(phone)}"
    assert await phone.script("notified") == []
    await phone.script(IN_A_POCKET)

    await service.api.next("3")
    await service.api.next("3", "done")

    words = f"请 B002 到 3 号窗口 {identity(phone)}"
    await phone.page.wait_for_function("(words) => notified.at(-1) === words", arg=words)
    (worker,) = context.service_workers
    await worker.evaluate(NOTED)
    assert await worker.evaluate(PRESSED, identity(phone)) == ["close", f"focus {path}"]
    await phone.is_sound()
    elsewhere = await context.new_page()
    await elsewhere.goto(f"{service.api.base}/halls/demo")
    await phone.page.close()
    assert await worker.evaluate(PRESSED, path.removeprefix("/t/")) == ["close", f"open {path}"]


async def test_a_phone_opened_without_a_network_shows_the_ticket_as_it_was_and_how_old_that_is(
    service: Service, context: BrowserContext
) -> None:
    phone = await kept(await in_line(service, context))
    await expect(phone.main).to_contain_text("前面1人")
    await context.set_offline(True)

    await phone.reload()

    await expect(phone.page.locator("#stale")).to_contain_text("网络已断开，以下为 10:00 的信息")
    await expect(phone.page.locator(".number").first).to_have_text("B002")
    assert await phone.page.locator(".range, .figures").count() == 0
    assert await phone.script(AMBER) == []
    await service.api.next("3")
    await context.set_offline(False)
    await phone.is_view("next")
    await expect(phone.page.locator("#stale")).to_be_hidden()
    await expect(phone.body).to_have_attribute("data-link", "live")


async def test_another_ticket_opened_without_a_network_shows_nothing_of_the_one_kept(
    service: Service, context: BrowserContext
) -> None:
    phone = await kept(await in_line(service, context))
    other = await service.api.take("enquiry")
    await context.set_offline(True)

    await phone.page.goto(address(service, other))

    await expect(phone.main).to_contain_text("暂时连不上服务")
    assert "B002" not in await phone.body.inner_text()


async def test_what_the_worker_keeps_tells_of_no_ticket(service: Service, context: BrowserContext) -> None:
    phone = await kept(await in_line(service, context))
    token = await phone.script("location.hash.slice(1)")
    await phone.reload()
    await kept(phone)

    keys = await phone.script(KEYS)

    assert f"{service.api.base}/t" in keys
    assert any("/packed/ticket.js" in key for key in keys)
    assert not [key for key in keys if token in key or identity(phone) in key or "/v1/" in key]


async def test_what_the_page_is_made_of_comes_whole_over_a_slow_line(service: Service, context: BrowserContext) -> None:
    await kept(await in_line(service, context))
    (worker,) = context.service_workers

    assert await worker.evaluate(OVER_A_SLOW_LINE) == "all of it"


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_page_is_light_with_the_copy_that_its_worker_keeps(
    service: Service, context: BrowserContext, lang: str
) -> None:
    ticket = await service.api.take("enquiry")
    async with Wire(service.running.http_port) as wire:
        link = address(service, ticket, f"?lang={lang}").replace(service.api.base, wire.base)
        await kept(await Phone.open(context, link))

        assert 0 < wire.heard_bytes <= PAGE_MAX_BYTES


async def test_a_phone_that_was_locked_while_its_number_was_called_says_so_when_it_wakes(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context, ahead=0)
    await phone.is_view("next")
    devtools = await context.new_cdp_session(phone.page)
    await devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    await service.api.next("3")

    await devtools.send("Page.setWebLifecycleState", {"state": "active"})

    await phone.is_view("called")
    await expect(phone.page.locator("html")).to_have_attribute("data-rung", "next called")
    await expect(phone.page).to_have_title("请 B001 到 3 号窗口 · 学生资助贷款办理大厅")
    await expect(phone.page.locator("#call")).to_have_text("请 B001 到 3 号窗口")
    await expect(phone.body).to_have_attribute("data-link", "live")
