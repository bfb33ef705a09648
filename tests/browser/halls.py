"""Halls in the middle of a morning."""

from typing import Any

from tests.browser.clock import RunningClock
from tests.service import Api

WINDOWS = ("1", "2", "3", "4", "5")
PRECHECK = "P1"

NOTICE = {
    "zh-CN": "请提前备好身份证、学生证和贷款申请表",
    "en": "Please have your ID card, student card and form ready.",
}


async def busy_morning(api: Api, clock: RunningClock, minutes: int = 100) -> None:
    """Run a morning minute by minute, in which more people come than are served."""
    await api.open(*WINDOWS, PRECHECK)
    free_at = dict.fromkeys((PRECHECK, *WINDOWS), 0)
    for minute in range(minutes):
        for service, every in (("loan-first", 3), ("enquiry", 2)):
            if minute % every == 0:
                await api.take(service)
        for place, counter in enumerate(free_at):
            if free_at[counter] <= minute and await api.next(counter, "done"):
                free_at[counter] = minute + (3 if counter == PRECHECK else 5 + (minute + place) % 4)
        clock.advance(60)


async def calls_of_every_kind(api: Api, clock: RunningClock) -> str:
    """Make a busy hall with a recall, a notice and a new call; return the newest number."""
    await busy_morning(api, clock)
    await api.take("loan-first")
    called = {}
    for counter in ("1", "4", "5", "2", PRECHECK, "3"):
        clock.advance(20)
        ticket = await api.next(counter, "done")
        assert ticket is not None, "they wait"
        called[counter] = ticket
        if counter == "2":
            reply = await api.staff("POST", f"tickets/{called['4']['id']}/recall")
            assert reply.status == 200, reply.body
    await post_notice(api, NOTICE)
    number: str = called["3"]["number"]
    return number


async def post_notice(api: Api, text: dict[str, str] | str, *zones: str) -> str:
    """Post a notice to the screens; return its id."""
    reply = await api.staff("POST", "notices", {"text": text, "zones": list(zones)})
    assert reply.status == 201, reply.body
    notice: str = reply.body["id"]
    return notice


async def two_zones(api: Api) -> None:
    """Give the demo hall a second zone, `east`, with the pre-check counter."""
    document = (await api.staff("GET", "document")).body
    document["zones"].append({"id": "east", "name": {"zh-CN": "东厅", "en": "East wing"}})
    for counter in document["counters"]:
        if counter["id"] == PRECHECK:
            counter["zone"] = "east"
    await change(api, **document)


async def change(api: Api, **parts: Any) -> None:  # noqa: ANN401  (JSON)
    """Replace parts of the demo hall's document."""
    shown = await api.staff("GET", "document")
    tag = next(value for name, value in shown.headers.items() if name.lower() == "etag")
    reply = await api.staff("PUT", "document", {**shown.body, **parts}, headers={"If-Match": tag})
    assert reply.status == 200, reply.body
