#!/usr/bin/env python3
"""Health check of the image: the exit code tells whether the service answers. `healthy.py display` checks a `display`.

A `serve` without its database still answers with what it knows, and counts as healthy. A `display` without its database
shows nothing, and does not.

The check connects directly: a proxy from the environment variables would answer for itself.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT_S = 2.0
"""Shorter than the timeout of the image's check, after which the result would be lost."""


def answers(port: int, path: str) -> bool:
    """Tell whether a port answers, with a status below 500."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    if sys.argv[1:] == ["display"]:
        healthy = answers(int(os.environ["PAIHAO_DISPLAY_PORT"]), "/readyz")
    else:
        healthy = answers(int(os.environ["PAIHAO_PORT"]), "/healthz")
    sys.exit(0 if healthy else 1)
