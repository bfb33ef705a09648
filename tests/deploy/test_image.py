"""The image: built by the steps of the Dockerfile, started by its ENTRYPOINT, checked by its HEALTHCHECK."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from tests.deploy.dockerfile import DockerfileError
from tests.deploy.image import Stage, build, stand_in
from tests.serve.program import free_port, until
from tests.service import Api

ROOT = Path(__file__).parents[2]
STOPPED_WITHIN_S = 20.0
DEV_ONLY = ("pytest", "mypy", "ruff", "playwright", "hypothesis", "pip")


@asynccontextmanager
async def container(
    image: Stage, said: Path, *arguments: str, environment: Mapping[str, str], check: Sequence[str] = ()
) -> AsyncIterator[None]:
    """Do `docker run`, wait until a health check succeeds; at the end do `docker stop`."""
    with said.open("wb") as file:
        process = image.start(arguments, environment, file)

    async def answers() -> bool:
        assert process.poll() is None, told(said)
        return await asyncio.to_thread(image.health, environment, check) == 0

    try:
        await until(answers, "the health of the container")
        yield
    finally:
        process.send_signal(signal.SIGTERM)  # also after a failure, for it stops its PostgreSQL
        try:
            code = await asyncio.to_thread(process.wait, STOPPED_WITHIN_S)
        finally:
            process.kill()
            process.wait()
    assert code == 0, told(said)


def told(path: Path) -> str:
    return path.read_text("utf-8")


async def test_what_the_dockerfile_makes_serves_takes_tickets_keeps_them_in_its_volume_and_says_how_it_is(
    image: Stage, tmp_path: Path
) -> None:
    ports = {"PAIHAO_PORT": str(free_port()), "PAIHAO_DISPLAY_PORT": str(free_port())}
    sockets = {"PAIHAO_DISPLAY_PORT": str(free_port())}
    _, *check = yaml.safe_load(told(ROOT / "compose.yaml"))["services"]["display"]["healthcheck"]["test"]
    open_hall = {"PAIHAO_DEMO_ALWAYS_OPEN": "1", **ports}

    async with (
        container(image, tmp_path / "first", environment=open_hall),  # CMD: serve
        container(image, tmp_path / "screens", "display", environment=sockets, check=check),
        Api(f"http://127.0.0.1:{ports['PAIHAO_PORT']}") as api,
    ):
        taken = await api.take()
    stopped = image.health(ports), image.health(sockets, check)
    async with (
        container(image, tmp_path / "second", "serve", environment=ports),
        Api(f"http://127.0.0.1:{ports['PAIHAO_PORT']}") as api,
    ):
        found = await api.call("GET", f"tickets/{taken['id']}", token=taken["token"])

    assert taken["number"] == "A001"
    assert stopped == (1, 1)
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


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ("RUN echo it went wrong && false", "it went wrong"),
        ("RUN cat /etc/passwd", "/etc/passwd must be reached"),
        ("COPY nonesuch ./", "nonesuch is not there"),
        ("COPY hidden ./", "hidden is not there, or ignored"),
        ("ENV PLACE=$NONESUCH", "NONESUCH has no value"),
    ],
)
def test_a_step_that_fails_ends_the_build(tmp_path: Path, step: str, why: str) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM python:3.13-slim\nWORKDIR /here\n{step}\n", "utf-8")
    (tmp_path / ".dockerignore").write_text("hidden\n", "utf-8")
    (tmp_path / "hidden").touch()

    with pytest.raises(DockerfileError, match=re.escape(why)):
        build(tmp_path, tmp_path / "scratch")
