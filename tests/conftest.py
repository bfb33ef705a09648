"""What all tests may use; and how long they look: a little by default, thoroughly with `--long`."""

import atexit
import gc
from itertools import chain

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.postgres", "tests.proxy", "tests.service"]

# While Python takes itself apart, its last collection may crash at a Meta of msgspec that is half gone, a known fault
# of that package: all tests have passed, and the exit code would say otherwise.
atexit.register(gc.freeze)

LONGEST = ("tests/fault/", "tests/deploy/test_image.py", "tests/api/test_schemathesis.py", "tests/simulation/")

WAITING = "tests/browser/"

settings.register_profile("short", deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", settings.get_profile("short"), max_examples=3000)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--long` (more examples, more seeds, longer soaks) and `--pictures` (take pictures of the pages)."""
    parser.addoption("--long", action="store_true", help="run the same tests longer")
    parser.addoption("--pictures", action="store_true", help="take pictures of the pages, into var/pictures")


def pytest_configure(config: pytest.Config) -> None:
    """Choose how many examples hypothesis tries."""
    settings.load_profile("long" if config.getoption("--long") else "short")
    config.addinivalue_line(
        "markers", "pictures: the test only takes pictures; deselected without --pictures or --long"
    )


def takes_pictures(config: pytest.Config) -> bool:
    """Tell whether the tests take pictures of the pages."""
    return bool(config.getoption("--pictures") or config.getoption("--long"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the long ones, so that nobody waits for one at the end; and give each process tests of both kinds.

    A browser's tests mostly wait, the others mostly compute. Processes get equal parts of the list, and half of them
    begin with a browser: so the processors are as busy at the end as at the beginning, and never with all at once.
    """
    if not takes_pictures(config):
        deselected = [item for item in items if item.get_closest_marker("pictures")]
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if not item.get_closest_marker("pictures")]
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))
    processes = int(getattr(config, "workerinput", {}).get("workercount", 1))
    if processes == 1:
        return
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    waiting = [file for file in files if file.startswith(WAITING)]
    computing = [file for file in files if not file.startswith(WAITING)]
    items.clear()
    for number in range(processes):
        parts = computing[number::processes], waiting[number::processes]
        for file in chain.from_iterable(parts if number % 2 == 0 else reversed(parts)):
            items += files[file]


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the tests were asked to take their time."""
    return bool(request.config.getoption("--long"))
