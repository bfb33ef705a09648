"""Options and fixtures of all tests. `--long` runs more examples, more seeds and longer soaks."""

import atexit
import gc
from itertools import chain

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.postgres", "tests.proxy", "tests.service"]

# The last garbage collection of the interpreter can crash on a partly destroyed Meta of msgspec, a known bug of that
# package. All tests have passed then, but the exit code would show a failure.
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
    """Choose the hypothesis profile: the number of examples."""
    settings.load_profile("long" if config.getoption("--long") else "short")
    config.addinivalue_line(
        "markers", "pictures: the test only takes pictures; deselected without --pictures or --long"
    )


def takes_pictures(config: pytest.Config) -> bool:
    """Tell whether the tests take pictures of the pages."""
    return bool(config.getoption("--pictures") or config.getoption("--long"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Start with the long tests, so that none runs alone at the end; give each process tests of both kinds.

    Browser tests mostly wait, other tests mostly compute. Processes get equal parts of the list, and half of them start
    with browser tests. So the load of the processors is even over the whole run.
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
    """Return whether `--long` was given."""
    return bool(request.config.getoption("--long"))
