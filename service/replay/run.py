"""One replay from beginning to end: read the trace, prepare the hall, live the day, check, report."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.clock import Clock
from service.domain.hall.document import CODE_OF_HALL
from service.domain.model import CounterState, TicketState
from service.replay.client import ANSWER_WITHIN_S, Client
from service.replay.document import Setting, setting_for
from service.replay.drive import Drive
from service.replay.errors import ReplayError
from service.replay.evidence import Evidence, Witness, checks_of
from service.replay.hall import HallClient
from service.replay.ledger import JournalReader
from service.replay.options import Options
from service.replay.pace import Pace, Timed, Untimed
from service.replay.report import Report, commands_of, kind_rows, service_rows
from service.replay.told import Told
from service.replay.trace import read_trace

READERS = 16
"""Requests at once that only look, after the day."""

REFRESHES_PER_S = 4
"""Of the progress bar: the machine is the server's too."""


async def replay(options: Options, journal: JournalReader | None = None) -> Report:
    """Replay a day of a trace in a hall of a running server, and check everything afterwards.

    Args:
        options: what to replay, and where.
        journal: reads the server's journal, where its database can be reached.

    Returns:
        What happened; `ok` tells whether every check held.

    Raises:
        ReplayError: the trace, the hall or the server does not allow it; its text is for people.
    """
    if not CODE_OF_HALL.fullmatch(options.hall):
        raise ReplayError(f"{options.hall!r} is no hall: halls are short codes of small letters, digits and -")
    clock = Clock()
    trace = read_trace(options.trace, options.on)
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    connector = aiohttp.TCPConnector(limit=options.connections)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        client = Client(session, options.url, clock)
        hall = HallClient(client, options.hall, options.token)
        document, etag = await hall.document()
        # its own zone, whatever the trace's: in another one the hall's present day might not have begun yet
        setting = setting_for(trace, document.time_zone, options.speed)
        if options.speed is not None and not options.force:
            _require_before_midnight(setting, options.speed, clock)
        await prepare(hall, setting, etag, force=options.force)
        pace: Pace = Untimed() if options.speed is None else Timed(options.speed, setting.trace.span_s[0], clock)
        with _progress(options) as progress:
            task = progress.add_task(f"{options.hall} {setting.trace.on}", total=len(setting.trace.visits), left=0)
            left = 0

            def on_over(told: Told) -> None:
                nonlocal left
                left += told.state is TicketState.LEFT
                progress.update(task, advance=1, left=left)

            drive = Drive(hall, setting, pace, under_way_max=options.connections, on_over=on_over)
            began_s = clock.monotonic_s()
            await drive.run()
            seconds = clock.monotonic_s() - began_s
        told = list(drive.told.values())
        commands = commands_of(client.tally)
        kinds = kind_rows(client.tally.latencies_s)
        retries, problems = dict(client.tally.retries), dict(client.tally.problems)
        on = date.fromisoformat(told[0].taken.day)
        witness = Witness(hall, session, options.display, at_once=min(options.connections, READERS))
        evidence = Evidence(
            hall=options.hall,
            on=on,
            prefixes=setting.prefixes,
            told=told,
            tickets=await witness.tickets(told),
            histories=await witness.histories(told),
            moment=await witness.moment(drive.last_seq, on, journal),
        )
    return Report(
        hall=options.hall,
        traced_on=setting.trace.on,
        on=on,
        speed=options.speed,
        seconds=seconds,
        services=service_rows(told, options.speed),
        kinds=kinds,
        commands=commands,
        retries=retries,
        problems=problems,
        checks=checks_of(evidence),
    )


async def prepare(hall: HallClient, setting: Setting, etag: str, *, force: bool) -> None:
    """Close what is open, and give the hall the trace's document in place of the one with this ETag.

    Raises:
        ReplayError: without `force`, the hall has people.
    """
    await _require_empty(hall, force=force)
    board, _ = await hall.board()
    for counter in board.counters:
        if counter.state != CounterState.CLOSED:
            await hall.close(counter.id, release=True)
    await hall.put_document(setting.document, etag)


async def _require_empty(hall: HallClient, *, force: bool) -> None:
    people = len((await hall.queue()).everybody)
    if people and not force:
        raise ReplayError(f"people in the queue of hall {hall.id}: {people}; a replay wants it empty (--force goes on)")


def _require_before_midnight(setting: Setting, speed: float, clock: Clock) -> None:
    zone = ZoneInfo(setting.document.time_zone)
    begins_s, ends_s = setting.trace.span_s
    now_at = clock.now_at().astimezone(zone)
    ends_at = now_at + timedelta(seconds=(ends_s - begins_s) / speed)
    if ends_at.astimezone(zone).date() != now_at.date():
        raise ReplayError(
            f"at this speed it would last until {ends_at:%H:%M} of the next day in {setting.document.time_zone}, "
            "and a hall's day ends at midnight; a higher --speed fits (--force goes on)"
        )


def _progress(options: Options) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("visits over, {task.fields[left]} left"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        refresh_per_second=REFRESHES_PER_S,
        transient=True,
        disable=not options.progress,
    )
