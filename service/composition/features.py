"""The features of `serve` and their timers: forecasts, messages, reports, learning, privacy, printing."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple

from service.clock import Clock
from service.composition.background import background_task
from service.composition.core import Core
from service.composition.optional_parts import network_printers
from service.composition.shared_parts import SharedParts
from service.config.settings import Settings
from service.credentials.page_links import Links
from service.day_archive.archive import ENDED_DAYS_EVERY_S
from service.forecasts.forecast_updater import FORGET_EVERY_S as FORGET_FORECASTS_EVERY_S
from service.forecasts.forecast_updater import ForecastUpdater
from service.forecasts.worker_process import WorkerProcess
from service.identity.identity import SWEEP_EVERY_S
from service.learning.nightly import Learning
from service.notify.messaging import Messages, messaging
from service.printing.printer_monitor import CHECK_EVERY_S, PrinterMonitor
from service.printing.printers import Printers
from service.privacy.data_requests import FORGET_EVERY_S, DataRequests
from service.reports.day_reports import DayReports
from service.reports.missing_screens import REFRESH_EVERY_S as REFRESH_SCREENS_EVERY_S
from service.reports.missing_screens import SWEEP_EVERY_S as SWEEP_SCREENS_EVERY_S
from service.reports.missing_screens import Screens
from service.reports.online_requests import FLUSH_EVERY_S, OnlineRequests
from service.reports.overview import Overview
from service.runtime.jobs import Jobs, in_sequence


class Features(NamedTuple):
    """The parts that handlers use beside the core."""

    jobs: Jobs
    forecaster: ForecastUpdater
    messages: Messages | None
    reports: DayReports
    overview: Overview
    sent_online: OnlineRequests
    named_screens: Screens
    learning: Learning
    privacy: DataRequests
    printers: Printers


@asynccontextmanager
async def feature_parts(
    settings: Settings, shared: SharedParts, core: Core, clock: Clock, *, forecasts: bool
) -> AsyncIterator[Features]:
    """Run the features and their timers as long as the context lasts.

    Without `forecasts`, no forecast is made unless a request asks for one.

    Raises:
        CannotServe: a printer has an unknown profile.
    """
    database, signer = shared.database, shared.signer
    metrics, halls, lanes, identity = core.metrics, core.halls, core.lanes, core.identity
    async with AsyncExitStack() as stack:
        jobs = Jobs(halls, lanes, clock)
        worker = WorkerProcess()
        stack.push_async_callback(worker.close)
        forecaster = ForecastUpdater(shared.forecasts, lanes, clock, worker)
        links = Links(settings.public_url, signer)
        messages = core.observer.messages = await stack.enter_async_context(
            messaging(settings, database, halls, clock, lanes.in_use, links, metrics)
        )
        reports = DayReports(database, clock)
        overview = Overview(database, lanes, clock)
        stack.push_async_callback(overview.stop)
        sent_online = OnlineRequests(database, halls, clock)
        stack.push_async_callback(sent_online.flush)
        named_screens = Screens(database, clock, metrics.screens_missed, lambda: overview.open_now(halls.known()))
        learning = Learning(database, halls, lanes, clock)
        privacy = DataRequests(database, halls, lanes, clock, signer.fingerprints, settings.retention_days)
        printers = await network_printers(settings)
        printer_watch = PrinterMonitor(printers, identity.devices, lanes, clock)
        scheduler = jobs.schedule(
            ("sweep_identity", identity.sweep, SWEEP_EVERY_S),
            ("delete_old_forecasts", forecaster.delete_old, FORGET_FORECASTS_EVERY_S),
            ("erase_old_people", privacy.erase_old, FORGET_EVERY_S),
            ("archive_ended_days", in_sequence(reports.archive_ended, learning.learn), ENDED_DAYS_EVERY_S),
            ("count_online", sent_online.flush, FLUSH_EVERY_S),
            ("refresh_screens", named_screens.refresh, REFRESH_SCREENS_EVERY_S),
            ("delete_revoked_screens", named_screens.delete_revoked, SWEEP_SCREENS_EVERY_S),
            *(() if messages is None else messages.passes()),
            *((("check_printers", printer_watch.check, CHECK_EVERY_S),) if settings.printers else ()),
        )
        scheduler.start()
        stack.callback(scheduler.shutdown, wait=False)
        if forecasts:
            await worker.start()
            await stack.enter_async_context(background_task(forecaster.run(), "forecaster"))
        yield Features(
            jobs,
            forecaster,
            messages,
            reports,
            overview,
            sent_online,
            named_screens,
            learning,
            privacy,
            printers,
        )
