"""The core of `serve`: halls, the lanes that run their days, metrics and accounts."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import chain
from typing import NamedTuple

from service.clock import Clock
from service.composition.background import background_task
from service.composition.clock_sync import keep_synchronised, synchronise
from service.composition.demo_hall import ensure_demo_hall
from service.composition.observers import CommitObserver
from service.composition.optional_parts import sign_on_provider
from service.composition.shared_parts import SharedParts
from service.config.settings import Settings
from service.identity.identity import Identity
from service.journal import hall_documents as stored
from service.journal.journal import Journal
from service.metrics.metrics import Metrics
from service.runtime.halls import Halls
from service.runtime.lanes import Lanes


class Core(NamedTuple):
    """The parts that all features use."""

    journal: Journal
    halls: Halls
    lanes: Lanes
    observer: CommitObserver
    metrics: Metrics
    identity: Identity


@asynccontextmanager
async def core_parts(settings: Settings, shared: SharedParts, clock: Clock) -> AsyncIterator[Core]:
    """Run the core as long as the context lasts; the lanes finish the commands that they have accepted."""
    async with AsyncExitStack() as stack:
        journal = Journal(shared.database)
        halls = Halls(stored.HallStore(shared.database))
        all_lanes: list[Lanes] = []  # metrics read the lanes, which need metrics to be made
        metrics = Metrics(lambda: chain.from_iterable(lanes.in_use() for lanes in all_lanes), shared.forecasts.cached)
        observer = CommitObserver(metrics, shared.hints, shared.follower)
        lanes = Lanes(journal, halls, clock, observer)
        all_lanes.append(lanes)
        await synchronise(shared.database, clock)
        await stack.enter_async_context(background_task(keep_synchronised(shared.database, clock), "clock"))
        await halls.refresh()
        await ensure_demo_hall(settings, halls)
        stack.push_async_callback(lanes.stop)
        await stack.enter_async_context(background_task(halls.keep_current(), "halls"))
        signer = shared.signer
        identity = stack.enter_context(
            Identity(
                shared.database,
                clock,
                signer.fingerprint,
                signer.admin_keys(),
                sign_on_provider(settings, clock),
                signer.fingerprints_before,
            )
        )
        yield Core(journal, halls, lanes, observer, metrics, identity)
