"""A provider of single sign-on for tests: the real `oidc-provider-mock`, in a process of its own."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.serve.program import free_port

WITHIN_S = 40.0
LOOK_EVERY_S = 0.05


@dataclass
class Provider:
    """The provider, as its people see it."""

    issuer: str
    session: aiohttp.ClientSession

    async def knows(self, subject: str, **claims: object) -> None:
        """Have the provider know somebody."""
        async with self.session.put(f"{self.issuer}/users/{subject}", json=claims) as response:
            assert response.status == 204, await response.text()

    async def agree(self, address: str, subject: str) -> str:
        """Sign in at the provider's page, and return where it sends the browser."""
        async with self.session.post(address, data={"sub": subject}, allow_redirects=False) as response:
            assert response.status == 302, await response.text()
            return response.headers["Location"]

    async def deny(self, address: str) -> str:
        """Say no at the provider's page, and return where it sends the browser."""
        async with self.session.post(address, data={"action": "deny"}, allow_redirects=False) as response:
            return response.headers["Location"]


@asynccontextmanager
async def provider_in(folder: Path) -> AsyncIterator[Provider]:
    """Run a provider."""
    port = free_port()
    with (folder / "provider.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220  (it does not block)
            [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)], stdout=log, stderr=log
        )
    try:
        async with aiohttp.ClientSession() as session:
            provider = Provider(f"http://127.0.0.1:{port}", session)
            await _until_it_answers(provider, process)
            yield provider
    finally:
        process.terminate()
        process.wait(WITHIN_S)


async def _until_it_answers(provider: Provider, process: "subprocess.Popen[bytes]") -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            assert process.poll() is None, "the provider ended"
            try:
                async with provider.session.get(f"{provider.issuer}/jwks") as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(LOOK_EVERY_S)
