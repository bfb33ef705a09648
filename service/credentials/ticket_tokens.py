"""Which tokens a hall knows: those of its tickets and appointments from the day before the present one on.

A token alone says nothing: whether it is somebody's is found by deriving those of all there are. The present day is in
memory, and its tokens are kept beside it. Of the day before, for as long as its idempotency keys hold, and of the days
ahead on which something is booked, only the ids are read: no lane is loaded for a token that somebody made up, and a
day is read again only when its journal has moved on. So one that is nobody's costs two short reads, once the hall's
tokens are derived.
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
"""Tokens of other days than the present ones kept, about 50 MB; beyond, the hall asked about longest ago is forgotten,
and derived anew when somebody asks."""

DERIVED_AT_ONCE = 1000
"""Tokens that are derived, in about 5 ms, before other requests have their turn."""


class _OfDay(Struct):
    """A day's ids whose tokens are derived: all up to the append `head`, later ones perhaps in part."""

    head: str = NIL
    ids: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)


class _OfHall(Struct):
    """A hall's other days."""

    days: dict[date, _OfDay] = field(default_factory=dict)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def count(self) -> int:
        """How many tokens they have."""
        return sum(len(day.tokens) for day in self.days.values())


class KnownTokens:
    """Tells tokens of a hall's tickets and appointments from those of nobody there."""

    def __init__(self, journal: Reader, lanes: Lanes, signer: Signer) -> None:
        self._journal = journal
        self._lanes = lanes
        self._signer = signer
        self._halls: dict[HallId, _OfHall] = {}

    async def has(self, hall: HallId, token: str) -> bool:
        """Tell whether a token is of a hall's ticket or appointment, of the day before the present one or a later day.

        Raises:
            HallNotFound: there is no such hall.
            StorageUnavailable: the database cannot be reached.
            Busy: while stopping.
        """
        day = await self._lanes.day(hall)
        return (
            self._signer.is_token_of_day(day, token)
            or await self._is_of_other_day(day, token)
            or self._signer.is_token_of_day(await self._lanes.day(hall, now=True), token)  # others may have gone on
        )

    async def _is_of_other_day(self, present: Day, token: str) -> bool:
        known = self._halls[present.hall] = self._halls.pop(present.hall, _OfHall())  # the one asked about last
        async with known.reading:  # whoever asks meanwhile finds it read
            await self._read(known, present)
        return any(token in day.tokens for day in known.days.values())

    async def _read(self, known: _OfHall, present: Day) -> None:
        yesterday = present.on - timedelta(days=1)
        known.days = {on: day for on, day in known.days.items() if on >= yesterday}
        heads = [day.head for day in known.days.values()]
        try:
            moved = await self._journal.ids_from(present.hall, yesterday, heads, but=present.on)
        except faults.StorageUnavailable as error:
            raise StorageUnavailable from error
        for ids in moved:
            day = known.days.setdefault(ids.day, _OfDay())
            await self._derive(day, present.hall, "ticket", ids.tickets)
            await self._derive(day, present.hall, "appointment", ids.appointments)
            day.head = ids.head
        if moved:
            self._forget_beyond_most()

    async def _derive(self, day: _OfDay, hall: HallId, kind: Kind, ids: Sequence[str]) -> None:
        new = [one for one in ids if one not in day.ids]
        for start in range(0, len(new), DERIVED_AT_ONCE):
            some = new[start : start + DERIVED_AT_ONCE]
            day.tokens.update(self._signer.tokens(hall, kind, some))
            day.ids.update(some)
            await asyncio.sleep(0)

    def _forget_beyond_most(self) -> None:
        counts = {hall: known.count for hall, known in self._halls.items()}
        beyond = sum(counts.values()) - TOKENS_MAX
        for hall in list(self._halls)[:-1]:
            if beyond <= 0:
                break
            beyond -= counts[hall]
            del self._halls[hall]
