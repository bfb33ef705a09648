"""Serve pages: static files without a build step, bundled when the service starts, under a strict content policy.

A page is answered with 200 to everyone. If it needs a credential, the page itself asks for it, so that its address can
be opened, bookmarked and shared. Pages of a hall that does not exist are answered with 404: browsers get a page, and
programs a problem.

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
"""Browsers revalidate pages each time; the answer is 304 if they have not changed."""

BUNDLE_CACHE = "public, max-age=31536000, immutable"
"""The address of a bundle contains a hash of its content, so it never has to be requested again."""

COMPRESSED_TYPES = {".js": "text/javascript", ".css": "text/css", ".ftl": "text/plain"}
"""Files that are compressed with gzip, by suffix. It saves two thirds of the bytes of a page."""

NOT_FOUND_PAGE = PAGES / "missing" / "missing.html"
"""The page for addresses that do not exist."""

SCREEN_ROUTE = "/halls/{hall}/screen"
"""The lobby screen. If the hall does not exist, this page itself shows that, in large letters."""

_ACCEPTS_HTML = re.compile(r"(?:^|,)\s*text/html\s*(?!;\s*q=0(?:\.0*)?\s*(?:,|$))(?:[;,]|$)", re.IGNORECASE)
"""Matches an `Accept` header that names HTML. Browsers send it to open a page, not to load the files of a page."""

_CONDITIONAL_HEADERS = ("If-Modified-Since", "If-None-Match", "If-Unmodified-Since", "If-Match", "If-Range", "Range")
"""Headers of conditional requests, which are answered by `_StaticFile`."""


MOUNTS = {"/display/": SCREEN, "/pages/": PAGES}
"""The folder of each address prefix."""

BUNDLE_PREFIX = "/packed/"
"""The address prefix of bundles."""


def add_pages(app: web.Application) -> None:
    """Add the routes of all pages and of their files."""
    router = app.router
    router.add_get("/", _page(PAGES / "halls" / "halls.html"))
    router.add_get("/sign-on/failed", _page(PAGES / "sign-on" / "failed.html"))
    router.add_get("/sign-on/no-role", _page(PAGES / "sign-on" / "no-role.html"))
    router.add_get("/ops", _page(PAGES / "ops" / "ops.html"))
    router.add_get("/docs", _page(PAGES / "docs" / "docs.html"))
    router.add_get("/halls/{hall}", _of_hall(PAGES / "applicant" / "applicant.html"))
    router.add_get("/halls/{hall}/wall", _of_hall(PAGES / "wall" / "wall.html"))
    for route in ("/t", "/t/{ticket}"):  # the service worker caches "/t", which contains no ticket
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
    """Return the name of a route in metrics: all files of a folder share one name."""
    return next((mount.rstrip("/") for mount in (*MOUNTS, BUNDLE_PREFIX) if route.startswith(mount)), route)


def page_policy(request: web.Request) -> str:
    """Return the content security policy: a page may load our own files and connect to the board sockets."""
    return (
        f"default-src 'self'; connect-src 'self' {display_url(request)}; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'; object-src 'none'"
    )


class _StaticFile(web.FileResponse):
    """A file from a folder."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the whole file if a conditional header has a date out of range: invalid dates are ignored."""
        try:
            _ = request.if_modified_since, request.if_unmodified_since, request.if_range
        except OverflowError:
            headers = CIMultiDict(request.headers)
            for name in _CONDITIONAL_HEADERS:
                headers.popall(name, None)
            request = request.clone(headers=headers)
        return await super().prepare(request)


def _file(path: Path) -> Handler:
    async def serve(_request: web.Request) -> web.StreamResponse:
        return _StaticFile(path, headers={"Cache-Control": PAGE_CACHE})

    return serve


def _folder(folder: Path) -> Handler:
    """Serve the files of a folder unchanged, for example the recorded announcements of screens."""

    async def serve(request: web.Request) -> web.StreamResponse:
        path = await asyncio.to_thread(_file_in, folder, request.match_info["file"])
        if path is None:
            raise RouteNotFound
        return _StaticFile(path)

    return serve


def _file_in(folder: Path, name: str) -> Path | None:
    """Return the path of a file inside a folder, or None."""
    try:
        path = (folder / name).resolve(strict=True)
        return path if path.is_relative_to(folder) and path.is_file() else None
    except (OSError, RuntimeError, ValueError):  # not found, name too long, symlink loop, NUL in the name
        return None


def _text(path: Path) -> Handler:
    """Serve a file that is compressed once; conditional requests get the file itself."""

    async def serve(request: web.Request) -> web.StreamResponse:
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

    return serve


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

    async def serve(request: web.Request) -> web.StreamResponse:
        return text_response(
            request, text, {"Cache-Control": PAGE_CACHE, "Content-Security-Policy": page_policy(request)}
        )

    return serve


def not_found_page(request: web.Request) -> web.Response | None:
    """Return the page for an address that does not exist; None for API calls and if HTML was not requested.

    It is not cached and has no ETag: the address may exist later, and a 404 never becomes a 304 (RFC 9110, 13.2.1).
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
    """Serve a bundle; it is cached forever only if `v` is its tag, because an older page may request another tag."""

    async def serve(request: web.Request) -> web.StreamResponse:
        is_this = request.query.get("v") == text.tag
        return text_response(request, text, {"Cache-Control": BUNDLE_CACHE if is_this else PAGE_CACHE})

    return serve


def text_response(request: web.Request, text: Text, more: Mapping[str, str] = {}) -> web.Response:
    """Answer with a text, or with 304 if the client has it.

    The ETag is weak, because it is the same for the plain and the compressed body.
    """
    headers = {**more, "Vary": "Accept-Encoding"}
    asked = request.if_none_match or ()
    if any(tag.value in {text.tag, "*"} for tag in asked):
        response = web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    else:
        response = _encoded(request, text, headers, HTTPStatus.OK)
    response.etag = ETag(text.tag, is_weak=True)
    return response


def _encoded(request: web.Request, text: Text, headers: Mapping[str, str], status: HTTPStatus) -> web.Response:
    """Return a response with the text, compressed if the client accepts it."""
    charset = "utf-8" if text.content_type.startswith("text/") else None
    body = text.plain
    if _accepts_gzip(request):
        headers, body = {**headers, "Content-Encoding": "gzip"}, text.compressed
    return web.Response(body=body, status=status, content_type=text.content_type, charset=charset, headers=headers)


def _of_hall(path: Path) -> Handler:
    """Serve a page of a hall; 404 if the hall does not exist."""
    page = _page(path)

    async def serve(request: web.Request) -> web.StreamResponse:
        await request.app[HALLS].get(hall_of(request))
        return await page(request)

    return serve


def _worker(allowed: str | None = None) -> Handler:
    """Serve the service worker. Its scope is the folder of its address, or `allowed`."""

    async def serve(request: web.Request) -> web.StreamResponse:
        headers = {
            "Cache-Control": PAGE_CACHE,
            "Content-Security-Policy": page_policy(request),  # the worker loads the files of the page
        }
        if allowed is not None:
            headers["Service-Worker-Allowed"] = allowed
        return _StaticFile(PAGES / "worker.js", headers=headers)

    return serve


async def _worker_of_kiosk(request: web.Request) -> web.StreamResponse:
    """Serve the service worker of a kiosk. Its scope is the kiosk page, which is above the address of the worker."""
    hall = await request.app[HALLS].get(hall_of(request))
    return await _worker(f"/halls/{hall.id}/kiosk")(request)


def _of_counter(path: Path) -> Handler:
    """Serve the page of a counter. The page itself tells signed-in staff whether the counter exists."""
    page = _of_hall(path)

    async def serve(request: web.Request) -> web.StreamResponse:
        counter_of(request)
        return await page(request)

    return serve
