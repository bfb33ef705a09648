"""Requests that schemathesis makes from `/openapi.json`: none is a fault of ours, and every answer is as described.

Bounded in number and drawn from a seed; with the admin's token, so that they reach the rules, at the demo hall.
"""

import asyncio
import re
import sys
from pathlib import Path

from tests.service import ADMIN, Service

SEED = 20261123
EXAMPLES = 5
EXAMPLES_LONG = 200
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SERVED = re.compile(r'seconds_count\{method="(\w+)",route="(/v1/[^"]+)",status="2\d\d"\}')


async def test_what_schemathesis_makes_up_is_answered_as_described(
    service: Service, tmp_path: Path, *, long: bool
) -> None:
    ticket = await service.api.take("enquiry")
    config = tmp_path / "schemathesis.toml"
    places = {"hall": "demo", "counter": "1", "ticket": ticket["id"]}
    config.write_text("[parameters]\n" + "".join(f'"path.{name}" = "{value}"\n' for name, value in places.items()))

    running = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).parent / "schemathesis", "--config-file", config, "run"),
        f"{service.api.base}/openapi.json",
        *("--header", f"Authorization: Bearer {ADMIN}", "--checks", CHECKS, "--phases", "coverage,fuzzing"),
        *(
            "--max-examples",
            str(EXAMPLES_LONG if long else EXAMPLES),
            "--seed",
            str(SEED),
            "--generation-database=none",
        ),
        *("--suppress-health-check", "all", "--warnings", "off", "--no-color", "--continue-on-failure"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    said, _ = await running.communicate()

    assert running.returncode == 0, said.decode()
    assert b"No issues found" in said, said.decode()
    served = set(SERVED.findall(service.running.metrics.text().decode()))
    assert len(served) >= 25, f"it reached little: {sorted(served)}"
