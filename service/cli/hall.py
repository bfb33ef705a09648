"""`./paihao hall export` and `./paihao hall apply`: the document of a hall."""

import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from service.cli.accounts_session import ACTOR
from service.cli.command_database import command_database
from service.cli.output import write_file
from service.cli.process import failure, print_error, run
from service.config.settings import Settings
from service.domain.hall.document import CODE_OF_HALL, HallDocument
from service.domain.model import HallId
from service.errors import invalid
from service.identity.document_changes import change_recorder
from service.journal import hall_documents as stored
from service.journal.database import Database
from service.primitives.ids import new_id
from service.runtime.document_checks import changes_dates, date_change_fault, document_faults
from service.runtime.startup_checks import CannotServe, migrated

commands = typer.Typer(help="Export or replace the document of a hall.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="A JSON file; - is standard input or output.")]


@commands.command("export")
def export(hall: str, file: FileArgument = Path("-")) -> None:
    """Write the document of a hall to a file."""
    found: list[HallDocument] = []
    run(lambda settings: _export(settings, HallId(hall), found))
    write_file(file, msgspec.json.format(msgspec.json.encode(found[0]), indent=2) + b"\n")


@commands.command("apply")
def apply(hall: str, file: FileArgument = Path("-")) -> None:
    """Create a hall from a document, or replace its document. A running service follows within a second.

    Does nothing if the hall already has this document.
    """
    try:
        raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise failure(f"{file}: {error.strerror}") from error
    if not CODE_OF_HALL.fullmatch(hall):
        raise failure("a hall's id is a short code of small letters, digits and -")
    document = _parse(raw)
    run(lambda settings: _apply(settings, HallId(hall), document))


async def _export(settings: Settings, hall: HallId, found: list[HallDocument]) -> None:
    async with command_database(settings) as dsn, Database(dsn) as database:
        row = await stored.HallStore(database).get(hall)
    if row is None:
        raise CannotServe(f"there is no hall {hall}")
    found.append(row.document)


async def _apply(settings: Settings, hall: HallId, document: HallDocument) -> None:
    async with command_database(settings, may_create=True) as dsn:
        await migrated(dsn)
        async with Database(dsn) as database:
            halls = stored.HallStore(database)
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
            if changes_dates(row.document, document):
                fault = date_change_fault(row.document, document, await halls.dates_in_use(hall, now_at), now_at)
                if fault is not None:
                    raise CannotServe(": ".join(fault))
            note = change_recorder(hall, document, now_at, ACTOR)
            put = stored.DocumentPut(
                if_revisions=frozenset({row.revision}), command_id=new_id(), fingerprint=None, record_change=note
            )
            typer.echo(f"changed {hall}, revision {(await halls.put(hall, document, put)).revision}")


def _parse(raw: bytes) -> HallDocument:
    """Parse and validate a document. Exits with code 1 and prints one line per fault if it is invalid."""
    try:
        document = msgspec.json.decode(raw, type=HallDocument)
    except msgspec.ValidationError as error:
        faults = [(fault["path"], fault["why"]) for fault in invalid(str(error)).fields["errors"]]
    except msgspec.DecodeError as error:
        raise failure(f"this is not JSON: {error}") from error
    else:
        faults = document_faults(document)
        if not faults:
            return document
    for path, reason in faults:
        print_error(f"{path}: {reason}" if path else reason)
    raise typer.Exit(1)
