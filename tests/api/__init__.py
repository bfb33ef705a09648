"""The service as clients meet it: over HTTP, on a real database, with a clock that the tests move."""
