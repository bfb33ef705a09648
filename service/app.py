"""The composition root: the only module that knows all others, and where every task of the process is started.

`service` builds what both programs share (database, bell, follower), `serve` adds lanes, HTTP, screens and jobs,
`display` only screens. Parts are entered one into the other and left in reverse, so that a stop takes no new requests
first, then answers those under way, tells the screens to reconnect, and closes the database last.
"""

import asyncio
import errno
import resource
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import structlog
from aiohttp import web

from display.server import DisplayServer, HallKnown, Right
from service.api import app_keys
from service.api.application import make_app
from service.api.http.client_address import client_of, subscriber_of
from service.api.http.connections import listening
from service.api.ops.metrics_access import MetricsAccess
from service.api.staff.single_sign_on import CALLBACK
from service.booking.availability import Offers
from service.booking.rescheduling import Moves
from service.clock import Clock
from service.config import Secrets, Settings, own_url
from service.credentials import secret_check
from service.credentials.page_links import Links
from service.credentials.presence_codes import Entrance
from service.credentials.signer import Signer
from service.credentials.ticket_tokens import KnownTokens
from service.day_archive.archive import ENDED_DAYS_EVERY_S
from service.domain.day import Day, Part
from service.domain.hall.demo import DEMO, demo_document, is_untouched
from service.domain.model import HallId, TicketId
from service.domain.refusals import HallNotFound
from service.errors import DocumentConflict
from service.forecasts.maker import FORGET_EVERY_S as FORECASTS_EVERY_S
from service.forecasts.maker import Maker
from service.forecasts.stored_forecasts import READ_EVERY_S, Forecasts
from service.forecasts.worker_client import Process
from service.identity.devices import Devices
from service.identity.identity import SWEEP_EVERY_S, Identity
from service.identity.oidc import Provider
from service.identity.opaque_tokens import Tokens
from service.invitations.sheets import Workbooks
from service.invitations.store import Invitations
from service.journal import hall_documents as stored
from service.journal.commit_hints import Bell, NatsBell, PostgresBell
from service.journal.database import Database
from service.journal.embedded import EmbeddedPostgres
from service.journal.faults import StorageUnavailable
from service.journal.follow import Follower
from service.journal.health import Well
from service.journal.journal import Journal
from service.journal.search import Finder
from service.journal.values import Append
from service.learning.nightly import Learning
from service.limits.allowances import Allowances
from service.limits.limits import Limits
from service.metrics.metrics import Metrics
from service.notify.messaging import Messages, messaging
from service.notify.undeliverable import DeadLetters
from service.printing.printers import Printers
from service.printing.watch import LOOK_EVERY_S, Watch
from service.privacy.data_requests import FORGET_EVERY_S, Privacy
from service.reports.missing_screens import FORGET_EVERY_S as FORGET_SCREENS_EVERY_S
from service.reports.missing_screens import LOOK_EVERY_S as LOOK_AT_SCREENS_EVERY_S
from service.reports.missing_screens import Screens
from service.reports.online_requests import FLUSH_EVERY_S, SentOnline
from service.reports.overview import Overview
from service.reports.reports import Reports
from service.runtime.halls import Halls
from service.runtime.jobs import Jobs, in_turn
from service.runtime.lanes import Lanes
from service.runtime.readiness import Readiness
from service.runtime.startup_checks import CannotServe, TaskFailed, migrated

CLOCK_EVERY_S = 1.0

CLOSE_HTTP_S = 5.0
"""How long a stop waits for HTTP answers under way."""

REACH_EVERY_S = 1.0
"""How often a `display` that starts before its database looks for it."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Running(NamedTuple):
    """A service that runs: where it listens, and the parts that tests look into."""

    http_port: int
    display_port: int
    lanes: Lanes
    halls: Halls
    jobs: Jobs
    metrics: Metrics
    database: Database
    embedded: EmbeddedPostgres | None
    identity: Identity
    forecaster: Maker
    messages: Messages | None
    reports: Reports
    named_screens: Screens
    sent_online: SentOnline
    learning: Learning
    privacy: Privacy


class _Watchers:
    """Tells metrics, the bell, who follows in this process, and the messages what lanes have committed."""

    def __init__(self, metrics: Metrics, bell: Bell, follower: Follower) -> None:
        self._metrics = metrics
        self._bell = bell
        self._follower = follower
        self.messages: Messages | None = None

    def committed(self, day: Day, parts: list[Part], append_s: float, commands: int) -> None:
        """Count, and ring."""
        self._bell.ring(day.hall, day.on, day.seq)
        self._metrics.committed(day, parts, append_s, commands)
        if self.messages is not None:
            self.messages.moved(day.hall, day.on)

    def appended(self, written: Append, at: datetime) -> None:
        """Show it here without reading it again."""
        self._follower.appended(written, at)

    def raced(self, day: Day) -> None:
        """Count."""
        self._metrics.raced(day)


class _Screens:
    """Tells metrics what the screens get."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def screens(self, connected: int) -> None:
        """Say how many sockets are open."""
        self._metrics.screens.set(connected)

    def sent(self, frames: int) -> None:
        """Count boards and tickets handed to sockets."""
        self._metrics.boards.inc(frames)

    def call_shown(self, seconds: float) -> None:
        """Measure a call's way to the screens."""
        self._metrics.call_to_screen_s.observe(seconds)


class _Ground(NamedTuple):
    """What `serve` and `display` share."""

    database: Database
    bell: Bell
    follower: Follower
    embedded: EmbeddedPostgres | None
    clock: Clock
    secrets: Secrets
    signer: Signer
    forecasts: Forecasts


async def serve(settings: Settings) -> None:
    """Run everything until a signal asks to stop.

    Raises CannotServe, SettingsError, TaskFailed, the embedded server's CannotStart.
    """

    def ready(running: Running) -> None:
        url = own_url(settings.host, running.http_port)
        sockets = _sockets_url(settings, running.display_port)
        log.info("ready", url=url, sockets=sockets, screen=f"{url}/halls/{DEMO}/screen", docs=f"{url}/docs")

    await _until_signal(serving(settings), ready)


async def display(settings: Settings) -> None:
    """Run the screens' sockets alone until a signal asks to stop. Raises CannotServe, SettingsError, TaskFailed."""

    def ready(server: DisplayServer) -> None:
        log.info("screens ready", sockets=_sockets_url(settings, server.port))

    await _until_signal(_displaying(settings), ready)


def _sockets_url(settings: Settings, port: int) -> str:
    return own_url(settings.host, port).replace("http", "ws", 1)


@asynccontextmanager
async def _displaying(settings: Settings) -> AsyncIterator[DisplayServer]:
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(_ground(settings, Clock(), own_server=False))
        metrics = Metrics(list)
        halls = stored.Halls(ground.database)

        async def hall_known(hall: HallId) -> bool:
            return await halls.get(hall) is not None

        tokens = Tokens("device", ground.signer.fingerprint, ground.signer.fingerprints_before)
        devices = Devices(ground.database, ground.clock.monotonic_s, tokens)
        metered = MetricsAccess(settings, ground.signer, devices, ground.clock, metrics)
        await stack.enter_async_context(_background(_reading(ground.forecasts), "forecasts"))
        await stack.enter_async_context(_background(_kept_by(ground.database, ground.clock), "clock"))
        yield await stack.enter_async_context(_screens(settings, ground, metrics, hall_known, metered))


@asynccontextmanager
async def serving(settings: Settings, clock: Clock | None = None, *, forecasts: bool = True) -> AsyncIterator[Running]:
    """Run everything inside the context; without `forecasts` none is made unless somebody asks.

    Raises CannotServe, SettingsError and the embedded server's CannotStart.
    """
    clock = clock or Clock()
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(_ground(settings, clock, own_server=True))
        journal = Journal(ground.database)
        halls = Halls(stored.Halls(ground.database))
        known: list[Lanes] = []
        metrics = Metrics(lambda: chain.from_iterable(lanes.in_use() for lanes in known), ground.forecasts.known)
        watchers = _Watchers(metrics, ground.bell, ground.follower)
        lanes = Lanes(journal, halls, clock, watchers)
        known.append(lanes)
        await _told_by(ground.database, clock)
        await stack.enter_async_context(_background(_kept_by(ground.database, clock), "clock"))
        await halls.look()
        await _ensure_demo(settings, halls)
        stack.push_async_callback(lanes.stop)
        await stack.enter_async_context(_background(halls.keep_current(), "halls"))
        signer = ground.signer
        identity = stack.enter_context(
            Identity(
                ground.database,
                clock,
                signer.fingerprint,
                signer.admin_keys(),
                _provider(settings, clock),
                signer.fingerprints_before,
            )
        )
        jobs = Jobs(halls, lanes, clock)
        draws = Process()
        stack.push_async_callback(draws.close)
        forecaster = Maker(ground.forecasts, lanes, clock, draws)
        messages = watchers.messages = await stack.enter_async_context(
            messaging(
                settings, ground.database, halls, clock, lanes.in_use, Links(settings.public_url, signer), metrics
            )
        )
        reports = Reports(ground.database, clock)
        overview = Overview(ground.database, lanes, clock)
        stack.push_async_callback(overview.stop)
        sent_online = SentOnline(ground.database, halls, clock)
        stack.push_async_callback(sent_online.flush)
        named_screens = Screens(
            ground.database, clock, metrics.screens_missed, lambda: overview.open_now(halls.known())
        )
        learning = Learning(ground.database, halls, lanes, clock)
        privacy = Privacy(
            ground.database,
            halls,
            lanes,
            clock,
            signer.fingerprints,
            settings.retention_days,
        )
        printers = await _printers(settings)
        watch = Watch(printers, identity.devices, lanes, clock)
        scheduler = jobs.schedule(
            ("sweep_identity", identity.sweep, SWEEP_EVERY_S),
            ("forget_forecasts", forecaster.forget, FORECASTS_EVERY_S),
            ("forget_people", privacy.forget, FORGET_EVERY_S),
            ("look_through_ended_days", in_turn(reports.keep, learning.learn), ENDED_DAYS_EVERY_S),
            ("count_online", sent_online.flush, FLUSH_EVERY_S),
            ("look_at_screens", named_screens.look, LOOK_AT_SCREENS_EVERY_S),
            ("forget_screens", named_screens.forget, FORGET_SCREENS_EVERY_S),
            *(() if messages is None else messages.passes()),
            *((("look_at_printers", watch.look, LOOK_EVERY_S),) if settings.printers else ()),
        )
        scheduler.start()
        stack.callback(scheduler.shutdown, wait=False)
        if forecasts:
            await draws.begin()
            await stack.enter_async_context(_background(forecaster.run(), "forecaster"))

        async def hall_known(hall: HallId) -> bool:
            try:
                await lanes.day(hall)  # opens the day, so that a screen shows the hall before its first ticket
            except HallNotFound:
                return False
            return True

        screens = await stack.enter_async_context(_screens(settings, ground, metrics, hall_known))
        readiness = Readiness(ground.database, journal.well)
        app = make_app(
            {
                app_keys.CLOCK: clock,
                app_keys.DISPLAY_PORT: screens.port,
                app_keys.FINDER: Finder(ground.database),
                app_keys.ENTRANCE: Entrance(ground.secrets.secrets),
                app_keys.FORECASTER: forecaster,
                app_keys.HALLS: halls,
                app_keys.IDENTITY: identity,
                app_keys.INVITATIONS: Invitations(ground.database, signer.fingerprint),
                app_keys.KNOWN_TOKENS: KnownTokens(journal, lanes, signer),
                app_keys.LANES: lanes,
                app_keys.MESSAGES: DeadLetters(ground.database),
                app_keys.METRICS: metrics,
                app_keys.PRIVACY: privacy,
                app_keys.MOVES: Moves(journal, lanes, clock, watchers),
                app_keys.OFFERS: Offers(journal, lanes, clock),
                app_keys.OVERVIEW: overview,
                app_keys.PRINTERS: printers,
                app_keys.READINESS: readiness,
                app_keys.REPORTS: reports,
                app_keys.SCREENS: named_screens,
                app_keys.SENT_ONLINE: sent_online,
                app_keys.SETTINGS: settings,
                app_keys.SIGNER: ground.signer,
                app_keys.WORKBOOKS: Workbooks(),
                **(await stack.enter_async_context(_limits(settings, ground))),
            }
        )
        port = await stack.enter_async_context(_http(settings, app))
        yield Running(
            port,
            screens.port,
            lanes,
            halls,
            jobs,
            metrics,
            ground.database,
            ground.embedded,
            identity,
            forecaster,
            messages,
            reports,
            named_screens,
            sent_online,
            learning,
            privacy,
        )
        readiness.stopping = True


@asynccontextmanager
async def _ground(settings: Settings, clock: Clock, *, own_server: bool) -> AsyncIterator[_Ground]:
    _allow_files()
    async with AsyncExitStack() as stack:
        embedded: EmbeddedPostgres | None = None
        dsn = settings.database_url
        if dsn is None:
            embedded = EmbeddedPostgres(settings.data_dir)
            dsn = embedded.dsn
            if own_server:
                await stack.enter_async_context(embedded)
                await stack.enter_async_context(_background(embedded.watch(), "postgres"))
        if own_server:
            await migrated(dsn)
        database = await stack.enter_async_context(Database(dsn))
        secrets = await (secret_check.note if own_server else _reached)(database, settings)
        bell: Bell = PostgresBell(dsn) if settings.nats_url is None else NatsBell(settings.nats_url)
        await stack.enter_async_context(_background(bell.run(), "bell"))
        follower = Follower(database, bell, clock.monotonic_s)
        await stack.enter_async_context(_background(follower.run(), "follower"))
        forecasts = Forecasts(database, clock)
        yield _Ground(database, bell, follower, embedded, clock, secrets, Signer(secrets), forecasts)


def _allow_files() -> None:
    """Raise the limit of open files as far as it may be: each screen and each caller is one, and 1024 are usual."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _reached(database: Database, settings: Settings) -> Secrets:
    """Wait until the database answers, and a `serve` has prepared it: a `display` may start before. Give our secrets.

    Raises SettingsError where they are not the database's.
    """
    well = Well("database")
    while True:
        try:
            secrets = await secret_check.compare(database, settings)
        except StorageUnavailable as error:
            well.failed(error)
            await asyncio.sleep(REACH_EVERY_S)
        else:
            well.worked()
            return secrets


async def _reading(forecasts: Forecasts) -> None:
    """Read what other processes forecast, where none is made."""
    while True:
        await forecasts.read()
        await asyncio.sleep(READ_EVERY_S)


@asynccontextmanager
async def _screens(
    settings: Settings, ground: _Ground, metrics: Metrics, hall_known: HallKnown, metered: MetricsAccess | None = None
) -> AsyncIterator[DisplayServer]:
    signer = ground.signer

    def verify(hall: HallId, ticket: TicketId, token: str) -> Right | None:
        if signer.is_ticket_token(hall, ticket, token):
            return Right(signer.ticket_token(hall, ticket))
        return Right(None) if signer.is_admin_token(token) else None

    def address_of(peer: str, forwarded: str) -> str:
        return subscriber_of(client_of(peer, forwarded, settings.trusted_proxies))

    server = DisplayServer(
        follower=ground.follower,
        clock=ground.clock,
        hall_known=hall_known,
        verify=verify,
        host=settings.host,
        port=settings.display_port,
        observer=_Screens(metrics),
        address_of=address_of if settings.rate_limit else None,
        metered=metered,
        promises_of=ground.forecasts.promises_of,
    )
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(server)
        except OSError as error:
            raise _port_taken(error, settings.display_port, "PAIHAO_DISPLAY_PORT") from error
        yield server


async def _printers(settings: Settings) -> Printers:
    """The network printers. Raises CannotServe for one whose profile nobody knows: its slips could not be written."""
    if settings.printers:
        from service.printing.slip import unknown_profiles  # noqa: PLC0415  (half a second, for those who print)

        unknown = await asyncio.to_thread(unknown_profiles, settings.printers)
        if unknown:
            raise CannotServe(f"python-escpos has no profile {unknown[0]}; PAIHAO_PRINTERS names it")
    return Printers(settings.printers)


@asynccontextmanager
async def _limits(settings: Settings, ground: _Ground) -> AsyncIterator[dict[web.AppKey[Any], Any]]:
    """The limits of use, where they are on."""
    if not settings.rate_limit:
        yield {}
        return
    limits = Limits(Allowances(ground.database, ground.clock, ground.signer.fingerprint), ground.clock)
    async with _background(limits.keep_small(), "limits"):
        yield {app_keys.LIMITS: limits}


@asynccontextmanager
async def _http(settings: Settings, app: web.Application) -> AsyncIterator[int]:
    async with AsyncExitStack() as stack:
        try:
            port = await stack.enter_async_context(
                listening(app, settings.host, settings.port, close_within_s=CLOSE_HTTP_S)
            )
        except OSError as error:
            raise _port_taken(error, settings.port, "PAIHAO_PORT") from error
        yield port


def _port_taken(error: OSError, port: int, name: str) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return CannotServe(f"port {port} is in use; choose another with {name}")
    return CannotServe(f"cannot listen on port {port}: {error.strerror}")


def _provider(settings: Settings, clock: Clock) -> Provider | None:
    """The provider of single sign-on, where the settings name one."""
    if settings.oidc_issuer is None:
        return None
    assert settings.oidc_client_id is not None, "the settings were checked"
    return Provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        f"{settings.public_url}{CALLBACK}",
        clock.monotonic_s,
    )


async def _ensure_demo(settings: Settings, halls: Halls) -> None:
    """Make the demo hall in an empty database; as long as nobody changed it, the setting opens and closes it."""
    wanted = demo_document(always_open=settings.demo_always_open)
    if halls.empty:
        await halls.create_if_absent(DEMO, wanted)
        return
    found = next((hall for hall in halls.known() if hall.id == DEMO), None)
    if found is None or found.document == wanted:
        return
    if is_untouched(found.document):
        with suppress(DocumentConflict):  # another process starts at this moment
            await halls.replace(DEMO, wanted, found.revision)
    elif settings.demo_always_open:
        log.warning("demo_left_alone", why="its document was changed, so PAIHAO_DEMO_ALWAYS_OPEN does not touch it")


async def _until_signal(running: AbstractAsyncContextManager[T], ready: Callable[[T], None]) -> None:
    """Enter `running`, say `ready`, and leave in good order when a signal asks to, even where it comes before it.

    The second signal is the system's again: it ends the process at once. A terminal that is closed asks by SIGHUP, once
    or twice, unless the process was started to outlive it (nohup).
    """
    loop = asyncio.get_running_loop()
    starting = asyncio.current_task()
    asked = asyncio.Event()
    entered = False
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)

    def stop() -> None:
        asked.set()
        for number in numbers:
            loop.remove_signal_handler(number)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        if not entered and starting is not None:
            starting.cancel()

    for number in numbers:
        loop.add_signal_handler(number, stop)
    try:
        async with running as parts:
            entered = True
            ready(parts)
            await asked.wait()
            log.info("stopping")
    except asyncio.CancelledError:
        if entered or not asked.is_set():
            raise
        log.info("stopped before it was ready")


async def _told_by(database: Database, clock: Clock) -> None:
    """Set the clock by the database's. Raises StorageUnavailable."""
    asked_s = clock.monotonic_s()
    clock.follow(await database.ping(), asked_s)


async def _kept_by(database: Database, clock: Clock) -> None:
    """Look at the database's clock each second, until cancelled: also where nothing is appended, and after a sleep."""
    while True:
        with suppress(StorageUnavailable):
            await _told_by(database, clock)
        await asyncio.sleep(CLOCK_EVERY_S)


@asynccontextmanager
async def _background(work: Coroutine[Any, Any, None], name: str) -> AsyncIterator[None]:
    """Run a named task as long as the context lasts.

    One that fails is a fault of ours: it asks the process to stop, and the context ends with TaskFailed, so that
    whoever started the process can see that it did not stop by itself.
    """
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_look_at)
    try:
        yield
    finally:
        task.cancel()
        ended = (await asyncio.gather(task, return_exceptions=True))[0]
        if isinstance(ended, Exception):  # also where the context ends by another error: that one followed from this
            raise TaskFailed(f"the task {name} failed; the log says why")


def _look_at(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("task_failed", task=task.get_name(), exc_info=error)
        if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:  # else it would end us at once, in mid-stop
            signal.raise_signal(signal.SIGTERM)
