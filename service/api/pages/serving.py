"""Pages: files without a build step, packed when the service starts, under a strict policy.

A page answers 200 whoever asks: what needs a credential asks for it itself, so that its address can be opened, kept and
shared. Only a hall that does not exist has none: who reads pages is told so by one, programs by a problem.

Source: CONTRACT 8.
"""

import asyncio
import gzip
import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path

from aiohttp import ETag, web
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDict

from service.api.app_keys import HALLS
from service.api.http.hosts import display_url
from service.api.http.path_parts import counter_of, hall_of
from service.api.http.problems import Handler
from service.api.pages.bundling import BundledPage, Text, bundle_page
from service.errors import RouteNotFound

PAGES = Path(str(files("service") / "pages"))
SCREEN = Path(str(files("display") / "page"))

PAGE_CACHE = "no-cache"
"""Pages are asked for again each time, and answered 304 when they have not changed."""

BUNDLE_CACHE = "public, max-age=31536000, immutable"
"""What a page loads is at an address that says what it holds, and so is never asked for again."""

COMPRESSED_TYPES = {".js": "text/javascript", ".css": "text/css", ".ftl": "text/plain"}
"""Files that are sent compressed to who can read it: a page comes to a slow phone in a third of the bytes."""

NOT_FOUND_PAGE = PAGES / "missing" / "missing.html"
"""What is shown at an address at which there is no page."""

SCREEN_ROUTE = "/halls/{hall}/screen"
"""The page on the wall, which says itself, across the hall, that there is no such hall."""

_ACCEPTS_HTML = re.compile(r"(?:^|,)\s*text/html\s*(?!;\s*q=0(?:\.0*)?\s*(?:,|$))(?:[;,]|$)", re.IGNORECASE)
"""An `Accept` that names HTML, as that of browsers does for what they show, and not for what a page loads."""

_CONDITIONAL_HEADERS = ("If-Modified-Since", "If-None-Match", "If-Unmodified-Since", "If-Match", "If-Range", "Range")
"""Questions about a file as it lies there; most are answered without it."""


MOUNTS = {"/display/": SCREEN, "/pages/": PAGES}
"""Where the files of pages are."""

BUNDLE_PREFIX = "/packed/"
"""Where they are as pages load them."""


def add_pages(app: web.Application) -> None:
    """Put every page, and the files they load, into the router."""
    router = app.router
    router.add_get("/", _page(PAGES / "halls" / "halls.html"))
    router.add_get("/sign-on/failed", _page(PAGES / "sign-on" / "failed.html"))
    router.add_get("/sign-on/no-role", _page(PAGES / "sign-on" / "no-role.html"))
    router.add_get("/ops", _page(PAGES / "ops" / "ops.html"))
    router.add_get("/docs", _page(PAGES / "docs" / "docs.html"))
    router.add_get("/halls/{hall}", _of_hall(PAGES / "applicant" / "applicant.html"))
    router.add_get("/halls/{hall}/wall", _of_hall(PAGES / "wall" / "wall.html"))
    for route in ("/t", "/t/{ticket}"):  # what the worker keeps is the page of no ticket
        router.add_get(route, _page(PAGES / "ticket" / "ticket.html"))
    router.add_get("/t/worker.js", _worker())
    router.add_get(SCREEN_ROUTE, _of_hall(SCREEN / "screen.html"))
    router.add_get("/halls/{hall}/counter/{counter}", _of_counter(PAGES / "counter" / "counter.html"))
    router.add_get("/halls/{hall}/manage", _of_hall(PAGES / "manage" / "manage.html"))
    router.add_get("/halls/{hall}/kiosk", _of_hall(PAGES / "kiosk" / "kiosk.html"))
    router.add_get("/halls/{hall}/kiosk/worker.js", _worker_of_kiosk)
    router.add_get("/halls/{hall}/desk", _of_hall(PAGES / "bookings" / "desk.html"))
    router.add_get("/halls/{hall}/partner", _of_hall(PAGES / "invitations" / "partner.html"))
    router.add_get("/favicon.ico", _file(SCREEN / "icon.svg"))
    for path in (path for folder in MOUNTS.values() for path in sorted(folder.rglob("*.html"))):
        for address, file in _bundled_page(path).files.items():
            router.add_get(address, _bundle_file(file))
    for mount, folder in MOUNTS.items():
        for path in sorted(folder.rglob("*")):
            if path.suffix in COMPRESSED_TYPES:
                router.add_get(mount + path.relative_to(folder).as_posix(), _text(path))
        router.add_get(mount + "{file:.+}", _folder(folder))


@cache
def metrics_route(route: str) -> str:
    """What a route is measured as: the files of pages are one each, and all of a folder one."""
    return next((mount.rstrip("/") for mount in (*MOUNTS, BUNDLE_PREFIX) if route.startswith(mount)), route)


def page_policy(request: web.Request) -> str:
    """What a page may load: its own files, and the sockets of the screens."""
    return (
        f"default-src 'self'; connect-src 'self' {display_url(request)}; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'; object-src 'none'"
    )


class _StaticFile(web.FileResponse):
    """A file as it lies there."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Get ready to be sent; to who asks by a date that no calendar has, whole, for what is no date is ignored."""
        try:
            _ = request.if_modified_since, request.if_unmodified_since, request.if_range
        except OverflowError:
            left = CIMultiDict(request.headers)
            for name in _CONDITIONAL_HEADERS:
                left.popall(name, None)
            request = request.clone(headers=left)
        return await super().prepare(request)


def _file(path: Path) -> Handler:
    async def give(_request: web.Request) -> web.StreamResponse:
        return _StaticFile(path, headers={"Cache-Control": PAGE_CACHE})

    return give


def _folder(folder: Path) -> Handler:
    """The files of a folder as they lie there, recordings for the screens among them."""

    async def give(request: web.Request) -> web.StreamResponse:
        path = await asyncio.to_thread(_file_in, folder, request.match_info["file"])
        if path is None:
            raise RouteNotFound
        return _StaticFile(path)

    return give


def _file_in(folder: Path, name: str) -> Path | None:
    """The file of a name inside a folder, if there is one."""
    try:
        path = (folder / name).resolve(strict=True)
        return path if path.is_relative_to(folder) and path.is_file() else None
    except (
        OSError,
        RuntimeError,
        ValueError,
    ):  # nothing there, and no name of a file: too long, in a circle, with a NUL
        return None


def _text(path: Path) -> Handler:
    """A file that is packed once and then given to all."""

    async def give(request: web.Request) -> web.StreamResponse:
        if not _accepts_gzip(request) or any(name in request.headers for name in _CONDITIONAL_HEADERS):
            return _StaticFile(path, headers={"Vary": "Accept-Encoding"})
        changed_ns = _changed_ns(path)
        response = web.Response(
            body=_compressed(path, changed_ns),
            content_type=COMPRESSED_TYPES[path.suffix],
            charset="utf-8",
            headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"},
        )
        response.last_modified = changed_ns / 1e9
        return response

    return give


def _accepts_gzip(request: web.Request) -> bool:
    return "gzip" in request.headers.get("Accept-Encoding", "")


def _changed_ns(path: Path) -> int:
    return path.stat().st_mtime_ns


@cache
def _compressed(path: Path, _changed_ns: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)


@cache
def _bundled_page(path: Path) -> BundledPage:
    return bundle_page(path, MOUNTS, BUNDLE_PREFIX)


def _page(path: Path) -> Handler:
    text = _bundled_page(path).page

    async def give(request: web.Request) -> web.StreamResponse:
        return text_response(
            request, text, {"Cache-Control": PAGE_CACHE, "Content-Security-Policy": page_policy(request)}
        )

    return give


def not_found_page(request: web.Request) -> web.Response | None:
    """What to show in place of the problem that nothing is here; None to who asked for no page, and for calls.

    It is not kept and has no tag: the address may lead somewhere later, and a 404 is never a 304 (RFC 9110, 13.2.1).
    """
    is_call = f"{request.path}/".startswith("/v1/")
    if is_call or request.method not in {"GET", "HEAD"} or not _ACCEPTS_HTML.search(request.headers.get("Accept", "")):
        return None
    resource = request.match_info.route.resource
    is_screen = resource is not None and resource.canonical == SCREEN_ROUTE
    text = _bundled_page(SCREEN / "screen.html" if is_screen else NOT_FOUND_PAGE).page
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": page_policy(request),
        "Vary": "Accept, Accept-Encoding",
    }
    return _encoded(request, text, headers, HTTPStatus.NOT_FOUND)


def _bundle_file(text: Text) -> Handler:
    """A file of a page, for good to who asks for it as it is; a page of another release may ask for what was before."""

    async def give(request: web.Request) -> web.StreamResponse:
        is_this = request.query.get("v") == text.tag
        return text_response(request, text, {"Cache-Control": BUNDLE_CACHE if is_this else PAGE_CACHE})

    return give


def text_response(request: web.Request, text: Text, more: Mapping[str, str] = {}) -> web.Response:
    """A text to who has not got it yet; the tag is weak, for it is that of the text however it comes."""
    headers = {**more, "Vary": "Accept-Encoding"}
    asked = request.if_none_match or ()
    if any(tag.value in {text.tag, "*"} for tag in asked):
        response = web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    else:
        response = _encoded(request, text, headers, HTTPStatus.OK)
    response.etag = ETag(text.tag, is_weak=True)
    return response


def _encoded(request: web.Request, text: Text, headers: Mapping[str, str], status: HTTPStatus) -> web.Response:
    """A text in a response, compressed to who can read it."""
    charset = "utf-8" if text.content_type.startswith("text/") else None
    body = text.plain
    if _accepts_gzip(request):
        headers, body = {**headers, "Content-Encoding": "gzip"}, text.compressed
    return web.Response(body=body, status=status, content_type=text.content_type, charset=charset, headers=headers)


def _of_hall(path: Path) -> Handler:
    """A page of a hall that exists."""
    page = _page(path)

    async def give(request: web.Request) -> web.StreamResponse:
        await request.app[HALLS].get(hall_of(request))
        return await page(request)

    return give


def _worker(allowed: str | None = None) -> Handler:
    """The service worker of the pages below it; or of those that are allowed too."""

    async def give(request: web.Request) -> web.StreamResponse:
        headers = {
            "Cache-Control": PAGE_CACHE,
            "Content-Security-Policy": page_policy(request),  # it asks for the page's files itself
        }
        if allowed is not None:
            headers["Service-Worker-Allowed"] = allowed
        return _StaticFile(PAGES / "worker.js", headers=headers)

    return give


async def _worker_of_kiosk(request: web.Request) -> web.StreamResponse:
    """The service worker of a hall's kiosk page, which it may keep though it lies below it."""
    hall = await request.app[HALLS].get(hall_of(request))
    return await _worker(f"/halls/{hall.id}/kiosk")(request)


def _of_counter(path: Path) -> Handler:
    """The page of a counter; whether the hall has it is told to who may know, by the page."""
    page = _of_hall(path)

    async def give(request: web.Request) -> web.StreamResponse:
        counter_of(request)
        return await page(request)

    return give
