"""The image: made by the steps of the Dockerfile, started by its ENTRYPOINT, asked by its HEALTHCHECK."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import yaml  # type: ignore[import-untyped]

from tests.deploy.image import Stage, stand_in
from tests.serve.program import free_port, until
from tests.service import Api

ROOT = Path(__file__).parents[2]
STOPPED_WITHIN_S = 20.0
DEV_ONLY = ("pytest", "mypy", "ruff", "playwright", "hypothesis", "pip")


@asynccontextmanager
async def container(
    image: Stage, said: Path, *arguments: str, check: tuple[str, ...] = (), **extra: str
) -> AsyncIterator["subprocess.Popen[bytes]"]:
    """Do `docker run`, wait until the image or another check says that it is healthy, and do `docker stop`."""
    with said.open("wb") as file:
        process = image.start(*arguments, said=file, **extra)

    async def answers() -> bool:
        assert process.poll() is None, said.read_text()
        return await asyncio.to_thread(image.healthy, *check, **extra) == 0

    try:
        await until(answers, "the health of the container")
        yield process
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, STOPPED_WITHIN_S) == 0, said.read_text()
    finally:
        process.kill()
        process.wait()


async def test_what_the_dockerfile_makes_serves_takes_tickets_keeps_them_in_its_volume_and_says_how_it_is(
    image: Stage, tmp_path: Path
) -> None:
    ports = {"PAIHAO_PORT": str(free_port()), "PAIHAO_DISPLAY_PORT": str(free_port())}
    sockets = str(free_port())
    _, *compose_check = _compose_services()["display"]["healthcheck"]["test"]
    base = f"http://127.0.0.1:{ports['PAIHAO_PORT']}"

    async with (
        container(image, tmp_path / "first", PAIHAO_DEMO_ALWAYS_OPEN="1", **ports),  # CMD: serve
        container(image, tmp_path / "sockets", "display", check=tuple(compose_check), PAIHAO_DISPLAY_PORT=sockets),
        Api(base) as api,
    ):
        taken = await api.take()
    stopped = image.healthy(**ports)
    stopped_display = image.healthy(*compose_check, PAIHAO_DISPLAY_PORT=sockets)
    async with container(image, tmp_path / "second", "serve", **ports), Api(base) as api:
        found = await api.call("GET", f"tickets/{taken['id']}", token=taken["token"])

    assert taken["number"] == "A001"
    assert (stopped, stopped_display) == (1, 1)
    assert (found.status, found.body["number"]) == (200, "A001")


def test_the_image_holds_what_the_service_needs_and_nothing_else(image: Stage) -> None:
    inside = {path.name for path in image.path("/app").iterdir()}
    packages = {path.name for path in image.path("/app/venv").rglob("site-packages/*")}

    assert inside == {"LICENSE", "healthy.py", "service", "display", "migrations", "venv"}
    assert "aiohttp" in packages
    assert packages.isdisjoint(DEV_ONLY)
    for path in image.path("/app").rglob("*"):
        assert path.is_symlink() or path.stat().st_mode & 0o444 == 0o444, path


def test_the_images_account_has_a_name_is_not_root_and_owns_the_data_alone(image: Stage) -> None:
    name, _, uid, gid, *_, home, _ = image.account
    owner = image.path("/data").stat()
    account = stand_in() or (os.geteuid(), os.getegid())

    assert name == "paihao"
    assert image.user == f"{uid}:{gid}" != "0:0"
    assert home == image.folder == "/data"
    assert (owner.st_uid, owner.st_gid) == account


def test_the_image_runs_every_command_and_reads_its_settings(image: Stage) -> None:
    code, said = image.ran([*image.entrypoint, "check-config"])
    misspelt, why = image.ran([*image.entrypoint, "check-config"], {"PAIHAO_PROT": "80"})

    assert code == 0, said
    assert "0.0.0.0" in said  # noqa: S104  (read, not bound)
    assert str(image.path("/data")) in said
    assert (misspelt, "PAIHAO_PORT" in why) == (1, True)


def _compose_services() -> dict[str, dict[str, dict[str, list[str]]]]:
    services: dict[str, dict[str, dict[str, list[str]]]] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))[
        "services"
    ]
    return services
