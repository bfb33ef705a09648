"""The documentation: the reference is complete, links have targets, and examples are valid."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from benchmarks.suite import NAMES
from docs.generate import PARTS, REFERENCE, page, refusals, shortened
from service.api.routes import ROUTES
from service.cli.main import cli
from service.config.catalog import SETTINGS
from service.metrics.metrics import VERSION, Metrics

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *DOCS.rglob("*.md")])
TEXTS = {path: path.read_text("utf-8") for path in PAGES}
ALL = "\n".join(TEXTS.values())

README_LINES_MAX = 250
CHANGELOG_OF_0_1_0_LINES_MAX = 60
PICTURES_MAX = 24
PICTURES_BYTES_MAX = 2 * 1024 * 1024

FENCE = re.compile(r"^( *)```(\w+)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")
COMMAND = re.compile(r"(?:\./paihao|python -m service) +([^\n`|;&>)]*)")
SCRIPT_COMMANDS = {"test", "bench", "docs"}
"""Commands of the script `paihao` itself. The other commands are those of the service."""


def reference(name: str) -> str:
    return TEXTS[REFERENCE / f"{name}.md"]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


# The reference is complete.


@pytest.mark.parametrize("path", sorted(REFERENCE.glob("*.md")), ids=name_of)
def test_a_reference_page_is_what_the_generator_writes(path: Path) -> None:
    assert page(path) == path.read_text("utf-8"), "run `./paihao docs`"


def test_every_generated_part_is_on_a_page() -> None:
    for part in PARTS:
        assert f"<!-- generated: {part} -->" in ALL, part


def test_the_settings_page_has_every_setting_with_its_default_and_meaning() -> None:
    for setting in SETTINGS:
        assert f"| `{setting.name}` | {setting.default} | {setting.meaning} |" in reference("settings"), setting.name


def test_the_api_page_has_every_call_with_its_roles() -> None:
    for route in ROUTES:
        row = f"| `{route.method} {shortened(route.path)}` | {', '.join(route.roles)} |"
        assert row in reference("http-api"), route.path


def test_the_problems_page_has_every_problem_with_its_status_and_title() -> None:
    for refusal in refusals():
        row = f"| `{refusal.code}` | {refusal.status} | {refusal.title()} |"
        assert row in reference("problems"), refusal.code


def test_the_metrics_page_has_every_metric_with_its_meaning() -> None:
    for family in Metrics(list).registry.collect():
        if family.name.startswith("paihao"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            assert f"| `{name}` | {family.type} | {family.documentation} |" in reference("metrics"), name


def test_the_documentation_names_no_setting_metric_or_problem_that_does_not_exist() -> None:
    settings = {setting.name for setting in SETTINGS} | {"PAIHAO_"}
    metrics = {family.name for family in Metrics(list).registry.collect()}
    series = {f"{name}{suffix}" for name in metrics for suffix in ("", "_total", "_bucket", "_sum", "_count")}
    problems = {refusal.code for refusal in refusals()}

    assert set(re.findall(r"PAIHAO_[A-Z_]*", ALL)) <= settings
    assert {name for name in re.findall(r"\bpaihao_\w+", ALL) if not name.endswith("_")} <= series
    assert set(re.findall(r"^\| `([a-z-]+)` \| \d{3} \|", ALL, re.MULTILINE)) <= problems


def test_every_decision_is_in_the_index_and_numbered_without_a_gap() -> None:
    decisions = sorted(path.name for path in (DOCS / "decisions").glob("0*.md"))

    assert re.findall(r"\((0[\w-]+\.md)\)", TEXTS[DOCS / "decisions" / "index.md"]) == decisions
    assert [int(name[:4]) for name in decisions] == list(range(1, len(decisions) + 1))


# Links and pictures.


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#{1,6} +(.+?) *$", FENCE.sub("", text), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
        found[slug] = found.get(slug, -1) + 1
    return {slug if n == 0 else f"{slug}-{n}" for slug, last in found.items() for n in range(last + 1)}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_link_and_anchor_leads_somewhere(path: Path) -> None:
    for link in LINK.findall(FENCE.sub("", TEXTS[path])):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text("utf-8")), link


def test_every_picture_is_shown_and_they_are_few_and_small() -> None:
    pictures = list((DOCS / "pictures").iterdir())

    assert len(pictures) <= PICTURES_MAX
    assert sum(picture.stat().st_size for picture in pictures) <= PICTURES_BYTES_MAX
    for picture in pictures:
        assert re.search(rf"!\[[^\]]+\]\([^)]*{re.escape(picture.name)}\)", ALL), picture.name


# Examples.


def blocks(*languages: str) -> list[Any]:
    """Return the code blocks in these languages as test parameters, named by page and line."""
    found = []
    for path, text in TEXTS.items():
        for match in FENCE.finditer(text):
            if match[2] in languages:
                line = text[: match.start()].count("\n") + 1
                indent = len(match[1])
                code = "".join(row[indent:] if row.strip() else row for row in match[3].splitlines(keepends=True))
                found.append(pytest.param(code, id=f"{name_of(path)}:{line}"))
    return found


@pytest.mark.parametrize("code", blocks("sh", "bash"))
def test_shell_examples_can_be_parsed(code: str) -> None:
    checked = subprocess.run(["bash", "-n"], input=code, text=True, capture_output=True, check=False)  # noqa: S607  (the bash that runs `paihao`)

    assert checked.returncode == 0, checked.stderr
    assert not checked.stderr


@pytest.mark.parametrize("code", blocks("json"))
def test_json_examples_can_be_parsed(code: str) -> None:
    json.loads(code)


def test_json_and_python_within_shell_examples_is_valid() -> None:
    for parameters in blocks("sh", "bash"):
        (code,) = parameters.values
        for text in re.findall(r"<<'JSON'\n(.*?)^JSON$", str(code), re.MULTILINE | re.DOTALL):
            json.loads(text)
        for text in re.findall(r"<<'PYTHON'\n(.*?)^PYTHON$", str(code), re.MULTILINE | re.DOTALL):
            compile(text, str(parameters.id), "exec")


def test_python_examples_compile() -> None:
    for parameters in blocks("python"):
        compile(str(parameters.values[0]), str(parameters.id), "exec")


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_command_and_option_exists(path: Path) -> None:
    for text in COMMAND.findall(TEXTS[path].replace("\\\n", " ")):
        words = text.split()
        if not words or not re.fullmatch(r"[a-z][a-z-]*", words[0]):
            continue  # `./paihao COMMAND`, or the script alone
        if words[0] in SCRIPT_COMMANDS:
            assert words[0] != "bench" or not words[1:] or words[1] in {*NAMES, "NAME"}, text
            continue
        command: Any = typer.main.get_command(cli)
        while hasattr(command, "commands") and words:
            name = words.pop(0).rstrip(",.:")
            assert name in command.commands, text
            command = command.commands[name]
        known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, text


# The whole site.


def test_the_readme_is_short() -> None:
    assert len(TEXTS[ROOT / "README.md"].splitlines()) <= README_LINES_MAX


def test_no_page_has_a_gap_to_be_filled() -> None:
    for path, text in TEXTS.items():
        assert not re.findall(r"^[A-Z]{4,}$|TODO|FIXME", FENCE.sub("", text), re.MULTILINE), path


def test_the_first_release_is_a_short_part_of_the_changelog() -> None:
    _, _, first = (ROOT / "CHANGELOG.md").read_text("utf-8").partition("## [0.1.0]")

    assert 0 < len(first.partition("\n## ")[0].splitlines()) <= CHANGELOG_OF_0_1_0_LINES_MAX


def test_the_version_is_the_same_everywhere() -> None:
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert f"## [{VERSION}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_site_can_be_built_without_a_warning(tmp_path: Path) -> None:
    mkdocs = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    env = {"PATH": str(Path(shutil.which("bash") or "/bin/bash").parent), "NO_MKDOCS_2_WARNING": "1"}

    built = subprocess.run(mkdocs, cwd=ROOT, env=env, text=True, capture_output=True, check=False)

    assert built.returncode == 0, built.stdout + built.stderr
    assert (tmp_path / "site" / "explanation" / "architecture.html").exists()
