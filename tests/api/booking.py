"""Booking at a hall like the demo hall: what tests of appointments have in common."""

from datetime import datetime
from itertools import count
from typing import Any

from tests.api.checked import Checked, at
from tests.service import Api, Reply

_phones = count(13800000000)


def person(**more: Any) -> dict[str, Any]:  # noqa: ANN401  (fields)
    """Somebody else each time, who can be reached by phone."""
    return {"name": "Li Xiaolong", "phone": str(next(_phones)), **more}


def said(instant: datetime) -> str:
    """An instant as requests say it, with the hall's offset."""
    return instant.isoformat()


async def try_to_book(hall: Api, starts_at: datetime, **more: Any) -> Reply:  # noqa: ANN401  (fields)
    """Book for somebody new, unless `more` says otherwise; as a stranger, unless it has a `token`."""
    sent = {name: more.pop(name) for name in ("token", "key", "headers") if name in more}
    body = {"service": "enquiry", "starts_at": said(starts_at), **more}
    if not more.get("hold") and "applicant" not in more:
        body["applicant"] = person()
    return await hall.call("POST", "appointments", body, **sent)


async def booked(hall: Api, starts_at: datetime | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401  (fields)
    """An appointment that must be given; tomorrow at 10:00, unless it is said when."""
    reply = await try_to_book(hall, starts_at or at("10:00", 24), **more)
    assert reply.status == 201, reply.body
    appointment: dict[str, Any] = reply.body
    return appointment


async def changed(hall: Checked, appointment: dict[str, Any], body: Any, **more: Any) -> Reply:  # noqa: ANN401  (any JSON)
    """Change an appointment as its owner."""
    more.setdefault("token", appointment.get("token"))
    return await hall.call("PATCH", f"appointments/{appointment['id']}", body, **more)


async def seen(hall: Checked, appointment: dict[str, Any]) -> dict[str, Any]:
    """The appointment as its owner sees it now."""
    reply = await hall.call("GET", f"appointments/{appointment['id']}", token=appointment["token"])
    assert reply.status == 200, reply.body
    now: dict[str, Any] = reply.body
    return now


async def slots(hall: Checked, query: str = "service=enquiry&from=2026-11-24&to=2026-11-24") -> list[dict[str, Any]]:
    """The slots of tomorrow, or what a query says."""
    reply = await hall.call("GET", f"slots?{query}")
    assert reply.status == 200, reply.body
    found: list[dict[str, Any]] = reply.body["slots"]
    return found


async def slot_at(hall: Checked, starts_at: datetime, service: str = "enquiry") -> dict[str, Any]:
    """One slot."""
    on = starts_at.date().isoformat()
    wanted = datetime.fromisoformat(said(starts_at))
    return next(
        slot
        for slot in await slots(hall, f"service={service}&from={on}&to={on}")
        if datetime.fromisoformat(slot["starts_at"]) == wanted
    )


def by_hand(places: int, every_min: int = 30, **more: Any) -> dict[str, Any]:  # noqa: ANN401  (fields)
    """`booking` of a document with so many places at each start from 09:00 to 17:30, whatever the staffing."""
    span = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "09:00", "to": "17:30"}
    return {"places": [{**span, "every_min": every_min, "places": places}], **more}
