"""The page of a ticket: from the queue to the counter and the rating, and without network."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Route, WebSocketRoute, expect

from tests.browser.clock import RunningClock
from tests.browser.phone import Phone, hand
from tests.browser.test_applicant import configure
from tests.browser.test_lost import AMBER
from tests.service import Service, service_on

RINGS = """
document.addEventListener("paihao:rung", ({ detail }) => {
  const root = document.documentElement.dataset;
  root.rung = `${root.rung ?? ""} ${detail.kind}`.trim();
});
"""


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a phone, which records rings."""
    async with await hand(browser) as context:
        await context.add_init_script(RINGS)
        yield context


def address(service: Service, ticket: dict[str, Any], query: str = "") -> str:
    """Return the link to a ticket."""
    return f"{service.api.base}/t/{ticket['id']}{query}#{ticket['token']}"


async def in_line(service: Service, context: BrowserContext, ahead: int = 1, name: str = "enquiry") -> Phone:
    """Open the connected page of a ticket with this many tickets ahead of it."""
    await service.api.open("3")
    for _ in range(ahead):
        await service.api.take(name)
    phone = await Phone.open(context, address(service, await service.api.take(name)))
    await expect(phone.body).to_have_attribute("data-link", "live")
    return phone


def identity(phone: Phone) -> str:
    """Return the ticket's id."""
    return phone.page.url.partition("/t/")[2][:36]


async def test_a_number_from_the_line_to_the_counter_and_how_it_was(service: Service, context: BrowserContext) -> None:
    phone = await in_line(service, context, ahead=2)
    await phone.is_view("waiting")
    await expect(phone.main).to_contain_text("前面2人")
    await expect(phone.page.locator(".range")).to_be_visible()
    await expect(phone.page).to_have_title("B003 前面 2 人 · 学生资助贷款办理大厅")

    await service.api.next("3")
    await expect(phone.main).to_contain_text("前面1人")
    await service.api.next("3", "done")
    await phone.is_view("next")
    await expect(phone.page.locator(".mine")).to_contain_text("下一位就是您")
    assert await phone.script(AMBER) == ["mine yours"]
    await service.api.next("3", "done")
    await phone.is_view("called")
    await expect(phone.page.locator(".counter")).to_have_text("3 号窗口")
    await expect(phone.page.locator("#call")).to_have_text("请 B003 到 3 号窗口")
    await expect(phone.page).to_have_title("请 B003 到 3 号窗口 · 学生资助贷款办理大厅")
    await service.api.staff("POST", f"tickets/{identity(phone)}/recall")
    await expect(phone.page.locator(".mine")).to_contain_text("再次呼叫")
    await expect(phone.page.locator("html")).to_have_attribute("data-rung", "next called called")
    await service.api.staff("POST", f"tickets/{identity(phone)}/start")
    await phone.is_view("serving")
    await service.api.staff("POST", f"tickets/{identity(phone)}/finish", {"outcome": "done"})
    await phone.is_view("done")

    await expect(phone.page.locator("#rate")).to_have_attribute("aria-disabled", "true")
    await expect(phone.dock).to_contain_text("请先选择满意程度")
    await phone.page.locator("#grade-4").check()
    await phone.page.locator("summary").click()
    await phone.page.get_by_label("态度热情").check()
    await expect(phone.dock).not_to_contain_text("请先选择满意程度")
    await phone.press("rate")
    await expect(phone.main).to_contain_text("谢谢您")
    await phone.reload()
    await expect(phone.main).to_contain_text("谢谢您")
    history = (await service.api.staff("GET", f"tickets/{identity(phone)}/history")).body["items"]
    assert history[-1]["data"] == {"grade": 4, "reasons": ["friendly"]}
    await phone.is_sound()


async def test_what_was_rung_is_not_rung_again_by_a_reload(service: Service, context: BrowserContext) -> None:
    phone = await in_line(service, context, ahead=0)
    await phone.is_view("next")
    await expect(phone.page.locator("html")).to_have_attribute("data-rung", "next")

    await phone.reload()
    await service.api.next("3")
    await phone.is_view("called")

    await expect(phone.page.locator("html")).to_have_attribute("data-rung", "called")


async def test_who_needs_more_time_is_called_later_and_may_be_called_at_once_again(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context, ahead=0)
    await phone.press("more")
    await phone.page.locator("dialog").get_by_text("20 分钟").click()
    await phone.is_view("put-off")
    await expect(phone.page.locator(".mine")).to_contain_text("10:20 之后再叫您")
    assert await service.api.next("3") is None
    await phone.reload()
    await phone.is_view("put-off")

    await phone.press("more")
    await phone.is_view("next")

    called = await service.api.next("3")
    assert called is not None
    assert called["id"] == identity(phone)


async def test_who_leaves_is_asked_first_and_gives_the_place_up(service: Service, context: BrowserContext) -> None:
    phone = await in_line(service, context)
    await phone.press("leave")
    await phone.page.locator("dialog").get_by_role("button", name="继续等候").click()
    await phone.is_view("waiting")

    await phone.press("leave")
    await phone.page.locator("dialog .stop").click()

    await phone.is_view("left")
    assert len((await service.api.staff("GET", "queue")).body["waiting"]) == 1


async def test_who_was_passed_over_comes_back_with_the_phone_within_half_an_hour(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    phone = await in_line(service, context, ahead=0)
    await service.api.next("3")
    await service.api.staff("POST", f"tickets/{identity(phone)}/no-show")
    await phone.is_view("no-show")
    await expect(phone.main).to_contain_text("B001 已过号。10:30 前回来")

    await phone.press("resume")

    await phone.is_view("next")
    await service.api.next("3")
    await service.api.staff("POST", f"tickets/{identity(phone)}/no-show")
    await phone.is_view("no-show")
    await expect(phone.dock).to_contain_text("重新取号")
    clock.advance(60)


async def test_who_misses_a_paper_is_told_which_and_comes_back_without_a_new_queue(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context, ahead=0, name="loan-first")
    await service.api.next("3")
    papers = {"missing": ["enrolment-letter"], "then": "park"}
    assert (await service.api.staff("POST", f"tickets/{identity(phone)}/papers", papers)).status == 200
    await phone.is_view("parked")
    await expect(phone.main).to_contain_text("缺在校证明")

    async with phone.page.expect_request("**/check-ins") as asked:
        await phone.press("resume")
    assert "authorization" not in await (await asked.value).all_headers(), "the code alone is enough, on any day"
    await phone.is_view("next")
    await service.api.next("3")
    await phone.is_view("called")
    await expect(phone.page.locator(".papers")).to_contain_text("身份证")
    await expect(phone.page.locator(".papers")).not_to_contain_text("在校证明")
    finish = {"outcome": "conditional", "missing": ["photocopy"], "due_on": "2026-11-30"}
    await service.api.staff("POST", f"tickets/{identity(phone)}/finish", finish)

    await phone.is_view("done")
    await expect(phone.main).to_contain_text("缺复印件")
    await expect(phone.main).to_contain_text("请在 11月30日 周一前补齐")


MISSING: tuple[tuple[list[str], dict[str, str]], ...] = (
    ([], {"zh": "已受理，还有手续待补", "en": "Accepted, with something to follow"}),
    (["photocopy"], {"zh": "已受理，缺一项", "en": "Accepted, one thing missing"}),
    (["photocopy", "enrolment-letter"], {"zh": "已受理，缺 2 项", "en": "Accepted, 2 things missing"}),
)


async def test_who_is_accepted_with_papers_missing_is_told_how_many(service: Service, context: BrowserContext) -> None:
    await service.api.open("3")
    for missing, titles in MISSING:
        ticket = await service.api.take("loan-first")
        await service.api.next("3")
        finish = {"outcome": "conditional", "missing": missing, "due_on": "2026-11-30"}
        assert (await service.api.staff("POST", f"tickets/{ticket['id']}/finish", finish)).status == 200
        for lang, title in titles.items():
            phone = await Phone.open(context, address(service, ticket, f"?lang={lang}"))

            await expect(phone.page.locator(".mine h2")).to_have_text(title)
            await phone.page.close()


async def test_the_code_is_shown_large_and_focus_returns(service: Service, context: BrowserContext) -> None:
    phone = await in_line(service, context)

    await phone.press("code")

    dialog = phone.page.locator("dialog")
    await expect(dialog.locator(".qr")).to_be_visible()
    code = (await service.api.staff("GET", f"tickets/{identity(phone)}")).body["code"]
    await expect(dialog.locator(".code")).to_have_text(f"{code[:4]} {code[4:]}")
    await phone.page.keyboard.press("Escape")
    await expect(phone.page.locator("#code")).to_be_focused()


async def test_a_code_that_is_asked_for_again_before_it_has_come_is_shown_once(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context)
    asked: list[Route] = []
    await context.route("**/qr", lambda route: asked.append(route))  # noqa: PLW0108  (playwright marks what it calls)
    await phone.press("code")
    await phone.press("code")
    await expect(phone.page.locator("#code")).to_have_attribute("aria-busy", "true")

    await asked[0].continue_()
    await expect(phone.page.locator("dialog")).to_be_visible()
    await phone.page.keyboard.press("Escape")

    await expect(phone.page.locator("#code")).not_to_have_attribute("aria-busy", "true")
    assert len(asked) == 1
    await expect(phone.page.locator("dialog")).to_have_count(0)


async def test_a_phone_away_from_the_network_says_how_old_it_is_without_amber_and_heals(
    dsn: str, tmp_path: Path, clock: RunningClock, context: BrowserContext
) -> None:
    async with service_on(dsn, tmp_path, clock) as server:
        phone = await in_line(server, context, ahead=0)
        await phone.is_view("next")
        ports = {"port": server.running.http_port, "display_port": server.running.display_port}

    band = phone.page.locator("#stale")
    await expect(band).to_contain_text("网络已断开，以下为 10:00 的信息；您的号码仍然有效")
    assert await phone.script(AMBER) == []
    assert await phone.page.locator(".range, .figures").count() == 0
    await expect(phone.page.locator(".number").first).to_have_text("B001")
    async with service_on(dsn, tmp_path, clock, **ports) as server:
        await server.api.next("3")
        await expect(band).to_be_hidden()
        await phone.is_view("called")


async def test_a_blocked_socket_costs_freshness_and_not_the_call(service: Service, context: BrowserContext) -> None:
    def swallow(socket: WebSocketRoute) -> None:
        socket.on_message(lambda _: None)

    await context.route_web_socket("**/tickets/**", swallow)
    phone = await in_line(service, context, ahead=0)

    await service.api.next("3")

    await phone.is_view("called")
    await expect(phone.body).to_have_attribute("data-link", "live")


async def test_a_phone_follows_its_ticket_by_the_socket_and_asks_no_more_while_nothing_happens(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context)
    await expect(phone.page.locator(".called-now, #more").first).to_be_visible()
    before = len(phone.asked)

    await service.api.next("3")
    await phone.is_view("next")

    again = [url for url in phone.asked[before:] if "/tickets/" in url]
    assert again == []


async def test_papers_that_are_asked_for_meanwhile_are_shown_to_who_waits_already(
    service: Service, context: BrowserContext
) -> None:
    await context.clock.install()
    phone = await in_line(service, context, ahead=0, name="loan-first")
    await expect(phone.page.locator(".papers")).not_to_contain_text("家庭收入证明")
    services = (await service.api.staff("GET", "document")).body["services"]
    papers = [{"id": "income", "name": {"zh-CN": "家庭收入证明", "en": "Proof of family income"}}]
    changed = [{**one, "papers": papers} if one["id"] == "loan-first" else one for one in services]
    await configure(service, services=changed)

    await phone.page.clock.fast_forward(61_000)

    await expect(phone.page.locator(".papers")).to_have_text("家庭收入证明")
    await service.api.next("3")
    await phone.is_view("called")
    await expect(phone.page.locator(".papers")).to_have_text("家庭收入证明")
    await phone.is_sound()


async def test_the_name_of_a_service_that_is_taken_away_stays_on_the_phones_of_who_wait_for_it(
    service: Service, context: BrowserContext
) -> None:
    await context.clock.install()
    phone = await in_line(service, context)
    document = (await service.api.staff("GET", "document")).body
    services = [one for one in document["services"] if one["id"] != "enquiry"]
    left = [one["id"] for one in services]
    counters = [{**one, "services": [name for name in one["services"] if name in left]} for one in document["counters"]]
    await configure(service, services=services, counters=counters)

    async with phone.page.expect_response(lambda answer: answer.url.endswith("/rules")):
        await phone.page.clock.fast_forward(61_000)

    await expect(phone.main).to_contain_text("咨询")


async def test_a_phone_that_is_woken_asks_at_once(service: Service, context: BrowserContext) -> None:
    phone = await in_line(service, context)

    async with phone.page.expect_response(lambda answer: answer.url.endswith(f"/tickets/{identity(phone)}")):
        await phone.script("document.dispatchEvent(new Event('visibilitychange'))")

    await phone.is_view("waiting")


async def test_a_link_that_is_not_whole_says_so_and_tells_nothing(service: Service, context: BrowserContext) -> None:
    ticket, other = await service.api.take("enquiry"), await service.api.take("enquiry")
    links = {
        "another token": address(service, {**ticket, "token": other["token"]}),
        "no token": f"{service.api.base}/t/{ticket['id']}",
        "nobody's ticket": address(service, {**ticket, "id": "0198c0de-0000-7000-8000-000000000000"}),
    }
    for what, link in links.items():
        phone = await Phone.open(context, link, ready=False)

        await phone.is_view("unknown")
        await expect(phone.main).to_contain_text("没有找到这个号码")
        assert "B001" not in await phone.main.inner_text(), what
        await phone.page.close()


async def test_what_a_messenger_writes_behind_a_link_is_not_taken_for_the_token(
    service: Service, context: BrowserContext
) -> None:
    ticket = await service.api.take("enquiry")

    phone = await Phone.open(context, f"{address(service, ticket)}%。")

    await expect(phone.page.locator(".number").first).to_have_text("B001")


async def test_the_link_of_a_message_leads_to_the_page_of_the_ticket(service: Service, context: BrowserContext) -> None:
    ticket = await service.api.take("enquiry")

    page = await context.new_page()
    await page.goto(f"{service.api.base}/halls/demo#ticket={ticket['id']}&token={ticket['token']}")

    await expect(page.locator(".number").first).to_have_text("B001")
    assert page.url == address(service, ticket)


async def test_before_the_hall_opens_nobody_is_next(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    clock.advance(-3600 - 900)
    phone = await Phone.open(context, address(service, await service.api.take("enquiry")))

    await phone.is_view("waiting")
    await expect(phone.main).to_contain_text("09:00 开始叫号")
    assert await phone.script(AMBER) == []
    clock.advance(901)
    await phone.is_view("next")


async def test_sound_is_turned_on_by_a_tap(service: Service, context: BrowserContext) -> None:
    phone = await in_line(service, context)
    await phone.press("sound")

    await expect(phone.page.locator("#sound")).to_be_hidden()


FIRE = {"zh-CN": "请从最近的出口离开", "en": "Please leave by the nearest exit"}


async def halted(phone: Phone) -> None:
    """Check a suspended page: text of the hall first and announced, no colour of calls, no counter."""
    await phone.is_view("halted")
    await expect(phone.main.locator("> :first-child h2")).to_have_text("请从最近的出口离开")
    await expect(phone.page.locator("#call")).to_have_text("请从最近的出口离开")
    await expect(phone.main).to_contain_text("您的号码仍然有效")
    await expect(phone.body).not_to_contain_text("窗口")
    assert await phone.script(AMBER) == []


async def test_a_suspended_hall_says_why_on_every_phone_at_once_and_sends_nobody_to_a_counter(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context, ahead=0)
    await phone.is_view("next")

    await service.api.staff("PUT", "suspension", {"text": FIRE})
    await halted(phone)
    await service.api.staff("DELETE", "suspension")
    await phone.is_view("next")

    await service.api.next("3")
    await phone.is_view("called")
    await service.api.staff("PUT", "suspension", {"text": FIRE})
    await halted(phone)
    await phone.reload()
    await halted(phone)
    await service.api.staff("DELETE", "suspension")
    await phone.is_view("called")
    await expect(phone.page.locator("#call")).to_have_text("请 B001 到 3 号窗口")
    await expect(phone.page.locator("html")).not_to_have_attribute("data-rung", re.compile("next$"))
    await phone.is_sound()


async def test_who_is_at_a_counter_when_the_hall_is_suspended_is_not_told_to_wait(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context, ahead=0)
    await service.api.next("3")
    assert (await service.api.staff("POST", f"tickets/{identity(phone)}/start")).status == 200
    await phone.is_view("serving")

    await service.api.staff("PUT", "suspension", {"text": FIRE})

    await expect(phone.main.locator("> :first-child h2")).to_have_text("请从最近的出口离开")
    await phone.is_view("serving")
    await expect(phone.page.locator("#call")).to_have_text("请从最近的出口离开")
    await expect(phone.main).to_contain_text("3 号窗口")
    await expect(phone.main).not_to_contain_text("叫到您")
    await expect(phone.main).not_to_contain_text("您的号码仍然有效")


async def test_papers_that_are_missing_are_said_while_they_are_fetched_and_during_a_suspension(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context, ahead=0, name="loan-first")
    papers = {"missing": ["enrolment-letter"]}
    assert (await service.api.staff("POST", f"tickets/{identity(phone)}/papers", papers)).status == 200
    await expect(phone.main).to_contain_text("缺在校证明")

    await phone.press("more")
    await phone.page.locator("dialog").get_by_text("20 分钟").click()
    await phone.is_view("put-off")
    await expect(phone.main).to_contain_text("缺在校证明")
    await service.api.staff("PUT", "suspension", {"text": FIRE})

    await phone.is_view("halted")
    await expect(phone.main).to_contain_text("缺在校证明")


async def test_a_suspension_ends_on_a_phone_when_its_time_has_come(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    phone = await in_line(service, context, ahead=0)
    await service.api.staff("PUT", "suspension", {"text": FIRE, "until_at": "2026-11-23T02:30:00Z"})
    await halted(phone)
    await expect(phone.main).to_contain_text("预计 10:30 恢复办理")

    clock.advance(1800)

    await phone.is_view("next")


async def test_ones_own_number_is_not_among_those_called_when_it_was_put_back(
    service: Service, context: BrowserContext
) -> None:
    await service.api.open("3")
    ticket = await service.api.take("enquiry")
    await service.api.next("3")
    phone = await Phone.open(context, address(service, ticket))
    await phone.is_view("called")
    await expect(phone.page.locator(".counter")).to_have_text("3 号窗口")  # as the board names it

    await service.api.staff("POST", f"tickets/{ticket['id']}/transfer", {})

    await phone.is_view("next")
    await expect(phone.page.locator(".called-now")).to_have_count(0)


async def test_who_is_called_elsewhere_is_read_as_soon_as_it_may_be_asked_again(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context, ahead=2)
    await phone.page.wait_for_load_state("networkidle")

    await service.api.next("3")

    await expect(phone.page.locator(".called-now")).to_contain_text("B001", timeout=10_000)


@pytest.mark.parametrize("dialog", ["code", "more", "leave"])
async def test_a_call_is_not_hidden_by_a_dialog(service: Service, context: BrowserContext, dialog: str) -> None:
    phone = await in_line(service, context)
    await phone.press(dialog)
    await expect(phone.page.locator("dialog[open]")).to_be_visible()

    await service.api.next("3", "done")
    await service.api.next("3", "done")

    await phone.is_view("called")
    await expect(phone.page.locator("dialog")).to_have_count(0)
    await expect(phone.title).to_be_focused()
    await expect(phone.page.get_by_role("alert")).to_have_text("请 B002 到 3 号窗口")


async def test_who_asks_for_time_is_not_interrupted_by_being_next_but_by_an_alarm(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context)
    await phone.press("more")

    await service.api.next("3")
    await phone.is_view("next")
    await expect(phone.page.locator("dialog[open]")).to_be_visible()
    await service.api.staff("PUT", "suspension", {"text": FIRE})

    await halted(phone)
    await expect(phone.page.locator("dialog")).to_have_count(0)


async def test_a_call_is_never_expected_at_a_time_that_is_past(
    service: Service, context: BrowserContext, clock: RunningClock
) -> None:
    phone = await in_line(service, context)
    await expect(phone.main).to_contain_text("预计 10:15 前叫到您")

    clock.advance(600)

    await expect(phone.main).to_contain_text(re.compile(r"预计 10:(15 至 10:)?[23][05] 前?叫到您"))
    await expect(phone.main).not_to_contain_text("10:15 前")


async def test_the_language_of_a_ticket_is_switched_by_the_keyboard_and_the_focus_stays_there(
    service: Service, context: BrowserContext
) -> None:
    phone = await in_line(service, context)
    there = phone.page.locator("#bar .langs a:visible:focus")

    await phone.page.locator('#bar [data-lang="en"]').focus()
    await phone.page.keyboard.press("Enter")

    await expect(phone.page.locator("html")).to_have_attribute("lang", "en")
    await expect(there).to_have_text("中文")
    await service.api.next("3")
    await phone.is_view("next")
    await expect(there).to_have_text("中文")
