"""Fixtures: a real browser for the session, a clean context for each test, and a service whose clock runs."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright

from benchmarks.browser import CHROMIUM_FLAGS, executable
from tests.browser.clock import RunningClock
from tests.browser.desk import VIOLATIONS
from tests.browser.pictures import Camera
from tests.browser.screen import Screen
from tests.conftest import takes_pictures
from tests.postgres import PostgresServer
from tests.service import NOON_AT, Service, quick_hashes, service_on

FULL_HD = (1920, 1080)

ELSEWHERE = "hall.example"
"""A name of this machine that is not localhost's: the browser reaches the service as any other computer would."""

FLAGS = [
    *CHROMIUM_FLAGS,
    "--js-flags=--no-opt",  # a test's page does not run long enough for its code to be worth optimizing
    "--process-per-site",  # pages of one context share a process: the second opens for less
    f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1",
]


@pytest.fixture(scope="package", autouse=True)
def _quick_hashes() -> Iterator[None]:
    with quick_hashes():
        yield


@pytest.fixture(scope="session", autouse=True)
def _camera(pytestconfig: pytest.Config) -> None:
    Camera.on = takes_pictures(pytestconfig)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Headless Chromium with its own profile: that of the system, or else the one installed by playwright."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context with a screen of 1920 by 1080."""
    width, height = FULL_HD
    context = await browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    yield context
    await context.close()


@pytest.fixture
async def office(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A new browser context of a manager; its pages record violations of the content policy."""
    async with await browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN") as context:
        await context.add_init_script(VIOLATIONS)
        yield context


@pytest.fixture
def clock() -> RunningClock:
    """A clock that starts at 10:00 on a Monday at the demo hall."""
    return RunningClock(NOON_AT)


@pytest.fixture
async def service(dsn: str, tmp_path: Path, clock: RunningClock) -> AsyncIterator[Service]:
    """The whole service on a new database."""
    async with service_on(dsn, tmp_path, clock) as running:
        yield running


@pytest.fixture(scope="session")
async def quiet_service(
    postgres: PostgresServer, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Service]:
    """A service that many tests share: they only open pages. Tests that change a hall or its day use `service`."""
    name = await postgres.create_database(migrated)
    folder = tmp_path_factory.mktemp("quiet")
    async with service_on(postgres.dsn(name), folder, RunningClock(NOON_AT)) as running:
        yield running
    await postgres.drop_database(name)


@pytest.fixture
async def screen(service: Service, context: BrowserContext) -> Screen:
    """The connected lobby screen of the demo hall."""
    return await Screen.open(context, service.api.base)
