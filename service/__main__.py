"""The command line: `./paihao COMMAND`.

What goes wrong outside the program (a setting, a port, a folder in use) is one line on stderr and exit code 1.
"""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import asyncpg
import msgspec
import typer
import uvloop
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from service import config, log
from service.cli import staff
from service.config import Settings, SettingsError, own_url, secrets_of
from service.credentials import secret_check
from service.domain.hall.document import CODE_OF_HALL, HallDocument
from service.domain.model import HallId
from service.errors import invalid
from service.identity.document_changes import noting
from service.journal import hall_documents as stored
from service.journal.database import Database
from service.journal.embedded import CannotStart, DataFolderInUse, EmbeddedPostgres
from service.journal.faults import DocumentConflict, Incomplete, JournalFault, StorageUnavailable
from service.journal.read import Reader
from service.journal.verify import Verifier
from service.primitives.ids import new_id
from service.runtime.halls import fault_of_dates, faults_of, moves_dates
from service.runtime.startup_checks import CannotServe, TaskFailed, migrated

if TYPE_CHECKING:
    from service.replay import Options

cli = typer.Typer(
    name="paihao",
    help="Queue and appointment scheduling for public service halls.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
hall_cli = typer.Typer(help="A hall's document.", no_args_is_help=True)
cli.add_typer(hall_cli, name="hall")
user_cli = typer.Typer(help="Who works here.", no_args_is_help=True)
cli.add_typer(user_cli, name="user")
token_cli = typer.Typer(help="Devices and programs, and their bearer tokens.", no_args_is_help=True)
cli.add_typer(token_cli, name="token")

GC_THRESHOLD = (20_000, 20, 20)
"""A request makes some hundred short-lived values and hardly a cycle: a collection every 700 of them finds nothing."""

SERVE_TRIES_MAX, SERVE_TRY_PAUSE_S = 150, 0.2
"""How often a command asks the server of a `serve` that is starting or ending, half a minute in all."""

WIDTH_OF_FILES = 200
"""Columns of a table that goes into a file or a pipe."""

FileArgument = Annotated[Path, typer.Argument(help="A JSON file, - for standard input or output.")]


@cli.command()
def serve() -> None:
    """Run everything: calls, pages, screens; on the embedded PostgreSQL unless PAIHAO_DATABASE_URL names one."""
    from service import app  # noqa: PLC0415  (half a second, for those who serve)

    _run(app.serve)


@cli.command()
def display() -> None:
    """Run the sockets of the screens alone, on the database that PAIHAO_DATABASE_URL names."""
    from service import app  # noqa: PLC0415  (see `serve`)

    _run(app.display)


@cli.command()
def migrate() -> None:
    """Bring the database's schema up to this version."""
    _run(_migrate)


@cli.command()
def replay(  # noqa: PLR0913, PLR0917  (options of a command line)
    trace: Annotated[Path, typer.Argument(help="A CSV of visits.", exists=True, dir_okay=False)],
    hall: Annotated[str, typer.Option(help="The hall that lives it; its document is replaced.")],
    speed: Annotated[str, typer.Option(help="How many times faster than life, or max.")] = "max",
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Which day of the trace.")] = None,
    url: Annotated[str, typer.Option(help="Where the service is, unless the settings say it.")] = "",
    display: Annotated[str, typer.Option(help="Where its sockets are, unless the settings say it.")] = "",
    *,
    force: Annotated[bool, typer.Option("--force", help="Also into a hall that has tickets today.")] = False,
) -> None:
    """Live a day of a trace over HTTP, as the hall's people and staff would, and check what came of it."""
    from service.replay import Options, ReplayError, speed_of  # noqa: PLC0415  (only this command needs it)

    def options(settings: Settings) -> Options:
        return Options(
            trace=trace,
            hall=HallId(hall),
            token=secrets_of(settings).admin_token,
            speed=pace,
            on=day and day.date(),
            url=url or own_url(settings.host, settings.port),
            display=display or settings.display_url or f"ws://{settings.host}:{settings.display_port}",
            force=force,
        )

    try:
        pace = speed_of(speed)
        _run(lambda settings: _replay(settings, options(settings), elsewhere=bool(url)))
    except ReplayError as error:
        raise typer.Exit(_say(str(error))) from error


@cli.command()
def simulate(  # noqa: PLR0913  (options of a command line)
    *,
    scenario: Annotated[str, typer.Option(help="peak, sick, surge, full, lunch, loan or season.")] = "peak",
    policy: Annotated[str, typer.Option(help="Who is next: credit, fifo, strict or alternate.")] = "credit",
    places: Annotated[str, typer.Option(help="Places to book: rule, or constant:N each quarter of an hour.")] = "rule",
    against: Annotated[str, typer.Option(help="Other places or another policy, lived by the same people.")] = "",
    trace: Annotated[
        Path | None, typer.Option(help="A CSV of visits: learn from its first days, live the others.", dir_okay=False)
    ] = None,
    learn: Annotated[
        str, typer.Option(help="Days to learn from: of a trace, half if not said; of a scenario, 5 or 0,1,5,20.")
    ] = "",
    days: Annotated[int, typer.Option(help="How many days of a scenario.")] = 100,
    seed: Annotated[int, typer.Option(help="Of the people; the same seed, the same people.")] = 1,
    jobs: Annotated[int, typer.Option(help="Processes; the result does not depend on it.")] = 1,
    counters: Annotated[int | None, typer.Option(help="Other than the scenario's.")] = None,
    admission: Annotated[str, typer.Option(help="Of walk-ins: fit or all.")] = "fit",
    promises: Annotated[str, typer.Option(help="Waits by the analytic start, or by a forecast.")] = "analytic",
    oracle: Annotated[int, typer.Option(help="Ask one who knows for every N-th promise; 0: never.")] = 0,
    json: Annotated[str, typer.Option(help="Write the report to a file, - for standard output.")] = "",
    chart: Annotated[Path | None, typer.Option(help="Draw the waits through the day, SVG.", dir_okay=False)] = None,
) -> None:
    """Live days of a made-up hall, or of a trace, by the rules of the hall, and say what came of them."""
    from service.simulate import (  # noqa: PLC0415  (as for a replay)
        SimulateError,
        chart_of,
        options_of,
        print_report,
        simulate,
    )

    try:
        options = options_of(
            scenario=scenario,
            policy=policy,
            places=places,
            against=against,
            days=days,
            seed=seed,
            jobs=jobs,
            promises=promises,
            oracle=oracle,
            admission=admission,
            counters=counters,
            trace=trace,
            learn=learn,
        )
        report = simulate(options)
    except SimulateError as error:
        raise typer.Exit(_say(str(error))) from error
    if json != "-":
        print_report(report, _console())
    if json:
        _write(Path(json), msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    if chart is not None:
        _write(chart, chart_of(report).encode())


@cli.command()
def verify() -> None:
    """Check a whole database against what it promises; exit code 1 and the first difference when it is not so."""
    _run(_verify)


@cli.command("check-config")
def check_config() -> None:
    """Read the settings, say what they mean, and show what is not the default."""
    settings = _settings()
    table = Table(Column("setting", no_wrap=True), "value", "meaning")
    values = dict(settings.__rich_repr__())
    for setting in config.SETTINGS:
        value = values[setting.name.removeprefix(config.PREFIX).lower()]
        # as text, for rich would take brackets of an address for its markup
        table.add_row(setting.name, Text(_as_given(setting, value) or setting.default), setting.meaning)
    _console().print(table)


def _console() -> Console:
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH_OF_FILES
    return console


def _as_given(setting: config.Setting, value: object) -> str:
    """A setting's value as one would write it; nothing where it has none."""
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    if isinstance(value, bool):
        return ("off", "on")[value] if setting.default == "off" else str(int(value))
    return "" if value is None else str(value)


@hall_cli.command("export")
def hall_export(hall: str, file: FileArgument = Path("-")) -> None:
    """Write a hall's document."""
    found: list[HallDocument] = []
    _run(lambda settings: _export(settings, HallId(hall), found))
    _write(file, msgspec.json.format(msgspec.json.encode(found[0]), indent=2) + b"\n")


@hall_cli.command("apply")
def hall_apply(hall: str, file: FileArgument = Path("-")) -> None:
    """Make a hall from a document, or give it another one; a running service follows within a second.

    A hall that has this document already is left as it is.
    """
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise typer.Exit(_say(f"{file}: {error.strerror}")) from error
    if not CODE_OF_HALL.fullmatch(hall):
        raise typer.Exit(_say("a hall's id is a short code of small letters, digits and -"))
    document = _document_from(raw)
    _run(lambda settings: _apply(settings, HallId(hall), document))


@cli.command("new-secret")
def new_secret() -> None:
    """Go on with this secret where the database's own is lost: what was derived from that one is void."""
    _run(_new_secret)


HallOption = Annotated[str | None, typer.Option(help="The hall that the role is of.")]


@user_cli.command("add")
def user_add(
    name: str,
    role: Annotated[str, typer.Option(help="volunteer, staff or manager of a hall; ops or admin of all.")],
    hall: HallOption = None,
    display_name: Annotated[str, typer.Option(help="What others read; the name if not said.")] = "",
) -> None:
    """Give somebody a role; who is new gets a password for one use, printed once."""
    _with_dsn(lambda dsn, settings: staff.add_user(dsn, settings, name, role, hall, display_name), makes=True)


@user_cli.command("reset")
def user_reset(name: str) -> None:
    """Print a password for one use, and end this person's sessions."""
    _with_dsn(lambda dsn, settings: staff.reset_user(dsn, settings, name))


@token_cli.command("add")
def token_add(
    name: str,
    role: Annotated[str, typer.Option(help="kiosk, partner or staff of a hall; ops of all.")],
    hall: HallOption = None,
) -> None:
    """Make a device, and print its bearer token, which is shown once."""
    _with_dsn(lambda dsn, settings: staff.add_token(dsn, settings, name, role, hall), makes=True)


@token_cli.command("list")
def token_list() -> None:
    """List the devices, without their tokens."""
    _with_dsn(staff.list_tokens)


@token_cli.command("revoke")
def token_revoke(device: Annotated[str, typer.Argument(help="The device's id.")]) -> None:
    """Take a device's token back; it is refused within five seconds."""
    _with_dsn(lambda dsn, settings: staff.revoke_token(dsn, settings, device))


def _with_dsn(work: Callable[[str, Settings], Coroutine[Any, Any, None]], *, makes: bool = False) -> None:
    async def run(settings: Settings) -> None:
        async with _dsn(settings, makes=makes) as dsn:
            await work(dsn, settings)

    _run(run)


def _write(file: Path, text: bytes) -> None:
    if str(file) == "-":
        sys.stdout.buffer.write(text)
        return
    try:
        file.write_bytes(text)
    except OSError as error:
        raise typer.Exit(_say(f"{file}: {error.strerror}")) from error


async def _migrate(settings: Settings) -> None:
    async with _dsn(settings, makes=True) as dsn:
        for name in await migrated(dsn):
            typer.echo(name)


async def _new_secret(settings: Settings) -> None:
    async with _dsn(settings) as dsn:
        await migrated(dsn)
        async with Database(dsn) as database:
            await secret_check.begin_anew(database, settings)
    typer.echo(
        f"this database goes by {config.secret_source(settings)} from now on: start `serve` anew, add devices again; "
        "links to tickets and appointments given out before are void"
    )


async def _replay(settings: Settings, options: "Options", *, elsewhere: bool) -> None:
    from service.replay import print_report, replay  # noqa: PLC0415  (as its command)

    if elsewhere and settings.embedded:  # its journal is out of reach, all else is compared
        report = await replay(options, None)
    else:
        async with _dsn(settings) as dsn, Database(dsn) as database:
            report = await replay(options, Reader(database))
    print_report(report, Console())
    if not report.ok:
        raise CannotServe("what came of it does not agree with the journal")


async def _verify(settings: Settings) -> None:
    async with _dsn(settings) as dsn, Database(dsn) as database:
        verifier = Verifier(database)
        async for difference in verifier.differences():
            raise CannotServe(f"not as promised: {difference}")
    seen = verifier.seen
    typer.echo(f"as promised: {seen.days} days, {seen.events} events, {seen.tickets} tickets")


async def _export(settings: Settings, hall: HallId, found: list[HallDocument]) -> None:
    async with _dsn(settings) as dsn, Database(dsn) as database:
        row = await stored.Halls(database).get(hall)
    if row is None:
        raise CannotServe(f"there is no hall {hall}")
    found.append(row.document)


async def _apply(settings: Settings, hall: HallId, document: HallDocument) -> None:
    async with _dsn(settings, makes=True) as dsn:
        await migrated(dsn)
        async with Database(dsn) as database:
            halls = stored.Halls(database)
            if await halls.create_if_absent(hall, document):
                typer.echo(f"made {hall}, revision 1")
                return
            row = await halls.get(hall)
            if row is None:
                raise CannotServe(f"{hall} cannot be read")
            if row.document == document:
                typer.echo(f"{hall} has this document already, revision {row.revision}")
                return
            now_at = await database.ping()
            if moves_dates(row.document, document):
                fault = fault_of_dates(row.document, document, await halls.dates_in_use(hall, now_at), now_at)
                if fault is not None:
                    raise CannotServe(": ".join(fault))
            note = noting(hall, document, now_at, staff.ACTOR)
            put = stored.Put(if_revisions=frozenset({row.revision}), command_id=new_id(), fingerprint=None, note=note)
            typer.echo(f"changed {hall}, revision {(await halls.put(hall, document, put)).revision}")


def _document_from(raw: bytes) -> HallDocument:
    """Read a document, or say each of its faults in a line of its own."""
    try:
        document = msgspec.json.decode(raw, type=HallDocument)
    except msgspec.ValidationError as error:
        faults = [(fault["path"], fault["why"]) for fault in invalid(str(error)).fields["errors"]]
    except msgspec.DecodeError as error:
        raise typer.Exit(_say(f"this is not JSON: {error}")) from error
    else:
        faults = faults_of(document)
        if not faults:
            return document
    for path, why in faults:
        _say(f"{path}: {why}" if path else why)
    raise typer.Exit(1)


class _dsn:  # noqa: N801  (used like a function, in `async with`)
    """The database of the settings; the embedded one is started unless a `serve` runs it already.

    Another command that runs without a `serve` stops its server when it is done, so that one is waited for. Only a
    command that `makes` something has a use for a database that is not there yet.
    """

    def __init__(self, settings: Settings, *, makes: bool = False) -> None:
        self._url = settings.database_url
        self._embedded = EmbeddedPostgres(settings.data_dir, brief=True, makes=makes) if settings.embedded else None
        self._started = False

    async def __aenter__(self) -> str:
        if self._embedded is None:
            assert self._url is not None
            return self._url
        for tries in count(1):
            try:
                await self._embedded.start()
            except DataFolderInUse as in_use:
                if in_use.brief:
                    raise
            else:
                self._started = True
                break
            try:
                async with Database(self._embedded.dsn) as database:
                    await database.ping()  # a serve on this folder runs it
                break
            except StorageUnavailable:  # it is only starting, or ending
                if tries == SERVE_TRIES_MAX:
                    raise
            await asyncio.sleep(SERVE_TRY_PAUSE_S)
        return self._embedded.dsn

    async def __aexit__(self, *_: object) -> None:
        if self._embedded is not None and self._started:
            await self._embedded.stop()


def _settings() -> Settings:
    try:
        return config.load(os.environ)
    except SettingsError as error:
        raise typer.Exit(_say(str(error))) from error


def _run(work: Any) -> None:  # noqa: ANN401  (a coroutine function of the settings)
    settings = _settings()
    log.configure(settings.log_level)
    try:
        started: Coroutine[Any, Any, None] = work(settings)
        gc.freeze()  # what was imported stays: the collector need not look through it again
        gc.set_threshold(*GC_THRESHOLD)
        uvloop.run(_ended_by_sigterm(started))
    except (CannotServe, CannotStart, SettingsError, TaskFailed) as error:
        raise typer.Exit(_say(str(error))) from error
    except DocumentConflict as error:
        raise typer.Exit(_say("somebody else changed the document at the same time; try again")) from error
    except (asyncpg.UndefinedTableError, Incomplete) as error:
        lacks = str(error).partition("\n")[0]  # a table, a function or a right; then come hints
        raise typer.Exit(_say(f"the database: {lacks} (`migrate` prepares an empty one)")) from error
    except JournalFault as error:
        raise typer.Exit(_say(f"the database: {error}")) from error
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise typer.Exit(130) from None


async def _ended_by_sigterm(work: Coroutine[Any, Any, None]) -> None:
    """Leave work in good order at SIGTERM: a server that was started for it is not to go on without it."""
    task = asyncio.current_task()
    assert task is not None, "it is run as one"
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await work


def _say(why: str) -> int:
    typer.echo(f"paihao: {why}", err=True)
    return 1


def main() -> None:
    """Run the command line."""
    _open_standard_streams()
    cli(prog_name="paihao")


def _open_standard_streams() -> None:
    """Open those that we were started without: the event loop would take the next file for one of them, and abort."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest that is free
    sys.stdout = sys.stdout or os.fdopen(1, "w")
    sys.stderr = sys.stderr or os.fdopen(2, "w")


if __name__ == "__main__":
    main()
