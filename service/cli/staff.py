"""The commands about who works here: `./paihao user …` and `./paihao token …`.

They work beside a running `serve`, or without one; what they print (a password for one use, a token) is shown once.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.api.access.roles import Role
from service.clock import Clock
from service.config import Settings
from service.credentials import secret_check
from service.credentials.signer import Signer
from service.domain.hall.document import CODE_OF_HALL
from service.domain.model import HallId
from service.domain.refusals import Refusal
from service.identity.accounts import ADMIN_NAME, NAME, name_of
from service.identity.audit_log import EVERY_HALL
from service.identity.idempotency import IdempotentRequest
from service.identity.identity import Identity
from service.identity.staff import Authority
from service.journal import hall_documents as stored
from service.journal.database import Database
from service.primitives.ids import new_id
from service.primitives.text_fields import DISPLAY_NAME_MAX, DisplayName
from service.runtime.startup_checks import CannotServe, migrated

ACCOUNT_ROLES = (Role.VOLUNTEER, Role.STAFF, Role.MANAGER)
DEVICE_ROLES = (Role.KIOSK, Role.PARTNER, Role.STAFF)
OF_NO_HALL = (Role.OPS, Role.ADMIN)

ACTOR = "command"
"""Who did it, in the history: somebody who may run commands on the server."""

Work = Callable[[Identity, IdempotentRequest], Awaitable[None]]


async def add_user(  # noqa: PLR0913, PLR0917  (options of a command line)
    dsn: str, settings: Settings, name: str, role: str, hall: str | None, display_name: str
) -> None:
    """Give somebody a role, and print the password for one use if they are new. Raises CannotServe."""
    wanted = name_of(name)
    if wanted == ADMIN_NAME or not NAME.fullmatch(wanted):
        raise CannotServe("a name is letters, digits and . _ @ + -, beginning with a letter or digit; not admin")
    shown = _shown(display_name or name.strip(), "what others read")
    async with _identity(dsn, settings) as (identity, database, act):
        where = await _hall(database, role, hall, ACCOUNT_ROLES, OF_NO_HALL)
        _, password = await identity.staff.add(where, wanted, shown, role, act, Authority())
    typer.echo(password or f"{wanted} has an account already, and now this role too")


async def reset_user(dsn: str, settings: Settings, name: str) -> None:
    """Print a password for one use, and end somebody's sessions. Raises CannotServe."""
    async with _identity(dsn, settings) as (identity, _, act):
        account = await identity.accounts.named(name_of(name))
        if account is None:
            raise CannotServe(f"there is no account {name_of(name)}")
        if account.sso:
            raise CannotServe(f"{account.name} signs in by single sign-on, and has no password here")
        password = await identity.staff.reset(None, account.id, act, Authority())
    typer.echo(password)


async def add_token(dsn: str, settings: Settings, name: str, role: str, hall: str | None) -> None:
    """Make a device, and print its token. Raises CannotServe."""
    name = _shown(name, "a device's name")
    async with _identity(dsn, settings) as (identity, database, act):
        where = await _hall(database, role, hall, DEVICE_ROLES, (Role.OPS,))
        _, token = await identity.devices.create(where, name, role, act)
    typer.echo(token)


async def list_tokens(dsn: str, settings: Settings) -> None:
    """Print all devices, without their tokens. Raises CannotServe."""
    async with _identity(dsn, settings) as (identity, _, _act):
        devices = await identity.devices.all()
    table = Table("id", "hall", "role", "name", "last seen")
    for device in devices:
        seen = "never" if device.last_seen_at is None else f"{device.last_seen_at:%Y-%m-%d %H:%M}Z"
        hall = "" if device.hall == EVERY_HALL else device.hall
        table.add_row(device.id, hall, device.role, Text(device.name), seen)  # brackets of a name are no markup of rich
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)


async def revoke_token(dsn: str, settings: Settings, device: str) -> None:
    """Take a device's token back. Raises CannotServe."""
    async with _identity(dsn, settings) as (identity, _, act):
        found = next((one for one in await identity.devices.all() if one.id == device), None)
        if found is None:
            raise CannotServe(f"there is no device {device}")
        await identity.devices.revoke(found.hall, found.id, act)
    typer.echo(f"revoked {found.name}")


def _shown(name: str, what: str) -> str:
    """A name that is shown, by the rule that calls have, too. Raises CannotServe."""
    try:
        return msgspec.convert(name, DisplayName)
    except msgspec.ValidationError as error:
        raise CannotServe(f"{what} is one line of 1 to {DISPLAY_NAME_MAX} letters") from error


@asynccontextmanager
async def _identity(dsn: str, settings: Settings) -> AsyncIterator[tuple[Identity, Database, IdempotentRequest]]:
    await migrated(dsn)
    clock = Clock()
    async with Database(dsn) as database:
        signer = Signer(await secret_check.note(database, settings))
        with Identity(database, clock, signer.fingerprint, signer.admin_keys()) as identity:
            asked_s = clock.monotonic_s()
            clock.follow(await database.ping(), asked_s)
            try:
                yield identity, database, IdempotentRequest(new_id(), None, clock.now_at(), ACTOR)
            except Refusal as refusal:
                raise CannotServe(refusal.title()) from refusal


async def _hall(
    database: Database, role: str, hall: str | None, of_halls: tuple[Role, ...], of_none: tuple[Role, ...]
) -> str:
    """The hall that a role is of. Raises CannotServe."""
    if role not in {*of_halls, *of_none}:
        raise CannotServe(f"a role is one of {', '.join((*of_halls, *of_none))}")
    if role in of_none:
        if hall is not None:
            raise CannotServe(f"{role} is of no hall: leave --hall out")
        return EVERY_HALL
    if hall is None:
        raise CannotServe(f"{role} is of a hall: say which with --hall")
    if not CODE_OF_HALL.fullmatch(hall) or await stored.Halls(database).get(HallId(hall)) is None:
        raise CannotServe(f"there is no hall {hall}")
    return hall
