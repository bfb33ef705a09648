"""A whole replay: read the trace, prepare the hall, carry out the day, check, report."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from service.clock import Clock
from service.domain.hall.document import CODE_OF_HALL
from service.domain.model import CounterState, TicketState
from service.replay.client import ANSWER_WITHIN_S, Client
from service.replay.day_driver import DayDriver
from service.replay.errors import ReplayError
from service.replay.hall_client import HallClient
from service.replay.journal_checks import JournalReader
from service.replay.options import Options
from service.replay.pace import AsFastAsPossible, Pace, Timed
from service.replay.report import Report, commands_of, kind_rows, service_rows
from service.replay.server_state import CheckInput, ServerReader, checks_of
from service.replay.ticket_log import TicketLog
from service.replay.trace import read_trace
from service.replay.trace_hall import TraceHall, hall_for_trace

READERS = 16
"""Requests sent at once while the state is read after the day."""

REFRESHES_PER_S = 4
"""Refreshes of the progress bar; few, because the server runs on the same machine."""


async def replay(options: Options, journal: JournalReader | None = None) -> Report:
    """Replay a day of a trace in a hall of a running server, and check the result.

    Args:
        options: what to replay, and where.
        journal: reads the server's journal; None if its database cannot be reached.

    Returns:
        The report; `ok` tells whether no check found a difference.

    Raises:
        ReplayError: the trace, the hall or the server does not allow it; the text is for people.
    """
    if not CODE_OF_HALL.fullmatch(options.hall):
        raise ReplayError(
            f"{options.hall!r} is not a hall: the code of a hall has only lower-case letters, digits and -"
        )
    clock = Clock()
    trace = read_trace(options.trace, options.on)
    timeout = aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)
    connector = aiohttp.TCPConnector(limit=options.connections)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        client = Client(session, options.url, clock)
        hall = HallClient(client, options.hall, options.token)
        document, etag = await hall.document()
        # The hall keeps its own zone: in the trace's zone the hall's present day might not have begun yet.
        trace_hall = hall_for_trace(trace, document.time_zone, options.speed)
        if options.speed is not None and not options.force:
            _require_before_midnight(trace_hall, options.speed, clock)
        await prepare(hall, trace_hall, etag, force=options.force)
        pace: Pace = (
            AsFastAsPossible() if options.speed is None else Timed(options.speed, trace_hall.trace.span_s[0], clock)
        )
        with _progress(options) as progress:
            task = progress.add_task(
                f"{options.hall} {trace_hall.trace.on}", total=len(trace_hall.trace.visits), left=0
            )
            left = 0

            def on_visit_end(logs: TicketLog) -> None:
                nonlocal left
                left += logs.state is TicketState.LEFT
                progress.update(task, advance=1, left=left)

            driver = DayDriver(hall, trace_hall, pace, running_max=options.connections, on_visit_end=on_visit_end)
            began_s = clock.monotonic_s()
            await driver.run()
            seconds = clock.monotonic_s() - began_s
        logs = list(driver.logs.values())
        commands = commands_of(client.tally)
        kinds = kind_rows(client.tally.latencies_s)
        retries, problems = dict(client.tally.retries), dict(client.tally.problems)
        on = date.fromisoformat(logs[0].issued.day)
        reader = ServerReader(hall, session, options.display, at_once=min(options.connections, READERS))
        check_input = CheckInput(
            hall=options.hall,
            on=on,
            prefixes=trace_hall.prefixes,
            logs=logs,
            tickets=await reader.tickets(logs),
            histories=await reader.histories(logs),
            snapshot=await reader.snapshot(driver.last_seq, on, journal),
        )
    return Report(
        hall=options.hall,
        traced_on=trace_hall.trace.on,
        on=on,
        speed=options.speed,
        seconds=seconds,
        services=service_rows(logs, options.speed),
        kinds=kinds,
        commands=commands,
        retries=retries,
        problems=problems,
        checks=checks_of(check_input),
    )


async def prepare(hall: HallClient, trace_hall: TraceHall, etag: str, *, force: bool) -> None:
    """Close open counters, and replace the hall document with that of the trace.

    Raises:
        ReplayError: the hall has people in its queue, and `force` is not set; or the document changed after `etag`.
    """
    await _require_empty(hall, force=force)
    board, _ = await hall.board()
    for counter in board.counters:
        if counter.state != CounterState.CLOSED:
            await hall.close(counter.id, release=True)
    await hall.put_document(trace_hall.document, etag)


async def _require_empty(hall: HallClient, *, force: bool) -> None:
    people = len((await hall.queue()).tickets)
    if people and not force:
        raise ReplayError(
            f"the queue of hall {hall.id} has {people} people; a replay needs an empty hall (--force continues anyway)"
        )


def _require_before_midnight(trace_hall: TraceHall, speed: float, clock: Clock) -> None:
    zone = ZoneInfo(trace_hall.document.time_zone)
    begins_s, ends_s = trace_hall.trace.span_s
    now_at = clock.now_at().astimezone(zone)
    ends_at = now_at + timedelta(seconds=(ends_s - begins_s) / speed)
    if ends_at.astimezone(zone).date() != now_at.date():
        raise ReplayError(
            f"at this speed the replay would last until {ends_at:%H:%M} of the next day in "
            f"{trace_hall.document.time_zone}, and a hall's day ends at midnight; "
            "use a higher --speed (--force continues anyway)"
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
