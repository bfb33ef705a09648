"""Look up the display names of accounts that acted."""

from collections.abc import Iterable

from aiohttp import web

from service.api.app_keys import IDENTITY
from service.domain.events import account_of


async def names_of(request: web.Request, actors: Iterable[str]) -> dict[str, str]:
    """The display names of those actors that are accounts, by actor. Raises StorageUnavailable."""
    accounts = {actor: account for actor in actors if (account := account_of(actor)) is not None}
    names = await request.app[IDENTITY].accounts.display_names(set(accounts.values()))
    return {actor: names[account] for actor, account in accounts.items() if account in names}
