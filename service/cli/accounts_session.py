"""What the commands `user` and `token` share: an open identity store, and the checks of their arguments."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any

import msgspec
import typer

from service.api.access.roles import Role
from service.cli.command_database import command_database
from service.cli.process import run
from service.clock import Clock
from service.config.settings import Settings
from service.credentials import secret_check
from service.credentials.signer import Signer
from service.domain.hall.document import CODE_OF_HALL
from service.domain.model import HallId
from service.domain.refusals import Refusal
from service.identity.audit_log import SERVICE_WIDE
from service.identity.idempotency import IdempotentRequest
from service.identity.identity import Identity
from service.journal import hall_documents as stored
from service.journal.database import Database
from service.primitives.ids import new_id
from service.primitives.text_fields import DISPLAY_NAME_MAX, DisplayName
from service.runtime.startup_checks import CannotServe, migrated

ACTOR = "command"
"""The actor of these commands in the history of a hall."""

HallOption = Annotated[str | None, typer.Option(help="The hall that the role applies to.")]


def run_on_database(work: Callable[[str, Settings], Coroutine[Any, Any, None]], *, may_create: bool = False) -> None:
    """Run a command that takes the DSN of the database and the settings."""

    async def with_dsn(settings: Settings) -> None:
        async with command_database(settings, may_create=may_create) as dsn:
            await work(dsn, settings)

    run(with_dsn)


@asynccontextmanager
async def accounts_session(dsn: str, settings: Settings) -> AsyncIterator[tuple[Identity, Database, IdempotentRequest]]:
    """Open the accounts and devices of a database, migrated to this version.

    Raises:
        CannotServe: the work inside the context was refused.
        SettingsError: the database was created with another secret.
    """
    await migrated(dsn)
    clock = Clock()
    async with Database(dsn) as database:
        signer = Signer(await secret_check.register(database, settings))
        with Identity(database, clock, signer.fingerprint, signer.admin_keys()) as identity:
            asked_s = clock.monotonic_s()
            clock.follow(await database.ping(), asked_s)
            try:
                yield identity, database, IdempotentRequest(new_id(), None, clock.now_at(), ACTOR)
            except Refusal as refusal:
                raise CannotServe(refusal.title()) from refusal


def display_name(name: str, subject: str) -> str:
    """Check a name that pages show, by the rule that the HTTP API uses.

    Raises:
        CannotServe: the name is empty, too long or not one line; `subject` names it in the message.
    """
    try:
        return msgspec.convert(name, DisplayName)
    except msgspec.ValidationError as error:
        raise CannotServe(f"{subject} is one line of 1 to {DISPLAY_NAME_MAX} letters") from error


async def hall_of_role(
    database: Database, role: str, hall: str | None, hall_roles: tuple[Role, ...], global_roles: tuple[Role, ...]
) -> str:
    """Return the hall that a role applies to; `SERVICE_WIDE` for a global role.

    Raises:
        CannotServe: the role is unknown, or the hall is missing, unknown, or given for a global role.
    """
    if role not in {*hall_roles, *global_roles}:
        raise CannotServe(f"a role is one of {', '.join((*hall_roles, *global_roles))}")
    if role in global_roles:
        if hall is not None:
            raise CannotServe(f"the role {role} applies to all halls: leave --hall out")
        return SERVICE_WIDE
    if hall is None:
        raise CannotServe(f"the role {role} applies to one hall: name it with --hall")
    if not CODE_OF_HALL.fullmatch(hall) or await stored.HallStore(database).get(HallId(hall)) is None:
        raise CannotServe(f"there is no hall {hall}")
    return hall
