"""Requests that schemathesis makes from `/openapi.json`: none is a fault of ours, and every answer is as described.

Bounded in number and drawn from a seed; at the demo hall, by the admin's token, so that they reach the rules, by the
cookie of a manager's session, and by a stranger. What the description knows nothing of (hosts, origins, cursors as
bytes) is in `test_headers.py`.
"""

import asyncio
import re
import sys
from pathlib import Path

import pytest

from service.api.routes import ROUTES
from tests.api.booking import booked
from tests.api.checked import Checked
from tests.service import ADMIN, Service

SEED = 20261123
EXAMPLES = 1
EXAMPLES_LONG = 200
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
SERVED = re.compile(r'seconds_count\{method="(\w+)",route="(/v1/[^"]+)",status="2\d\d"\}')
ASKED = re.compile(r'seconds_count\{method="(\w+)",route="(/v1/[^"]+)",status="\d+"\}')

LEFT_OUT = {("DELETE", "/v1/session")}
"""Not asked for: it would end the session that asks."""


async def _session_of_manager(api: Checked) -> dict[str, str]:
    """What a browser sends in which a manager has signed in."""
    given = (await api.staff("POST", "staff", {"name": "li", "display_name": "Li", "role": "manager"})).body
    own = {"Sec-Fetch-Site": "same-origin"}
    begun = await api.call("POST", "/v1/session", {"name": "li", "password": given["password"]}, headers=own)
    cookie = own | {"Cookie": begun.headers["Set-Cookie"].partition(";")[0]}
    changed = await api.call(
        "PUT",
        "/v1/session/password",
        {"current": given["password"], "new": "a long walk by the river"},
        headers=cookie,
    )
    assert changed.status == 204, changed.body
    return cookie


async def _places(api: Checked) -> dict[str, str]:
    """What the paths of calls name, all of which exists."""
    ticket = await api.called()
    await api.take("enquiry")
    appointment = await booked(api)
    alarm = await api.staff("POST", "alarm", {})
    notice = await api.staff("POST", "notices", {"text": "Hello"})
    device = await api.staff("POST", "devices", {"name": "Door", "role": "kiosk"})
    member = await api.staff("POST", "staff", {"name": "wu", "display_name": "Wu", "role": "staff"})
    return {
        "hall": "demo",
        "counter": "1",
        "ticket": ticket["id"],
        "appointment": appointment["id"],
        **{
            name: reply.body["id"]
            for name, reply in (("alarm", alarm), ("notice", notice), ("device", device), ("account", member))
        },
    }


@pytest.mark.parametrize(("who", "reached"), [("admin", 36), ("manager", 34), ("stranger", 12)])
async def test_what_schemathesis_makes_up_is_answered_as_described(
    service: Service, tmp_path: Path, who: str, reached: int, *, long: bool
) -> None:
    async with Checked(service.api.base) as api:
        places = await _places(api)
        headers = {
            "admin": {"Authorization": f"Bearer {ADMIN}"},
            "manager": await _session_of_manager(api),
            "stranger": {},
        }[who]
    config = tmp_path / "schemathesis.toml"
    config.write_text("[parameters]\n" + "".join(f'"path.{name}" = "{value}"\n' for name, value in places.items()))

    running = await asyncio.create_subprocess_exec(
        *(Path(sys.executable).parent / "schemathesis", "--config-file", config, "run"),
        f"{service.api.base}/openapi.json",
        *(part for name, value in headers.items() for part in ("--header", f"{name}: {value}")),
        *("--checks", CHECKS, "--phases", "coverage,fuzzing" if who == "admin" or long else "fuzzing"),
        *("--exclude-operation-id", "sessions_sign_out"),
        *(
            "--max-examples",
            str(EXAMPLES_LONG if long else EXAMPLES),
            "--seed",
            str(SEED),
            "--generation-database=none",
            "--generation-with-security-parameters=false",
        ),
        *("--suppress-health-check", "all", "--warnings", "off", "--no-color", "--continue-on-failure"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    said, _ = await running.communicate()

    assert running.returncode == 0, said.decode()
    assert b"No issues found" in said, said.decode()
    text = service.running.metrics.text().decode()
    asked, served = set(ASKED.findall(text)), set(SERVED.findall(text))
    assert {(route.method, route.path) for route in ROUTES if route.path.startswith("/v1/")} - asked == LEFT_OUT
    assert len(served) >= reached, f"it reached little: {sorted(served)}"
