"""All halls that are watched in this process: start and stop their feeds, and run them when they are due."""

import asyncio
from contextlib import aclosing

import structlog

from display.close_codes import FAULT, TRY_LATER
from display.hall_feed import UNFOLLOW_AFTER_S, HallFeed, Pack, PromisesOf, no_promises
from display.observer import Observer
from service.contract import Clock, Follower, HallId, UnknownKind

log = structlog.get_logger(__name__)


class Feeds:
    """The feeds of the watched halls, by hall."""

    def __init__(
        self,
        follower: Follower,
        clock: Clock,
        pack: Pack,
        observer: Observer,
        promises_of: PromisesOf = no_promises,
    ) -> None:
        self._follower = follower
        self._clock = clock
        self._pack = pack
        self._observer = observer
        self._promises_of = promises_of
        self._feeds: dict[HallId, HallFeed] = {}
        self._tasks: dict[HallId, asyncio.Task[None]] = {}
        self._timers: dict[HallId, asyncio.TimerHandle] = {}

    def of(self, hall: HallId) -> HallFeed:
        """Return the feed of a hall; start to follow the hall if there is none."""
        feed = self._feeds.get(hall)
        if feed is None:
            feed = self._feeds[hall] = HallFeed(
                hall,
                self._clock,
                lambda: self._follower.alive_at,
                self._pack,
                self._observer,
                self._promises_of,
            )
            self._tasks[hall] = asyncio.create_task(self._follow(feed), name=f"feed {hall}")
            self.send_due(hall)
        return feed

    def send_due(self, hall: HallId) -> None:
        """Send what is due in a hall, and set a timer for the next time.

        Call it once after a watcher was added to the feed. An unexpected error closes all sockets of the hall.
        """
        timer = self._timers.pop(hall, None)
        if timer is not None:
            timer.cancel()
        feed = self._feeds.get(hall)
        if feed is None:
            return
        try:
            delay_s = feed.send_due()
        except Exception:
            log.exception("feed_fault", hall=hall)
            feed.close_all(FAULT)
            self._drop(feed)
            return
        unwatched_s = self._clock.monotonic_s() - feed.unwatched_s
        if not feed.watched and unwatched_s >= UNFOLLOW_AFTER_S:
            self._drop(feed)
            return
        self._timers[hall] = asyncio.get_running_loop().call_later(delay_s, self.send_due, hall)

    async def _follow(self, feed: HallFeed) -> None:
        try:
            async with aclosing(self._follower.follow(feed.hall)) as changes:
                async for change in changes:
                    await feed.apply(change)
                    self.send_due(feed.hall)
        except UnknownKind:
            log.exception("hall_needs_a_newer_release", hall=feed.hall)
            feed.close_all(TRY_LATER)
        except Exception:
            log.exception("feed_fault", hall=feed.hall)
            feed.close_all(FAULT)
        self._drop(feed)

    def _drop(self, feed: HallFeed) -> None:
        if self._feeds.get(feed.hall) is not feed:
            return
        del self._feeds[feed.hall]
        timer = self._timers.pop(feed.hall, None)
        if timer is not None:
            timer.cancel()
        task = self._tasks.pop(feed.hall)
        if task is not asyncio.current_task():
            task.cancel()

    async def stop(self) -> None:
        """Stop all feeds and wait for their tasks."""
        tasks = list(self._tasks.values())
        for feed in list(self._feeds.values()):
            self._drop(feed)
        await asyncio.gather(*tasks, return_exceptions=True)
