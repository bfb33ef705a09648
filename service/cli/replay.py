"""`./paihao replay`: replay a recorded day against a running service."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from service.cli.command_database import command_database
from service.cli.process import failure, run
from service.config.secret_files import secrets_of
from service.config.settings import Settings, own_url
from service.domain.model import HallId
from service.journal.database import Database
from service.journal.read import Reader
from service.runtime.startup_checks import CannotServe

if TYPE_CHECKING:
    from service.replay import Options


def replay(  # noqa: PLR0913, PLR0917  (options of a command line)
    trace: Annotated[Path, typer.Argument(help="A CSV file with one visit per line.", exists=True, dir_okay=False)],
    hall: Annotated[str, typer.Option(help="The hall to replay into. Its document is replaced.")],
    speed: Annotated[str, typer.Option(help="Speed relative to real time, for example 60, or max.")] = "max",
    day: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day of the trace to replay; default: the first.")
    ] = None,
    url: Annotated[str, typer.Option(help="Address of the service; default: from the settings.")] = "",
    display: Annotated[str, typer.Option(help="Address of its sockets; default: from the settings.")] = "",
    *,
    force: Annotated[bool, typer.Option("--force", help="Replay even if the hall already has tickets today.")] = False,
) -> None:
    """Replay a day of a trace over HTTP, acting as applicants and staff, and check the result against the journal."""
    from service.replay import Options, ReplayError, speed_of  # noqa: PLC0415  (only this command needs it)

    def options(settings: Settings) -> Options:
        return Options(
            trace=trace,
            hall=HallId(hall),
            token=secrets_of(settings).admin_token,
            speed=parsed_speed,
            on=day and day.date(),
            url=url or own_url(settings.host, settings.port),
            display=display or settings.display_url or f"ws://{settings.host}:{settings.display_port}",
            force=force,
        )

    try:
        parsed_speed = speed_of(speed)
        run(lambda settings: _replay(settings, options(settings), elsewhere=bool(url)))
    except ReplayError as error:
        raise failure(str(error)) from error


async def _replay(settings: Settings, options: "Options", *, elsewhere: bool) -> None:
    from service.replay import print_report, replay  # noqa: PLC0415  (only this command needs it)

    if elsewhere and settings.embedded:  # the journal cannot be reached: only the HTTP answers are compared
        report = await replay(options, None)
    else:
        async with command_database(settings) as dsn, Database(dsn) as database:
            report = await replay(options, Reader(database))
    print_report(report, Console())
    if not report.ok:
        raise CannotServe("the result of the replay does not agree with the journal")
