"""The image, built once."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.image import Stage, build

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def image() -> Iterator[Stage]:
    """The image of this checkout."""
    scratch = Path(tempfile.mkdtemp(prefix="paihao-image-"))  # pytest's own folders keep other accounts out
    try:
        scratch.chmod(0o755)
        yield build(ROOT, scratch)
    finally:
        shutil.rmtree(scratch)
