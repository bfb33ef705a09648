"""Running a command: settings, event loop, signals and exit codes."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import typer
import uvloop

from service import log
from service.config.settings import Settings, SettingsError, load
from service.journal.embedded.errors import CannotStart
from service.journal.faults import DocumentConflict, Incomplete, JournalFault
from service.runtime.startup_checks import CannotServe, TaskFailed

GC_THRESHOLD = (20_000, 20, 20)
"""A request makes hundreds of short-lived objects and almost no cycles: Python's default of 700 collects too often."""

INTERRUPTED = 130
"""Exit code of a command that was stopped by a signal."""

Work = Callable[[Settings], Coroutine[Any, Any, None]]


def failure(message: str) -> typer.Exit:
    """Print an error to stderr and make the exception that exits with code 1."""
    print_error(message)
    return typer.Exit(1)


def print_error(message: str) -> None:
    """Print one line of an error to stderr."""
    typer.echo(f"paihao: {message}", err=True)


def load_settings() -> Settings:
    """Read the settings from the environment. Exits with code 1 if one is invalid."""
    try:
        return load(os.environ)
    except SettingsError as error:
        raise failure(str(error)) from error


def run(work: Work) -> None:
    """Run the asynchronous part of a command. Exits with code 1 and one line if it fails."""
    settings = load_settings()
    log.configure(settings.log_level)
    try:
        coroutine = work(settings)
        gc.freeze()  # imported modules stay in use: the collector need not scan them
        gc.set_threshold(*GC_THRESHOLD)
        uvloop.run(_cancelled_by_sigterm(coroutine))
    except (CannotServe, CannotStart, SettingsError, TaskFailed) as error:
        raise failure(str(error)) from error
    except DocumentConflict as error:
        raise failure("the document was changed by another process at the same time; try again") from error
    except (asyncpg.UndefinedTableError, Incomplete) as error:
        missing = str(error).partition("\n")[0]  # a table, function or privilege; hints follow on later lines
        raise failure(f"the database: {missing} (`migrate` prepares an empty database)") from error
    except JournalFault as error:
        raise failure(f"the database: {error}") from error
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise typer.Exit(INTERRUPTED) from None


async def _cancelled_by_sigterm(coroutine: Coroutine[Any, Any, None]) -> None:
    """Cancel the command on SIGTERM, so that it stops the PostgreSQL server that it started."""
    task = asyncio.current_task()
    assert task is not None, "uvloop runs this in a task"
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await coroutine
