"""What all tests may use."""

pytest_plugins = ["tests.postgres", "tests.service"]
