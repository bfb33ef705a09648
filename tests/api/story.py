"""A morning at a hall in which every call that changes something is made once, each with a key of its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.api.checked import demo
from tests.service import ADMIN, Api


@dataclass
class Heard:
    """An answer as it was heard, byte for byte; headers but for those of the transport."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401  (any JSON)
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Step:
    """A request, and what was answered when it was made first."""

    method: str
    path: str
    body: Any
    headers: dict[str, str]
    heard: Heard


@dataclass
class Story:
    """The requests made so far."""

    api: Api
    steps: list[Step] = field(default_factory=list)

    async def do(self, method: str, path: str, body: Any = None, *, token: str = ADMIN, **headers: str) -> Any:  # noqa: ANN401  (any JSON)
        """Make a request that must be done, and return its answer."""
        said = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"step-number-{len(self.steps)}", **headers}
        heard = await ask(self.api, method, path, body, said)
        assert heard.status in {200, 201, 204}, (method, path, heard.body)
        self.steps.append(Step(method, path, body, said, heard))
        return heard.json if heard.body else None

    async def again(self, api: Api) -> None:
        """Make every request again, perhaps elsewhere, and hear the same."""
        for step in self.steps:
            heard = await ask(api, step.method, step.path, step.body, step.headers)
            assert heard == step.heard, (step.method, step.path)


async def ask(api: Api, method: str, path: str, body: Any, headers: dict[str, str]) -> Heard:  # noqa: ANN401  (any JSON)
    """Make a request of the api's hall."""
    assert api._session is not None
    raw = None if body is None else json.dumps(body).encode()
    said = {"Content-Type": "application/json", **headers}
    url = f"{api.base}/v1/halls/{api.hall}/{path}"
    async with api._session.request(method, url, data=raw, headers=said) as response:
        kept = {name: value for name, value in response.headers.items() if name not in {"Date", "Server"}}
        return Heard(response.status, kept, await response.read())


async def a_morning(api: Api) -> Story:
    """Play the story at a hall like the demo hall, new this morning."""
    story = Story(api)
    do = story.do
    await do("POST", "counters/1/open", {})
    a, b, c = [await do("POST", "tickets", {"service": "enquiry", "count": count}) for count in (1, 2, 3)]
    at_a: Callable[[str], str] = f"tickets/{a['id']}/{{}}".format

    await do("POST", "counters/1/next", {})
    await do("POST", at_a("recall"))
    await do("POST", at_a("start"))
    await do("POST", at_a("finish"), {"outcome": "conditional", "missing": ["signature"]})
    await do("POST", at_a("undo"))
    await do("POST", at_a("transfer"), {})
    await do("POST", "counters/1/next", {})
    await do("POST", at_a("no-show"))
    await do("POST", at_a("resume"))
    await do("POST", f"tickets/{b['id']}/park", {"reason": "paper-missing"})
    await do("POST", f"tickets/{c['id']}/papers", {"missing": ["signature"], "then": "stay"})
    await do("PATCH", f"tickets/{c['id']}", {"class": "green", "reason": "urgent"})
    await do("PATCH", f"tickets/{c['id']}", {"not_before_at": "2026-11-23T03:00:00Z"}, token=c["token"])
    await do("POST", "counters/1/call", {"ticket": c["id"], "reason": "other"})
    await do("POST", "counters/1/next", {"finish": {"outcome": "done"}})
    await do("POST", "counters/1/next", {"finish": {"outcome": "referred"}})
    await do("POST", f"tickets/{c['id']}/rating", {"grade": 4, "reasons": ["friendly"]}, token=c["token"])
    await do("POST", "counters/1/pause", {"reason": "lunch", "until_at": "2026-11-23T04:00:00Z"})
    await do("POST", "counters/1/open")
    await do("POST", "counters/1/close", {"release": True})
    await do("DELETE", f"tickets/{b['id']}", token=b["token"])
    alarm = await do("POST", "alarm", {"counter": "1"})
    await do("DELETE", f"alarm/{alarm['id']}")
    await do("PUT", "overtime", {"until_at": "2026-11-23T11:00:00Z", "counters": 2})
    await do("DELETE", "overtime")
    await do("POST", "search", {"name": "nobody of this name"})
    notice = await do("POST", "notices", {"text": "x", "zones": ["main"]})
    await do("DELETE", f"notices/{notice['id']}")
    await do("PUT", "suspension", {"text": {"en": "x"}, "until_at": "2026-11-23T05:00:00Z"})
    await do("DELETE", "suspension")
    await do("PUT", "document", {**demo(), "languages": ["en"]}, **{"If-Match": '"1"'})
    member = await do("POST", "staff", {"name": f"of.{api.hall}", "display_name": "Of the Hall", "role": "staff"})
    await do("PATCH", f"staff/{member['id']}", {"role": "volunteer", "display_name": "Of This Hall"})
    await do("POST", f"staff/{member['id']}/reset")
    await do("DELETE", f"staff/{member['id']}/sessions")
    await do("DELETE", f"staff/{member['id']}")
    await do("POST", "exports", {"phone": "+8613900139000", "email": "nobody@example.org"})
    await do("POST", "erasures?keep=1", {"phone": "+8613900139000", "email": "nobody@example.org"})
    invited = await do("POST", "invitations?mode=good", {"items": [{"name": "Ann Lee"}, {"name": ""}]})
    await do("DELETE", f"invitations/{invited['items'][0]['id']}")
    machine = await do("POST", "devices", {"name": "at the door", "role": "kiosk"})
    await do("DELETE", f"devices/{machine['id']}")
    await _codes(story)
    await do("POST", "day/close")
    return story


async def _codes(story: Story) -> None:
    """A booking from its hold to its end, and a slip that comes back."""
    do = story.do
    when = {"service": "enquiry", "starts_at": "2026-11-24T02:00:00Z"}
    held = await do("POST", "appointments", {**when, "hold": True})
    at_it = f"appointments/{held['id']}"
    await do("PATCH", at_it, {"state": "booked", "applicant": {"name": "Li", "phone": "13800138000"}})
    await do("PATCH", at_it, {"starts_at": "2026-11-25T02:00:00Z"}, token=held["token"])
    await do("DELETE", at_it)
    slip = await do("POST", "tickets", {"service": "enquiry"})
    await do("POST", f"tickets/{slip['id']}/park")
    await do("POST", "check-ins", {"code": slip["code"]})
