"""The contracts about imports forget no module of the service."""

import pkgutil
import tomllib
from pathlib import Path

import pytest

import service

PYPROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
MODULES = {f"service.{module.name}" for module in pkgutil.iter_modules(service.__path__)}


@pytest.mark.parametrize(("source", "allowed"), [("service.domain", "service.domain"), ("display", "service.contract")])
def test_who_may_import_one_module_of_the_service_may_import_no_other(source: str, allowed: str) -> None:
    (contract,) = (one for one in PYPROJECT["tool"]["importlinter"]["contracts"] if one["source_modules"] == [source])

    assert MODULES - set(contract["forbidden_modules"]) == {allowed}
