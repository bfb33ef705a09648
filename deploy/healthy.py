#!/usr/bin/env python3
"""Tell by the exit code whether the service answers; `healthy.py display` whether a `display` has something to show.

A `serve` without its database still answers, and says what it has to; a `display` without one is silent.

It asks this machine directly: a proxy among the environment variables would answer for itself.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

TIMEOUT_S = 2.0
"""Less than the check's own timeout, after which the answer would be lost."""


def answers(port: int, path: str) -> bool:
    """Tell whether something answers on a port, and has no fault to report."""
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
