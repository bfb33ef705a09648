"""README is tested: what it must name, it names."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.api.routes import ROUTES
from service.config import SETTINGS
from service.domain.refusals import Refusal
from service.metrics.metrics import Metrics

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_readme_names_every_setting_with_its_default_and_meaning() -> None:
    for setting in SETTINGS:
        assert f"| `{setting.name}` | {setting.default} | {setting.meaning} |" in README, setting.name


def test_readme_names_every_call() -> None:
    for route in ROUTES:
        path = route.path.replace("/v1/halls/{hall}/", "…/")
        assert f"| `{route.method} {path}` | {', '.join(route.roles)} |" in README, route.path


def test_readme_names_every_problem_with_its_status_and_title() -> None:
    for refusal in _all_below(Refusal):
        assert f"| `{refusal.code}` | {refusal.status} | {refusal.title()} |" in README, refusal.code


def test_readme_names_every_metric() -> None:
    for family in Metrics(list).registry.collect():
        if family.name.startswith("paihao"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            assert f"| `{name}` | {family.type} | {family.documentation} |" in README, name


def test_readme_names_no_setting_metric_or_problem_that_does_not_exist() -> None:
    settings = {setting.name for setting in SETTINGS} | {"PAIHAO_"}
    metrics = {family.name for family in Metrics(list).registry.collect()}
    problems = {refusal.code for refusal in _all_below(Refusal)}

    assert set(re.findall(r"PAIHAO_[A-Z_]*", README)) <= settings
    assert {name.removesuffix("_total") for name in re.findall(r"^\| `(paihao_\w+)`", README, re.MULTILINE)} <= metrics
    assert set(re.findall(r"^\| `([a-z-]+)` \| \d{3} \|", README, re.MULTILINE)) <= problems


def _all_below(refusal: type[Refusal]) -> Iterator[type[Refusal]]:
    """Every refusal there is: the calls bring in the modules of them all."""
    for one in refusal.__subclasses__():
        yield one
        yield from _all_below(one)


def test_readme_has_no_gap_that_waits_to_be_filled() -> None:
    assert not re.findall(r"^[A-Z]{4,}$|TODO|FIXME", README, re.MULTILINE)


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_every_file_that_readme_links_to_exists(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_version_is_the_same_everywhere() -> None:
    from service.metrics.metrics import VERSION  # noqa: PLC0415  (only this test is about it)

    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert f"## [{VERSION}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
