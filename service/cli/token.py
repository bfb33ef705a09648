"""`./paihao token`: devices and programs with a bearer token. Works with or without a running `serve`."""

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from service.api.access.roles import Role
from service.cli import accounts_session as session
from service.cli.output import console
from service.config.settings import Settings
from service.identity.audit_log import SERVICE_WIDE
from service.runtime.startup_checks import CannotServe

commands = typer.Typer(help="Manage the bearer tokens of devices and programs.", no_args_is_help=True)

HALL_ROLES = (Role.KIOSK, Role.PARTNER, Role.STAFF)
GLOBAL_ROLES = (Role.OPS,)


@commands.command("add")
def add(
    name: str,
    role: Annotated[str, typer.Option(help="kiosk, partner or staff (of one hall), or ops (of all halls).")],
    hall: session.HallOption = None,
) -> None:
    """Create a device and print its bearer token, once."""
    session.run_on_database(lambda dsn, settings: add_token(dsn, settings, name, role, hall), may_create=True)


@commands.command("list")
def list_() -> None:
    """List the devices, without their tokens."""
    session.run_on_database(list_tokens)


@commands.command("revoke")
def revoke(device: Annotated[str, typer.Argument(help="The id of the device, as `token list` prints it.")]) -> None:
    """Revoke the token of a device. It is refused within five seconds."""
    session.run_on_database(lambda dsn, settings: revoke_token(dsn, settings, device))


async def add_token(dsn: str, settings: Settings, name: str, role: str, hall: str | None) -> None:
    """Create a device, and print its token.

    Raises:
        CannotServe: an argument is invalid.
    """
    device_name = session.display_name(name, "a device's name")
    async with session.accounts_session(dsn, settings) as (identity, database, request):
        role_hall = await session.hall_of_role(database, role, hall, HALL_ROLES, GLOBAL_ROLES)
        _, token = await identity.devices.create(role_hall, device_name, role, request)
    typer.echo(token)


async def list_tokens(dsn: str, settings: Settings) -> None:
    """Print a table of all devices; last seen in UTC."""
    async with session.accounts_session(dsn, settings) as (identity, _, _request):
        devices = await identity.devices.all()
    table = Table("id", "hall", "role", "name", "last seen")
    for device in devices:
        seen = "never" if device.last_seen_at is None else f"{device.last_seen_at:%Y-%m-%d %H:%M}Z"
        hall = "" if device.hall == SERVICE_WIDE else device.hall
        table.add_row(device.id, hall, device.role, Text(device.name), seen)  # Text: rich parses brackets as markup
    console().print(table)


async def revoke_token(dsn: str, settings: Settings, device: str) -> None:
    """Revoke the token of a device.

    Raises:
        CannotServe: there is no device with this id.
    """
    async with session.accounts_session(dsn, settings) as (identity, _, request):
        found = next((listed for listed in await identity.devices.all() if listed.id == device), None)
        if found is None:
            raise CannotServe(f"there is no device {device}")
        await identity.devices.revoke(found.hall, found.id, request)
    typer.echo(f"revoked {found.name}")
