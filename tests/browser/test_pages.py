"""All pages in a browser: drawn completely, without problems, also on a phone, in the reader's language."""

import pytest
from playwright.async_api import BrowserContext, Page, expect

from tests.browser.halls import change
from tests.browser.screen import Complaints
from tests.service import Service

DRAWN = {"/": "#halls li", "/docs": "#operations article", "/halls/demo/screen": ".wait"}
"""Selectors of elements that a page shows after its data is loaded."""

VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  document.documentElement.dataset.violated = event.violatedDirective;
});
"""

SIDEWAYS = """() => [document.documentElement, ...document.querySelectorAll("body *")]
  .filter((element) => element.checkVisibility() && !element.matches(".skip, .hidden"))
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 || element.scrollWidth > innerWidth)
  .map((element) => `${element.tagName}.${element.className}`)"""

SAID_TWICE = """(cells) => cells.flatMap((cell) => {
  const codes = [...cell.querySelectorAll("code")].map((code) => code.textContent);
  return codes.filter((code, place) => codes.indexOf(code) !== place);
})"""

WRAPPED = """(paths) => {
  const linesOf = (path) => {
    const written = document.createRange();
    written.selectNodeContents(path);
    return new Set([...written.getClientRects()].map(({ top }) => Math.round(top))).size;
  };
  return paths.filter((path) => linesOf(path) > 1).map((path) => path.textContent);
}"""


async def opened(context: BrowserContext, service: Service, path: str) -> tuple[Page, Complaints]:
    """Open a page, and wait until it is drawn."""
    page = await context.new_page()
    complaints = Complaints()
    complaints.listen(page)
    await page.add_init_script(VIOLATIONS)
    await page.goto(service.api.base + path)
    await page.locator(DRAWN[path.partition("?")[0]]).first.wait_for()
    return page, complaints


@pytest.mark.parametrize(
    "path", ["/", "/?lang=en", "/docs", "/docs?lang=en", "/halls/demo/screen", "/halls/demo/screen?zone=main"]
)
async def test_a_page_is_drawn_without_a_complaint_and_read_on_a_narrow_phone_without_scrolling_sideways(
    quiet_service: Service, context: BrowserContext, path: str
) -> None:
    page, complaints = await opened(context, quiet_service, path)

    await page.wait_for_load_state("networkidle")

    assert complaints == []
    assert await page.locator("html").get_attribute("data-violated") is None
    assert await page.evaluate("[...document.images].filter((image) => image.naturalWidth === 0).length") == 0
    if "/screen" not in path:  # which hangs on a wall
        await page.set_viewport_size({"width": 320, "height": 640})
        assert await page.evaluate(SIDEWAYS) == []


async def test_what_the_content_policy_forbids_is_seen(quiet_service: Service, context: BrowserContext) -> None:
    page, complaints = await opened(context, quiet_service, "/docs")

    await page.evaluate('document.body.setAttribute("style", "color: red")')

    await expect(page.locator("html")).to_have_attribute("data-violated", "style-src-attr")
    assert any("Content Security Policy" in complaint for complaint in complaints)


async def test_the_language_is_switched_at_once_and_remembered(quiet_service: Service, context: BrowserContext) -> None:
    page, _ = await opened(context, quiet_service, "/")
    html, title = page.locator("html"), page.locator("#title")
    await expect(html).to_have_attribute("lang", "zh-CN")
    await expect(title).to_have_text("大厅")

    await page.get_by_role("link", name="English").click()

    await expect(html).to_have_attribute("lang", "en")
    await expect(title).to_have_text("Halls")
    await expect(page.locator("#halls h2")).to_have_text("Student Loan Hall")
    await page.goto(quiet_service.api.base + "/")
    await expect(title).to_have_text("Halls")
    await page.get_by_role("link", name="中文").click()
    await expect(title).to_have_text("大厅")
    await expect(page.locator("#halls h2")).to_have_text("学生资助贷款办理大厅")


async def test_the_list_of_halls_leads_people_to_the_page_of_a_hall_and_to_the_screen(
    quiet_service: Service, context: BrowserContext
) -> None:
    page, complaints = await opened(context, quiet_service, "/")

    await page.get_by_role("link", name="预约、取号").click()

    await expect(page.locator("body")).to_have_attribute("data-step", "home")
    await page.wait_for_load_state("networkidle")
    await page.goto(quiet_service.api.base)
    await page.locator(".links a").first.click()
    await expect(page.locator("body")).to_have_attribute("data-link", "live")
    assert complaints == []


@pytest.mark.parametrize("lang", ["zh", "en"])
async def test_the_list_of_halls_leads_those_who_work_there_to_the_managers_page_and_to_each_counter(
    quiet_service: Service, context: BrowserContext, lang: str
) -> None:
    page, complaints = await opened(context, quiet_service, f"/?lang={lang}")
    staff = page.locator('[data-hall="demo"] .staff')
    assert await staff.locator("a:visible").count() == 0

    await staff.locator("summary").click()

    await expect(staff.locator(".counters a")).to_have_count(6)
    addresses = await staff.locator("a").evaluate_all('all => all.map((link) => link.getAttribute("href"))')
    assert addresses == [
        "/halls/demo/manage",
        *(f"/halls/demo/counter/{name}" for name in "12345"),
        "/halls/demo/counter/P1",
    ]
    await page.set_viewport_size({"width": 320, "height": 640})
    assert await page.evaluate(SIDEWAYS) == []
    for address in addresses[::3]:
        await page.goto(
            f"{quiet_service.api.base}/?lang={lang}", wait_until="networkidle"
        )  # leaving the page cancels its loading
        await staff.locator("summary").click()
        await staff.locator(f'a[href="{address}"]').click()
        await expect(page.locator("#sign-in-name")).to_be_visible()
    assert complaints == []


async def test_what_staff_unfolded_stays_so_in_the_other_language(
    quiet_service: Service, context: BrowserContext
) -> None:
    page, _ = await opened(context, quiet_service, "/")
    await page.locator(".staff summary").click()
    await expect(page.locator(".staff .counters a")).to_have_count(6)

    await page.get_by_role("link", name="English").click()

    await expect(page.locator(".staff summary")).to_have_text("For staff")
    await expect(page.get_by_role("link", name="Pre-check P1")).to_be_visible()
    await page.locator(".staff summary").click()
    await page.get_by_role("link", name="中文").click()
    await expect(page.locator(".staff summary")).to_have_text("工作人员")
    await expect(page.locator(".staff .counters")).to_have_count(0)


async def test_counters_that_cannot_be_read_are_said_and_read_again(
    quiet_service: Service, context: BrowserContext
) -> None:
    page, _ = await opened(context, quiet_service, "/?lang=en")
    await page.route("**/board", lambda route: route.abort(), times=1)
    await page.route("**/board", lambda route: route.fulfill(status=409, json={"code": "busy"}), times=1)

    await page.locator(".staff summary").click()

    await expect(page.locator(".staff [role=status]")).to_contain_text("Trying again")
    await expect(page.locator(".staff .counters a")).to_have_count(6)


async def test_the_reference_has_every_call_once_and_finds_them_by_word(
    quiet_service: Service, context: BrowserContext
) -> None:
    page, _ = await opened(context, quiet_service, "/docs?lang=en")
    described = (await quiet_service.api.call("GET", "/openapi.json")).body
    calls = [(method, path) for path, methods in described["paths"].items() for method in methods]

    drawn = await page.locator(".operation").evaluate_all(
        "all => all.map(({ dataset }) => [dataset.method, dataset.path])"
    )

    assert sorted(map(tuple, drawn)) == sorted(calls)
    linked = await page.locator("#contents a .method").all_inner_texts()
    assert len(linked) == len(calls)
    await page.get_by_label("Search").fill("no-show")
    await expect(page.locator("#found")).to_contain_text("found")
    await expect(page.locator('.operation[data-path$="/no-show"]')).to_be_visible()
    assert await page.locator(".operation:visible").count() < len(calls)


async def test_the_reference_is_in_both_languages_and_marks_what_is_english(
    quiet_service: Service, context: BrowserContext
) -> None:
    page, complaints = await opened(context, quiet_service, "/docs")
    call = page.locator('.operation[data-method="post"][data-path="/v1/halls/{hall}/tickets"]')
    await expect(page).to_have_title("接口说明 · Paihao")
    await expect(call.locator(".text p").first).to_have_text("取号。")
    await expect(call.locator("th:has-text('hall') + td p").last).to_have_text("大厅的编号。")
    await expect(call.locator(".responses td > p").first).to_have_attribute("lang", "en")
    await page.get_by_label("查找").fill("取号。")
    await expect(page.locator("#found")).to_contain_text("项")
    await expect(call).to_be_visible()

    await page.get_by_role("link", name="English").click()

    await expect(page.locator("h1")).to_contain_text("API reference")
    await expect(call.locator(".text p").first).to_have_text("Take a ticket.")
    await expect(call.locator("th:has-text('hall') + td p").last).to_have_text("The hall's id.")
    await expect(page.locator("#found")).to_contain_text("Nothing found")
    assert await page.locator("main [lang]").count() == 0
    assert complaints == []


async def test_the_reference_says_each_problem_of_an_answer_once_and_each_path_in_one_line(
    quiet_service: Service, context: BrowserContext
) -> None:
    page, _ = await opened(context, quiet_service, "/docs")

    twice = await page.locator(".responses td:has(.problems)").evaluate_all(SAID_TWICE)
    wrapped = await page.locator("#contents a code").evaluate_all(WRAPPED)

    assert await page.locator(".problems code").count() > 0
    assert twice == []
    assert wrapped == []


async def test_the_wall_says_the_name_of_a_hall_of_one_language_once(service: Service, context: BrowserContext) -> None:
    await change(service.api, name={"en": "Solo Hall"})

    page = await context.new_page()
    complaints = Complaints()
    complaints.listen(page)
    await page.goto(f"{service.api.base}/halls/demo/wall")

    await expect(page.locator(".hall")).to_have_text("Solo Hall")
    await expect(page.locator(".hall span")).to_have_attribute("lang", "en")
    assert complaints == []
