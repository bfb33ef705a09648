"""The files for operators have valid syntax, and agree with the service and with each other."""

import importlib.metadata
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml  # type: ignore[import-untyped]
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from service.config.catalog import SETTINGS
from service.config.settings import Settings
from tests.deploy.dockerfile import (
    DockerfileError,
    Ignored,
    Instruction,
    assignments,
    context_files,
    expanded,
    instructions,
)

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
SCHEMA: dict[str, Any] = json.loads((ROOT / "tests" / "deploy" / "compose.schema.json").read_text("utf-8"))
PROMETHEUS: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text("utf-8"))
IGNORED = Ignored((ROOT / ".dockerignore").read_text("utf-8"))
OURS = ("Dockerfile", "compose.yaml", ".dockerignore", "deploy/prometheus.yml", "deploy/runtime.txt")

SECRET = re.compile(r"TOKEN|SECRET|PASSWORD|_KEY")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The Python of the checkout and that of the image: a package that one of them needs is installed in both."""


def named(name: str) -> list[Instruction]:
    return [one for one in instructions(DOCKERFILE) if one.name == name]


def variables() -> dict[str, str]:
    """Return the image's environment, without the variables of its base image."""
    values = {"PATH": ""}
    for one in named("ENV"):
        values |= {name: expanded(value, values) for name, value in assignments(one).items()}
    return values


def base_image() -> str:
    return assignments(named("ARG")[0])["PYTHON"]


def is_pinned(image: str) -> bool:
    return re.fullmatch(r"[a-z0-9/-]+:v?\d[\w.-]*", image) is not None


# The Dockerfile.


def test_the_dockerfile_keeps_to_its_grammar() -> None:
    names = [one.name for one in instructions(DOCKERFILE)]

    assert [names.count(name) for name in ("ENTRYPOINT", "CMD", "HEALTHCHECK")] == [1, 1, 1]
    for name in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
        assert named(name)[0].exec_form
        assert names.index(name) > len(names) - names[::-1].index("FROM")  # of the last stage
    assert named("HEALTHCHECK")[0].text.startswith("CMD ")


@pytest.mark.parametrize(
    "text",
    [
        "RUN true\nFROM python:3.13-slim",
        "FROM python:3.13-slim\nFETCH something",
        "FROM python:3.13-slim\nCOPY --mode=1 a b",
        "FROM python:3.13-slim\nRUN",
        "FROM python:3.13-slim\nRUN true \\",
        "FROM python:3.13-slim\nADD a b",
        "",
    ],
)
def test_a_dockerfile_against_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(DockerfileError):
        instructions(text)


def test_a_program_in_shell_form_is_refused() -> None:
    (_, entrypoint) = instructions("FROM python:3.13-slim\nENTRYPOINT python -m service")

    with pytest.raises(DockerfileError):
        _ = entrypoint.exec_form


def test_every_source_that_the_dockerfile_copies_exists_and_gets_into_the_build() -> None:
    sources = [source for one in named("COPY") if "from" not in one.flags for source in one.words[:-1]]

    assert sources
    for source in sources:
        assert context_files(ROOT, source, IGNORED), source


def test_stages_are_copied_from_by_their_names() -> None:
    stages = {one.words[2] for one in named("FROM") if one.words[1:2] == ["AS"]}

    assert {one.flags["from"] for one in named("COPY") if "from" in one.flags} == stages


def test_every_stage_begins_with_the_one_base_image_whose_version_is_named_and_new_enough() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    image = base_image()
    version = re.search(r":3\.(\d+)", image)

    assert {one.words[0] for one in named("FROM")} == {"${PYTHON}"}
    assert is_pinned(image)
    assert version is not None
    assert int(version[1]) >= int(wanted.removeprefix(">=3."))


def test_the_last_user_of_the_image_is_not_root() -> None:
    last = named("USER")[-1]

    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last.text)
    assert last.line > named("FROM")[-1].line
    assert not [one for one in named("RUN") if one.line > last.line]


def test_packages_are_installed_with_their_hashes_only() -> None:
    installs = [one.text for one in named("RUN") if " install " in one.text]

    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "--no-deps" in installs[0]


def test_no_secret_is_in_the_image() -> None:
    for one in (*named("ENV"), *named("ARG")):
        for name in assignments(one):
            assert SECRET.search(name) is None, name
            assert name != "PAIHAO_DATABASE_URL"


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".venv/bin/python",
        "Dockerfile",
        "deploy/prometheus.yml",
        "service/__pycache__/app.cpython-313.pyc",
        "tests/service.py",
        "var/admin-token",
        "var/postgres/PG_VERSION",
    ],
)
def test_data_secrets_history_and_tests_stay_out_of_the_build(path: str) -> None:
    assert IGNORED(path)


@pytest.mark.parametrize("path", ["service/app.py", "service/domain/day.py", "display/page/screen.js", "LICENSE"])
def test_what_the_service_is_made_of_gets_into_the_build(path: str) -> None:
    assert not IGNORED(path)


# The packages.


def needed(requirement: Requirement, found: set[str]) -> None:
    """Add a package and all its dependencies, on any of the Pythons."""
    name = canonicalize_name(requirement.name)
    if name in found:
        return
    found.add(name)
    for line in importlib.metadata.requires(name) or []:
        inner = Requirement(line)
        if inner.marker is None or any(
            inner.marker.evaluate({"extra": extra, "python_version": version, "python_full_version": f"{version}.0"})
            for extra in ("", *requirement.extras)
            for version in PYTHONS
        ):
            needed(inner, found)


def test_the_image_installs_what_the_project_needs_and_what_that_needs() -> None:
    lines = (ROOT / "deploy" / "runtime.txt").read_text("utf-8").splitlines()
    listed = [line for line in lines if not line.startswith("#")]
    found = set[str]()
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]:
        needed(Requirement(line), found)

    assert set(listed) == found, "deploy/runtime.txt differs"
    assert listed == sorted(listed)


def test_the_images_lock_is_made_of_entries_of_the_one_lock() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    made = lock_of("requirements.lock", "deploy/runtime.txt")

    assert made.returncode == 0, made.stderr
    assert [re.findall(r"(?m)^[a-z0-9-]+(?===)", made.stdout)] == [names_of("deploy/runtime.txt")]
    for entry in re.split(r"(?m)^(?=\S)", made.stdout):
        assert entry in lock
        assert entry == "" or "--hash=sha256:" in entry


def test_a_package_that_the_lock_does_not_have_is_named(tmp_path: Path) -> None:
    (tmp_path / "names").write_text("aiohttp\nnonesuch\n", "utf-8")

    made = lock_of("requirements.lock", str(tmp_path / "names"))

    assert (made.returncode, made.stdout) == (1, "")
    assert "not in the lock: nonesuch" in made.stderr


def lock_of(*arguments: str) -> "subprocess.CompletedProcess[str]":
    script = ROOT / "deploy" / "runtime_lock.py"
    return subprocess.run([sys.executable, script, *arguments], check=False, capture_output=True, text=True, cwd=ROOT)


def names_of(path: str) -> list[str]:
    return [line for line in (ROOT / path).read_text("utf-8").splitlines() if not line.startswith("#")]


# compose.yaml.


def faults(compose: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(compose)]


def values_of(node: object) -> Iterator[str]:
    """Return all texts of a document."""
    if isinstance(node, dict):
        for value in node.values():
            yield from values_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from values_of(value)
    elif isinstance(node, str):
        yield node


def test_compose_keeps_to_its_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    assert faults(COMPOSE) == []


@pytest.mark.parametrize(
    ("service", "field", "value"),
    [
        ("serve", "enviroment", {}),
        ("serve", "restart", "sometimes"),
        ("serve", "ports", ["8080:http"]),
        ("serve", "depends_on", {"postgres": {"condition": "ready"}}),
        ("display", "healthcheck", {"test": ["python", "-m", "healthy"]}),
        ("display", "healthcheck", {"test": ["CMD", "true"], "interval": "5 seconds"}),
        ("postgres", "shm_size", "much"),
        ("postgres", "volumes", ["postgres:var"]),
        ("prometheus", "secrets", [{"target": "nothing"}]),
    ],
)
def test_a_compose_file_against_the_schema_is_refused(service: str, field: str, value: object) -> None:
    compose = deepcopy(COMPOSE)
    compose["services"][service][field] = value

    assert faults(compose)


def test_what_compose_names_is_there() -> None:
    services = COMPOSE["services"]
    for service in services.values():
        for other, how in service.get("depends_on", {}).items():
            assert other in services
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other] or (services[other]["build"] == "." and named("HEALTHCHECK"))
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"], volume
        for secret in service.get("secrets", []):
            assert secret["source"] in COMPOSE["secrets"]


def test_every_image_of_compose_is_built_here_or_has_a_version() -> None:
    for name, service in COMPOSE["services"].items():
        assert service.get("build") == "." or is_pinned(service["image"]), name


def test_every_service_of_compose_comes_back_by_itself_and_is_given_time_to_stop() -> None:
    for service in COMPOSE["services"].values():
        assert service["restart"] == "unless-stopped"
    for name in ("serve", "display", "postgres"):
        assert COMPOSE["services"][name]["stop_grace_period"]


def test_compose_has_no_secret_and_no_default_for_one() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name) and value is not None:  # which is taken over from who starts it
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), name
    for text in values_of(COMPOSE):
        assert re.search(r"\$\{\w+:?-", text) is None, text
        assert re.search(r"://[^/@]*:[^/@]*@", text) is None, text


def test_both_programs_of_compose_share_their_settings_and_commands_exist() -> None:
    serve, display = COMPOSE["services"]["serve"], COMPOSE["services"]["display"]

    assert serve["environment"] == display["environment"]
    assert (serve["command"], display["command"]) == (["serve"], ["display"])


def test_every_setting_that_is_not_the_images_reaches_both_programs_of_compose() -> None:
    of_image = {"PAIHAO_DATA_DIR", "PAIHAO_HOST", "PAIHAO_PORT", "PAIHAO_DISPLAY_PORT"}
    wanted = {setting.name for setting in SETTINGS} - of_image

    assert of_image <= variables().keys()
    assert {name for name in COMPOSE["services"]["serve"]["environment"] if name.startswith("PAIHAO_")} == wanted


# All of them.


@pytest.mark.parametrize("path", OURS)
def test_every_setting_that_is_named_exists(path: str) -> None:
    known = {setting.name for setting in SETTINGS}

    assert set(re.findall(r"PAIHAO_[A-Z_]+", (ROOT / path).read_text("utf-8"))) <= known


def test_ports_are_the_same_in_the_service_the_image_and_what_runs_beside_it() -> None:
    settings = Settings()
    ours = {settings.port, settings.display_port}
    environment = variables()
    services = COMPOSE["services"]
    containers = [int(port.split(":")[-1]) for name in ("serve", "display") for port in services[name]["ports"]]
    targets = PROMETHEUS["scrape_configs"][0]["static_configs"][0]["targets"]

    assert {int(environment["PAIHAO_PORT"]), int(environment["PAIHAO_DISPLAY_PORT"])} == ours
    assert {int(port) for port in named("EXPOSE")[0].words} == ours
    assert containers == [settings.port, settings.display_port]
    assert targets == [f"serve:{settings.port}", f"display:{settings.display_port}"]


def test_data_lies_in_the_volume_and_owns_a_place_in_compose() -> None:
    data = variables()["PAIHAO_DATA_DIR"]

    assert named("VOLUME")[0].text == data
    assert data in COMPOSE["services"]["serve"]["tmpfs"]
    assert COMPOSE["services"]["serve"]["read_only"]


def test_prometheus_takes_its_configuration(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    service = COMPOSE["services"]["prometheus"]
    mounted = {target: source for source, target, *_ in (volume.split(":") for volume in service["volumes"])}
    folder = "/etc/prometheus/"
    shutil.copy(ROOT / mounted[f"{folder}prometheus.yml"], tmp_path / "prometheus.yml")
    for secret in service["secrets"]:
        (tmp_path / secret["target"].removeprefix(folder)).touch()

    assert promtool is not None, "promtool is in the Debian package promtool or prometheus"
    checked = subprocess.run(
        [promtool, "check", "config", tmp_path / "prometheus.yml"], check=False, capture_output=True, text=True
    )

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("path", OURS)
def test_no_package_index_is_named(path: str) -> None:
    text = (ROOT / path).read_text("utf-8")

    assert re.search(r"https?://|--(?:extra-)?index-url|--find-links", text) is None
