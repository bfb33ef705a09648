"""Suspensions and notices in force at the end of a day are carried over to the next day."""

from service.domain.calendar.carry_over import in_force
from service.domain.commands import LiftSuspension, PostNotice, RemoveNotice, Suspend
from service.domain.events import Event, NoticePosted, SuspensionBegan
from service.domain.model import Notice
from tests.domain.halls import Hall

FIRE = {"en": "Fire alarm"}
SYSTEM = {"en": "The system is down"}


def goes_on(hall: Hall, at: str = "24:00") -> tuple[Event, ...]:
    """Return the events carried over to a day that begins at a wall time of this day."""
    return in_force(hall.records, hall.instant(at))


def notice(name: str) -> Notice:
    return Notice(name, {"en": name}, ())


def test_nothing_goes_on_where_nothing_was_said() -> None:
    assert goes_on(Hall()) == ()


def test_a_suspension_without_an_end_goes_on_until_somebody_lifts_it() -> None:
    hall = Hall()
    hall.do(Suspend(FIRE))
    hall.after(60).do(Suspend(SYSTEM))

    suspended = goes_on(hall)
    hall.do(LiftSuspension())

    assert suspended == (SuspensionBegan(text=SYSTEM),), "with its last words"
    assert goes_on(hall) == ()


def test_a_suspension_goes_on_until_its_end_and_no_longer() -> None:
    hall = Hall()
    until_at = hall.instant("30:00")
    hall.do(Suspend(FIRE, until_at))

    assert goes_on(hall) == (SuspensionBegan(text=FIRE, until_at=until_at),)
    assert goes_on(hall, "29:59:59") == goes_on(hall)
    assert goes_on(hall, "30:00") == ()


def test_notices_go_on_in_their_order_until_they_are_taken_away() -> None:
    hall = Hall()
    for name in ("lift", "stairs", "door"):
        hall.do(PostNotice(notice(name)))
    hall.do(RemoveNotice("stairs"))
    hall.do(Suspend(FIRE))

    assert goes_on(hall) == (
        SuspensionBegan(text=FIRE),
        NoticePosted(notice=notice("lift")),
        NoticePosted(notice=notice("door")),
    )
