"""Parts that run only if a setting asks for them: printers, single sign-on and rate limits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from service.api import app_keys
from service.api.staff.single_sign_on import CALLBACK
from service.clock import Clock
from service.composition.background import background_task
from service.composition.shared_parts import SharedParts
from service.config.settings import Settings
from service.identity.oidc import Provider
from service.limits.allowances import Allowances
from service.limits.rate_limiter import RateLimiter
from service.printing.printers import Printers
from service.runtime.startup_checks import CannotServe


async def network_printers(settings: Settings) -> Printers:
    """Make the network printers of PAIHAO_PRINTERS.

    Raises:
        CannotServe: python-escpos does not know the profile of a printer.
    """
    if settings.printers:
        from service.printing.slip import unknown_profiles  # noqa: PLC0415  (takes half a second; few have printers)

        unknown = await asyncio.to_thread(unknown_profiles, settings.printers)
        if unknown:
            raise CannotServe(f"python-escpos has no profile {unknown[0]}; PAIHAO_PRINTERS names it")
    return Printers(settings.printers)


def sign_on_provider(settings: Settings, clock: Clock) -> Provider | None:
    """Make the OpenID Connect provider of the settings; None without single sign-on."""
    if settings.oidc_issuer is None:
        return None
    assert settings.oidc_client_id is not None, "checked when the settings were read"
    return Provider(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        f"{settings.public_url}{CALLBACK}",
        clock.monotonic_s,
    )


@asynccontextmanager
async def rate_limits(settings: Settings, shared: SharedParts) -> AsyncIterator[dict[web.AppKey[Any], Any]]:
    """Run the rate limits. Yields their entry for the HTTP application; nothing if they are off."""
    if not settings.rate_limit:
        yield {}
        return
    limits = RateLimiter(Allowances(shared.database, shared.clock, shared.signer.fingerprint), shared.clock)
    async with background_task(limits.sweep_periodically(), "limits"):
        yield {app_keys.LIMITS: limits}
