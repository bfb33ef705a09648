"""Fixtures of this folder: processes, data folders and halls."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from service.domain.hall.demo import demo_document
from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.journal import hall_documents as stored
from service.journal.database import Database
from tests.serve.program import Programs


@pytest.fixture
async def programs(tmp_path: Path) -> AsyncIterator[Programs]:
    """Start processes; at the end of the test all are stopped and their output is checked."""
    programs = Programs(tmp_path)
    try:
        yield programs
    finally:
        await programs.end()


@pytest.fixture(scope="session")
def document() -> HallDocument:
    """Return the document of a hall that never closes, in a zone where it is about noon: no day ends."""
    offset = datetime.now(UTC).hour - 12  # Etc/GMT+5 is five hours behind
    zone = "Etc/GMT" if offset == 0 else f"Etc/GMT{offset:+d}"
    return msgspec.structs.replace(demo_document(always_open=True), time_zone=zone)


@pytest.fixture
async def noon(dsn: str, document: HallDocument) -> str:
    """Return the URL of a database with only the hall `noon`."""
    async with Database(dsn) as database:
        await stored.HallStore(database).create_if_absent(HallId("noon"), document)
    return dsn


@pytest.fixture(scope="session")
async def made_folder(tmp_path_factory: pytest.TempPathFactory, document: HallDocument) -> Path:
    """Return a data folder with an embedded database and the hall `noon`, to be copied; no server runs in it."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "noon.json").write_bytes(msgspec.json.encode(document))
    programs = Programs(folder)
    await programs.run("hall", "apply", "noon", "noon.json")
    await programs.end()
    return folder / "var"


@pytest.fixture
def data_dir(made_folder: Path, tmp_path: Path) -> Path:
    """Return a copy of that data folder for one test."""
    cp = shutil.which("cp")
    assert cp is not None
    subprocess.run([cp, "-a", made_folder, tmp_path / "var"], check=True)  # keeps owners, unlike copytree
    return tmp_path / "var"
