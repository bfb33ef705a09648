"""Pages: files without a build step, under a strict policy.

A page answers 200 whoever asks: what needs a credential asks for it itself, so that its address can be opened, kept and
shared. Only a hall that does not exist has none.

Source: CONTRACT 8.
"""

from importlib.resources import files
from pathlib import Path

from aiohttp import web

from service.web.halls import display_url
from service.web.keys import HALLS
from service.web.problems import Handler
from service.web.requests import counter_of, hall_of

PAGES = Path(str(files("service") / "pages"))
SCREEN = Path(str(files("display") / "page"))

PAGE_CACHE = "no-cache"
"""Pages are asked for again each time, and answered 304 when they have not changed."""


def add_pages(app: web.Application) -> None:
    """Put every page, and the files they load, into the router."""
    router = app.router
    router.add_get("/", _page(PAGES / "halls" / "halls.html"))
    router.add_get("/sign-on/failed", _page(PAGES / "sign-on" / "failed.html"))
    router.add_get("/sign-on/no-role", _page(PAGES / "sign-on" / "no-role.html"))
    router.add_get("/docs", _page(PAGES / "docs.html"))
    router.add_get("/halls/{hall}/screen", _of_hall(SCREEN / "screen.html"))
    router.add_get("/halls/{hall}/counter/{counter}", _of_counter(PAGES / "counter" / "counter.html"))
    router.add_get("/halls/{hall}/manage", _of_hall(PAGES / "manage" / "manage.html"))
    router.add_get("/halls/{hall}/desk", _of_hall(PAGES / "bookings" / "desk.html"))
    router.add_get("/halls/{hall}/partner", _of_hall(PAGES / "invitations" / "partner.html"))
    router.add_get("/favicon.ico", _file(SCREEN / "icon.svg"))
    router.add_static("/display/", SCREEN)
    router.add_static("/pages/", PAGES)


def page_policy(request: web.Request) -> str:
    """What a page may load: its own files, and the sockets of the screens."""
    return (
        f"default-src 'self'; connect-src 'self' {display_url(request)}; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'self'; object-src 'none'"
    )


def _file(path: Path) -> Handler:
    async def give(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(path, headers={"Cache-Control": PAGE_CACHE})

    return give


def _page(path: Path) -> Handler:
    async def give(request: web.Request) -> web.StreamResponse:
        headers = {"Cache-Control": PAGE_CACHE, "Content-Security-Policy": page_policy(request)}
        return web.FileResponse(path, headers=headers)

    return give


def _of_hall(path: Path) -> Handler:
    """A page of a hall that exists."""
    page = _page(path)

    async def give(request: web.Request) -> web.StreamResponse:
        await request.app[HALLS].get(hall_of(request))
        return await page(request)

    return give


def _of_counter(path: Path) -> Handler:
    """The page of a counter; whether the hall has it is told to who may know, by the page."""
    page = _of_hall(path)

    async def give(request: web.Request) -> web.StreamResponse:
        counter_of(request)
        return await page(request)

    return give
