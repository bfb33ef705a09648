"""Tell whether a token belongs to a ticket or appointment of a hall, from the day before the present one on.

A token contains no id, so it is compared with the derived tokens of all tickets and appointments. The present day is in
memory, with its tokens. For the day before (as long as its idempotency keys are valid) and for future days with
bookings, only the ids are read: a forged token does not load a lane, and a day is read again only after new events.
Once the tokens of a hall are derived, a forged token costs two short queries.
"""

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct, field

from service.credentials.signer import Kind, Signer
from service.domain.day import Day
from service.domain.model import HallId
from service.errors import StorageUnavailable
from service.journal import faults
from service.journal.read import Reader
from service.primitives.ids import NIL
from service.runtime.lanes import Lanes

TOKENS_MAX = 200_000
"""Cached tokens of days other than the present one, about 50 MB; beyond it the hall used longest ago is removed."""

DERIVED_AT_ONCE = 1000
"""Tokens derived in a row, in about 5 ms, before other tasks may run."""


class _OfDay(Struct):
    """The ids of a day whose tokens are derived: all up to the append `head`, perhaps some of later appends."""

    head: str = NIL
    ids: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)


class _OfHall(Struct):
    """The days of a hall other than the present one."""

    days: dict[date, _OfDay] = field(default_factory=dict)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def count(self) -> int:
        """The number of tokens."""
        return sum(len(day.tokens) for day in self.days.values())


class KnownTokens:
    """Recognises tokens of a hall's tickets and appointments."""

    def __init__(self, journal: Reader, lanes: Lanes, signer: Signer) -> None:
        self._journal = journal
        self._lanes = lanes
        self._signer = signer
        self._halls: dict[HallId, _OfHall] = {}

    async def has(self, hall: HallId, token: str) -> bool:
        """Tell whether a token belongs to a ticket or appointment of yesterday, today or a later day.

        Raises:
            HallNotFound: there is no such hall.
            StorageUnavailable: the database cannot be reached.
            Busy: the service is stopping.
        """
        day = await self._lanes.day(hall)
        if self._signer.is_token_of_day(day, token) or await self._is_of_other_day(day, token):
            return True
        caught_up = await self._lanes.day(hall, now=True)  # other processes may have appended to the present day
        return self._signer.is_token_of_day(caught_up, token)

    async def _is_of_other_day(self, present: Day, token: str) -> bool:
        known = self._halls[present.hall] = self._halls.pop(present.hall, _OfHall())  # move to the end: used last
        async with known.reading:  # concurrent callers wait and use the result
            await self._read(known, present)
        return any(token in day.tokens for day in known.days.values())

    async def _read(self, known: _OfHall, present: Day) -> None:
        yesterday = present.on - timedelta(days=1)
        known.days = {on: day for on, day in known.days.items() if on >= yesterday}
        heads = [day.head for day in known.days.values()]
        try:
            changed = await self._journal.ids_from(present.hall, yesterday, heads, but=present.on)
        except faults.StorageUnavailable as error:
            raise StorageUnavailable from error
        for ids in changed:
            day = known.days.setdefault(ids.day, _OfDay())
            await self._derive(day, present.hall, "ticket", ids.tickets)
            await self._derive(day, present.hall, "appointment", ids.appointments)
            day.head = ids.head
        if changed:
            self._evict()

    async def _derive(self, day: _OfDay, hall: HallId, kind: Kind, ids: Sequence[str]) -> None:
        new = [id_ for id_ in ids if id_ not in day.ids]
        for start in range(0, len(new), DERIVED_AT_ONCE):
            chunk = new[start : start + DERIVED_AT_ONCE]
            day.tokens.update(self._signer.tokens(hall, kind, chunk))
            day.ids.update(chunk)
            await asyncio.sleep(0)

    def _evict(self) -> None:
        """Remove the halls used longest ago until at most `TOKENS_MAX` tokens are cached; keep the last one."""
        counts = {hall: known.count for hall, known in self._halls.items()}
        excess = sum(counts.values()) - TOKENS_MAX
        for hall in list(self._halls)[:-1]:
            if excess <= 0:
                break
            excess -= counts[hall]
            del self._halls[hall]
