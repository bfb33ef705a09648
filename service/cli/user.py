"""`./paihao user`: the accounts of staff. Works with or without a running `serve`."""

from typing import Annotated

import typer

from service.api.access.roles import Role
from service.cli import accounts_session as session
from service.config.settings import Settings
from service.identity.accounts import ADMIN_NAME, NAME, normalized_name
from service.identity.staff import Authority
from service.runtime.startup_checks import CannotServe

commands = typer.Typer(help="Manage the accounts of staff.", no_args_is_help=True)

HALL_ROLES = (Role.VOLUNTEER, Role.STAFF, Role.MANAGER)
GLOBAL_ROLES = (Role.OPS, Role.ADMIN)


@commands.command("add")
def add(
    name: str,
    role: Annotated[str, typer.Option(help="volunteer, staff or manager (of one hall), ops or admin (of all halls).")],
    hall: session.HallOption = None,
    display_name: Annotated[str, typer.Option(help="The name shown to others; default: the account's name.")] = "",
) -> None:
    """Give a role to a user. Creates the account if it is new and prints its one-time password, once."""
    session.run_on_database(
        lambda dsn, settings: add_user(dsn, settings, name, role, hall, display_name), may_create=True
    )


@commands.command("reset")
def reset(name: str) -> None:
    """Print a new one-time password and end the user's sessions."""
    session.run_on_database(lambda dsn, settings: reset_user(dsn, settings, name))


async def add_user(  # noqa: PLR0913, PLR0917  (options of a command line)
    dsn: str, settings: Settings, name: str, role: str, hall: str | None, display_name: str
) -> None:
    """Give a role to a user, and print the one-time password of a new account.

    Raises:
        CannotServe: an argument is invalid.
    """
    account_name = normalized_name(name)
    if account_name == ADMIN_NAME or not NAME.fullmatch(account_name):
        raise CannotServe("a name is letters, digits and . _ @ + -, beginning with a letter or digit; not admin")
    shown_name = session.display_name(display_name or name.strip(), "a display name")
    async with session.accounts_session(dsn, settings) as (identity, database, request):
        role_hall = await session.hall_of_role(database, role, hall, HALL_ROLES, GLOBAL_ROLES)
        _, password = await identity.staff.add(role_hall, account_name, shown_name, role, request, Authority())
    typer.echo(password or f"{account_name} has an account already, and now this role too")


async def reset_user(dsn: str, settings: Settings, name: str) -> None:
    """Print a new one-time password, and end the user's sessions.

    Raises:
        CannotServe: there is no such account, or it has no password because it uses single sign-on.
    """
    async with session.accounts_session(dsn, settings) as (identity, _, request):
        account = await identity.accounts.by_name(normalized_name(name))
        if account is None:
            raise CannotServe(f"there is no account {normalized_name(name)}")
        if account.sso:
            raise CannotServe(f"{account.name} signs in by single sign-on, and has no password here")
        password = await identity.staff.reset(None, account.id, request, Authority())
    typer.echo(password)
