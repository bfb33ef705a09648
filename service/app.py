"""The composition root: the only module that knows all others. Every task of the process is started from here.

`serve` runs the shared parts (database, commit hints, follower), the core (halls, lanes, accounts), the features with
their timers, the sockets of screens, and HTTP. `display` runs the shared parts and the sockets. Parts start in this
order and stop in reverse. A stop first rejects new requests and answers the open ones, then closes the sockets, and
closes the database last.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple

import structlog
from aiohttp import web

from display.server import DisplayServer
from service.api import app_keys
from service.api.application import make_app
from service.api.ops.metrics_access import MetricsAccess
from service.booking.availability import Availability
from service.booking.rescheduling import Moves
from service.clock import Clock
from service.composition.background import background_task
from service.composition.clock_sync import keep_synchronised
from service.composition.core import Core, core_parts
from service.composition.features import Features, feature_parts
from service.composition.listeners import http_server, screen_sockets
from service.composition.optional_parts import rate_limits
from service.composition.shared_parts import SharedParts, read_forecasts, shared_parts
from service.composition.signals import run_until_signal
from service.config.settings import Settings, own_url
from service.credentials.presence_codes import Entrance
from service.credentials.ticket_tokens import KnownTokens
from service.domain.hall.demo import DEMO
from service.domain.model import HallId
from service.domain.refusals import HallNotFound
from service.forecasts.forecast_updater import ForecastUpdater
from service.identity.devices import Devices
from service.identity.identity import Identity
from service.identity.opaque_tokens import SignedTokens
from service.invitations.sheets import Workbooks
from service.invitations.store import Invitations
from service.journal import hall_documents as stored
from service.journal.database import Database
from service.journal.embedded.server import EmbeddedPostgres
from service.journal.search import Finder
from service.learning.nightly import Learning
from service.metrics.metrics import Metrics
from service.notify.dead_letters import DeadLetters
from service.notify.messaging import Messages
from service.privacy.data_requests import DataRequests
from service.reports.day_reports import DayReports
from service.reports.missing_screens import Screens
from service.reports.online_requests import OnlineRequests
from service.runtime.halls import Halls
from service.runtime.jobs import Jobs
from service.runtime.lanes import Lanes
from service.runtime.readiness import Readiness

log = structlog.get_logger(__name__)


class Running(NamedTuple):
    """A running service: its ports, and the parts that tests use."""

    http_port: int
    display_port: int
    lanes: Lanes
    halls: Halls
    jobs: Jobs
    metrics: Metrics
    database: Database
    embedded: EmbeddedPostgres | None
    identity: Identity
    forecaster: ForecastUpdater
    messages: Messages | None
    reports: DayReports
    named_screens: Screens
    sent_online: OnlineRequests
    learning: Learning
    privacy: DataRequests


async def serve(settings: Settings) -> None:
    """Run the whole service until a signal asks to stop.

    Raises:
        CannotServe: a port, the database or a printer cannot be used.
        CannotStart: the embedded PostgreSQL does not start.
        SettingsError: the database was created with another secret.
        TaskFailed: a background task ended by a fault.
    """

    def log_ready(running: Running) -> None:
        url = own_url(settings.host, running.http_port)
        sockets = _sockets_url(settings, running.display_port)
        log.info("ready", url=url, sockets=sockets, screen=f"{url}/halls/{DEMO}/screen", docs=f"{url}/docs")

    await run_until_signal(serving(settings), log_ready)


async def display(settings: Settings) -> None:
    """Run only the sockets of screens and tickets until a signal asks to stop.

    Raises:
        CannotServe: the port cannot be used.
        SettingsError: the database was created with another secret.
        TaskFailed: a background task ended by a fault.
    """

    def log_ready(server: DisplayServer) -> None:
        log.info("screens ready", sockets=_sockets_url(settings, server.port))

    await run_until_signal(_displaying(settings), log_ready)


def _sockets_url(settings: Settings, port: int) -> str:
    return own_url(settings.host, port).replace("http", "ws", 1)


@asynccontextmanager
async def serving(settings: Settings, clock: Clock | None = None, *, forecasts: bool = True) -> AsyncIterator[Running]:
    """Run the whole service as long as the context lasts. Raises as `serve`.

    Args:
        settings: what to run, and where.
        clock: replaces the real clock in tests.
        forecasts: make forecasts in the background; otherwise only when a request asks for one.
    """
    clock = clock or Clock()
    async with AsyncExitStack() as stack:
        shared = await stack.enter_async_context(shared_parts(settings, clock, is_display=False))
        core = await stack.enter_async_context(core_parts(settings, shared, clock))
        features = await stack.enter_async_context(feature_parts(settings, shared, core, clock, forecasts=forecasts))

        async def hall_known(hall: HallId) -> bool:
            try:
                await core.lanes.day(hall)  # opens the day, so that a screen shows the hall before its first ticket
            except HallNotFound:
                return False
            return True

        screens = await stack.enter_async_context(screen_sockets(settings, shared, core.metrics, hall_known))
        readiness = Readiness(shared.database, core.journal.health)
        limits = await stack.enter_async_context(rate_limits(settings, shared))
        app = make_app(
            {
                app_keys.CLOCK: clock,
                app_keys.DISPLAY_PORT: screens.port,
                app_keys.READINESS: readiness,
                app_keys.SETTINGS: settings,
                **_parts_of_handlers(shared, core, features, clock),
                **limits,
            }
        )
        port = await stack.enter_async_context(http_server(settings, app))
        yield _running(port, screens.port, shared, core, features)
        readiness.stopping = True


def _parts_of_handlers(shared: SharedParts, core: Core, features: Features, clock: Clock) -> dict[web.AppKey[Any], Any]:
    """Return what HTTP handlers find in the application."""
    return {
        app_keys.FINDER: Finder(shared.database),
        app_keys.ENTRANCE: Entrance(shared.secrets.secrets),
        app_keys.FORECASTER: features.forecaster,
        app_keys.HALLS: core.halls,
        app_keys.IDENTITY: core.identity,
        app_keys.INVITATIONS: Invitations(shared.database, shared.signer.fingerprint),
        app_keys.KNOWN_TOKENS: KnownTokens(core.journal, core.lanes, shared.signer),
        app_keys.LANES: core.lanes,
        app_keys.MESSAGES: DeadLetters(shared.database),
        app_keys.METRICS: core.metrics,
        app_keys.PRIVACY: features.privacy,
        app_keys.MOVES: Moves(core.journal, core.lanes, clock, core.observer),
        app_keys.AVAILABILITY: Availability(core.journal, core.lanes, clock),
        app_keys.OVERVIEW: features.overview,
        app_keys.PRINTERS: features.printers,
        app_keys.REPORTS: features.reports,
        app_keys.SCREENS: features.named_screens,
        app_keys.SENT_ONLINE: features.sent_online,
        app_keys.SIGNER: shared.signer,
        app_keys.WORKBOOKS: Workbooks(),
    }


def _running(http_port: int, display_port: int, shared: SharedParts, core: Core, features: Features) -> Running:
    return Running(
        http_port=http_port,
        display_port=display_port,
        lanes=core.lanes,
        halls=core.halls,
        jobs=features.jobs,
        metrics=core.metrics,
        database=shared.database,
        embedded=shared.embedded,
        identity=core.identity,
        forecaster=features.forecaster,
        messages=features.messages,
        reports=features.reports,
        named_screens=features.named_screens,
        sent_online=features.sent_online,
        learning=features.learning,
        privacy=features.privacy,
    )


@asynccontextmanager
async def _displaying(settings: Settings) -> AsyncIterator[DisplayServer]:
    """Run only the sockets as long as the context lasts. Raises as `display`."""
    clock = Clock()
    async with AsyncExitStack() as stack:
        shared = await stack.enter_async_context(shared_parts(settings, clock, is_display=True))
        metrics = Metrics(list)
        halls = stored.HallStore(shared.database)

        async def hall_known(hall: HallId) -> bool:
            return await halls.get(hall) is not None

        tokens = SignedTokens("device", shared.signer.fingerprint, shared.signer.fingerprints_before)
        devices = Devices(shared.database, clock.monotonic_s, tokens)
        metrics_access = MetricsAccess(settings, shared.signer, devices, clock, metrics)
        await stack.enter_async_context(background_task(read_forecasts(shared.forecasts), "forecasts"))
        await stack.enter_async_context(background_task(keep_synchronised(shared.database, clock), "clock"))
        yield await stack.enter_async_context(screen_sockets(settings, shared, metrics, hall_known, metrics_access))
