"""Bundled modules run in a browser as separate modules would."""

from pathlib import Path

from playwright.async_api import BrowserContext, ConsoleMessage, Route, expect

from service.api.pages.bundling import bundle_page

PAGE = """<!doctype html>
<script type="module" src="/x/first.js"></script>
<script type="module" src="/x/main.js"></script>
"""
MODULES = {
    "first.js": """console.log("first");
""",
    "main.js": """import { told as say, Thing } from "./again.js";
import { history } from "./history.js";
import "/x/first.js";
const own = "main";
say(`${new Thing().name} ${own} ${history}`);
say(await Promise.resolve("waited"));
document.body.dataset.ready = "";
""",
    "again.js": """export { Thing } from "./thing.js";
export { told } from "./told.js";
""",
    "thing.js": """import {
  own,
} from "./told.js";

export class Thing {
  name = `thing ${own}`;
}
""",
    "told.js": """console.log("once");
export const own = "told";

export function told(words) {
  console.log(words, typeof history.pushState);
}
""",
    "history.js": """export const history = "past";
""",
}


async def test_each_runs_once_after_those_it_needs_and_sees_no_name_of_another(
    context: BrowserContext, tmp_path: Path
) -> None:
    for name, text in {"page.html": PAGE, **MODULES}.items():
        (tmp_path / name).write_text(text, "utf-8")
    made = bundle_page(tmp_path / "page.html", {"/x/": tmp_path}, "/packed/")
    page = await context.new_page()
    told = list[str]()

    def note(message: ConsoleMessage) -> None:
        told.append(message.text)

    async def give(route: Route) -> None:
        path = route.request.url.removeprefix("http://pages.example").partition("?")[0]
        text = made.files.get(path, made.page)
        await route.fulfill(body=text.plain, content_type=text.content_type)

    page.on("console", note)
    await page.route("http://pages.example/**", give)
    await page.goto("http://pages.example/")
    await expect(page.locator("body")).to_have_attribute("data-ready", "")

    assert told == ["first", "once", "thing told main past function", "waited function"]
