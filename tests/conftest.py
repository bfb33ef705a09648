"""What all tests may use."""

pytest_plugins = ["tests.postgres", "tests.proxy", "tests.service"]
