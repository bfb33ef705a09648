"""Pages: there, under a strict policy, and with everything they ask for."""

import asyncio
import gzip
import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import aiohttp
import pytest

from service.api.pages.serving import PAGES, SCREEN
from tests.api.checked import Checked
from tests.service import Service

PATHS = (
    "/",
    "/docs",
    "/halls/{hall}",
    "/halls/{hall}/wall",
    "/t/0198c0de-0000-7000-8000-000000000000",
    "/halls/{hall}/screen",
    "/halls/{hall}/screen?zone=main",
    "/halls/{hall}/counter/3",
    "/halls/{hall}/manage",
    "/halls/{hall}/kiosk",
    "/halls/{hall}/desk",
    "/halls/{hall}/partner",
)
MOUNTS = {"/display/": SCREEN, "/pages/": PAGES}


class Page(HTMLParser):
    """What a page loads, and what it holds that a strict policy would not let run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.assets: list[str] = []
        self.inline: list[str] = []
        self._inside: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at a tag."""
        given = dict(attrs)
        self._inside = tag if tag in {"script", "style"} else None
        self.assets += [url for name in ("src", "href") if tag != "a" and (url := given.get(name)) is not None]
        self.inline += [name for name in given if name == "style" or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        """Look at a text."""
        if self._inside is not None and data.strip():
            self.inline.append(data)

    def handle_endtag(self, _tag: str) -> None:
        """Leave it."""
        self._inside = None


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_is_there_under_a_strict_policy(hall: Checked, house: Service, path: str) -> None:
    reply = await hall.call("GET", path.format(hall=hall.hall))

    policy = dict(part.strip().partition(" ")[::2] for part in reply.headers["Content-Security-Policy"].split(";"))
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/html")
    assert policy["default-src"] == "'self'"
    assert policy["connect-src"] == f"'self' ws://127.0.0.1:{house.running.display_port}"
    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    assert (reply.headers["X-Content-Type-Options"], reply.headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
    assert reply.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_holds_no_script_or_style_of_its_own_and_all_it_loads_is_there(hall: Checked, path: str) -> None:
    text = (await hall.call("GET", path.format(hall=hall.hall))).body.decode()

    page = Page(text)

    assert page.inline == []
    assert page.assets
    for asset in page.assets:
        assert asset.startswith("/"), asset
        assert (await hall.call("GET", asset)).status == 200, asset
    assert any("icon" in asset for asset in page.assets)


@pytest.mark.parametrize("path", PATHS)
async def test_a_page_loads_one_file_of_styles_and_one_of_scripts_that_browsers_keep(hall: Checked, path: str) -> None:
    page = Page((await hall.call("GET", path.format(hall=hall.hall))).body.decode())

    packed = [asset for asset in page.assets if asset.startswith("/packed/")]

    assert [asset.partition("?")[0].rpartition(".")[2] for asset in packed] == ["css", "js"]
    assert [asset for asset in page.assets if asset.endswith(".js")] == []
    for asset in packed:
        reply = await hall.call("GET", asset)
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable", asset


async def test_a_file_asked_for_by_a_page_of_another_release_is_given_and_not_kept(hall: Checked) -> None:
    reply = await hall.call("GET", "/packed/applicant.js?v=0123456789abcdef")

    assert reply.status == 200
    assert reply.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("mount", MOUNTS)
async def test_scripts_and_styles_load_only_what_is_there(hall: Checked, mount: str) -> None:
    files = [path for path in MOUNTS[mount].rglob("*") if path.suffix in {".js", ".css"}]
    assert files

    asked: set[str] = set()
    for file in files:
        address = f"{mount}{file.relative_to(MOUNTS[mount]).as_posix()}"
        text = re.sub(r"/\*.*?\*/", "", (await hall.call("GET", address)).body.decode(), flags=re.DOTALL)
        for asset in re.findall(r"""(?:from|import|url\()\s*["']?(\.{0,2}/[^"')\s]+)""", text):
            path = urljoin(address, asset)
            if path not in asked:
                assert (await hall.call("GET", path)).status == 200, (file.name, asset)
            asked.add(path)


@pytest.mark.parametrize(
    "path",
    [
        "/halls/nowhere",
        "/halls/nowhere/wall",
        "/halls/nowhere/screen",
        "/halls/Demo/screen",
        "/halls/%2E%2E/screen",
        "/halls/nowhere/counter/1",
        "/halls/nowhere/manage",
        "/halls/nowhere/kiosk",
        "/halls/nowhere/kiosk/worker.js",
    ],
)
async def test_a_hall_that_does_not_exist_has_no_page(hall: Checked, path: str) -> None:
    reply = await hall.call("GET", path)

    assert reply.status == 404
    assert reply.code in {"hall-not-found", "route-not-found"}


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
"""What browsers accept for a page they are to show."""


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path", ["/nothing", "/halls/nowhere", "/halls/nowhere/wall", "/halls/nowhere/counter/1", "/halls/NO", "/pages"]
)
async def test_who_reads_pages_is_told_by_one_that_there_is_none(
    hall: Checked, house: Service, path: str, method: str
) -> None:
    reply = await hall.call(method, path, headers={"Accept": BROWSER, "If-None-Match": "*"})

    policy = reply.headers["Content-Security-Policy"]
    assert (reply.status, reply.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert (reply.headers["Cache-Control"], reply.headers["Vary"]) == ("no-store", "Accept, Accept-Encoding")
    assert "ETag" not in reply.headers
    assert "Set-Cookie" not in reply.headers
    assert policy.startswith(f"default-src 'self'; connect-src 'self' ws://127.0.0.1:{house.running.display_port};")
    if method == "GET":
        page = Page(reply.body.decode())
        assert page.inline == []
        for asset in page.assets:
            assert (await hall.call("GET", asset)).status == 200, asset
        assert "没有这个网页" in reply.body.decode()
        assert "There is no such page" in reply.body.decode()
    else:
        assert reply.body in {b"", None}


async def test_a_screen_of_a_hall_that_does_not_exist_says_so_itself(hall: Checked) -> None:
    there = await hall.call("GET", f"/halls/{hall.hall}/screen", headers={"Accept": BROWSER})
    nowhere = await hall.call("GET", "/halls/nowhere/screen", headers={"Accept": BROWSER})

    assert (nowhere.status, nowhere.headers["Cache-Control"]) == (404, "no-store")
    assert nowhere.body == there.body


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/v1/halls/nowhere", "/v1/halls/demo/places"])
async def test_a_call_is_answered_by_a_problem_whoever_asks(hall: Checked, path: str) -> None:
    reply = await hall.call("GET", path, headers={"Accept": BROWSER})

    assert (reply.status, reply.headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("accept", ["*/*", "application/json, */*;q=0.5", "image/avif,*/*;q=0.8", "text/html;q=0, */*"])
async def test_what_a_page_loads_is_never_a_page_that_says_there_is_none(hall: Checked, accept: str) -> None:
    for path in ("/nothing", "/packed/nothing.js", "/halls/nowhere/kiosk/worker.js"):
        reply = await hall.call("GET", path, headers={"Accept": accept})
        assert (reply.status, reply.headers["Content-Type"]) == (404, "application/problem+json"), path


async def test_what_is_not_asked_for_by_reading_is_answered_by_a_problem(hall: Checked) -> None:
    reply = await hall.call("POST", "/nothing", {}, headers={"Accept": BROWSER})

    assert (reply.status, reply.headers["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["/docs", "/halls/{hall}", "/packed/docs.js"])
async def test_a_page_that_has_not_changed_is_not_sent_again(hall: Checked, path: str) -> None:
    path = path.format(hall=hall.hall)
    first = await hall.call("GET", path)
    tag = next(value for name, value in first.headers.items() if name.lower() == "etag")

    again = await hall.call("GET", path, headers={"If-None-Match": tag})
    changed = await hall.call("GET", path, headers={"If-None-Match": 'W/"0123456789abcdef"'})

    assert (again.status, again.body) == (304, b"")
    assert (changed.status, changed.body) == (200, first.body)


async def test_scripts_styles_and_texts_come_packed_to_who_can_read_it_and_are_not_sent_twice(house: Service) -> None:
    address = f"{house.api.base}/pages/api.js"
    whole = (PAGES / "api.js").read_bytes()

    async with aiohttp.ClientSession(auto_decompress=False) as client:
        async with client.get(address, headers={"Accept-Encoding": "gzip"}) as packed:
            sent, changed = await packed.read(), packed.headers["Last-Modified"]
        async with client.get(address, headers={"Accept-Encoding": "identity"}) as plain:
            assert await plain.read() == whole
        conditional = {"Accept-Encoding": "gzip", "If-Modified-Since": changed}
        async with client.get(address, headers=conditional) as again:
            assert (again.status, await again.read()) == (304, b"")

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(sent) == whole


async def test_what_no_counter_can_be_named_has_no_page(hall: Checked) -> None:
    reply = await hall.call("GET", f"/halls/{hall.hall}/counter/a%20b")

    assert (reply.status, reply.code) == (404, "counter-not-found")


async def test_the_favicon_is_there(hall: Checked) -> None:
    reply = await hall.call("GET", "/favicon.ico")

    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/svg+xml")


@pytest.mark.parametrize(
    "path",
    [
        "/display/../server.py",
        "/display/%2e%2e/server.py",
        "/display/..%2fserver.py",
        "/display/%2e%2e%2fserver.py",
        "/display//etc/passwd",
        "/display/%2fetc%2fpasswd",
        "/pages/../config.py",
        "/pages/..%5cconfig.py",
        "/pages/%00",
        "/display/",
        "/pages",
    ],
)
async def test_nothing_but_the_files_of_a_mount_is_given_out(house: Service, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", house.running.http_port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: hall.example\r\nConnection: close\r\n\r\n".encode())

    answer = await reader.read()
    writer.close()

    status, _, rest = answer.partition(b"\r\n")
    assert status.split()[1] == b"404"
    assert b"import " not in rest
    assert b"root:" not in rest


@pytest.mark.parametrize("mount", ["/display", "/pages", "/packed"])
@pytest.mark.parametrize("file", ["nothing.js", "nothing/at.all", "manage", "a" * 3000, "%ff", "voice"])
async def test_a_file_that_is_not_there_is_a_problem_or_the_page_that_says_so(
    hall: Checked, mount: str, file: str
) -> None:
    program = await hall.call("GET", f"{mount}/{file}")
    reader = await hall.call("GET", f"{mount}/{file}", headers={"Accept": "text/html"})

    assert (program.status, program.code) == (404, "route-not-found")
    assert (reader.status, reader.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


async def test_files_that_are_not_packed_are_given_as_they_lie_there(hall: Checked) -> None:
    reply = await hall.call("GET", "/display/icon.svg")
    head = await hall.call("HEAD", "/display/icon.svg")

    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/svg+xml")
    assert reply.body == (SCREEN / "icon.svg").read_bytes()
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(reply.body)))


async def test_the_kiosks_worker_may_keep_the_page_above_it(hall: Checked) -> None:
    reply = await hall.call("GET", f"/halls/{hall.hall}/kiosk/worker.js")

    assert reply.status == 200
    assert reply.headers["Service-Worker-Allowed"] == f"/halls/{hall.hall}/kiosk"


async def test_the_worker_of_tickets_may_keep_them_and_no_other_page(hall: Checked) -> None:
    reply = await hall.call("GET", "/t/worker.js")

    assert reply.status == 200
    assert "Service-Worker-Allowed" not in reply.headers
