"""The import contracts cover all modules of the service."""

import pkgutil
import tomllib
from pathlib import Path

import service

PYPROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
CONTRACTS = PYPROJECT["tool"]["importlinter"]["contracts"]
MODULES = {f"service.{module.name}" for module in pkgutil.iter_modules(service.__path__)}


def test_display_may_import_no_module_of_the_service_but_its_contract() -> None:
    (contract,) = (one for one in CONTRACTS if one.get("source_modules") == ["display"])

    assert MODULES - set(contract["forbidden_modules"]) == {"service.contract"}


def test_every_module_of_the_service_has_its_place_in_the_layers() -> None:
    (contract,) = (one for one in CONTRACTS if one.get("containers") == ["service"])
    placed = {f"service.{name.strip()}" for layer in contract["layers"] for name in layer.split("|")}

    assert placed == MODULES
