"""A silent alarm over HTTP: staff see it at once, screens never."""

import pytest

from tests.api.checked import Checked
from tests.api.staff import employed


async def test_an_alarm_is_in_the_queue_of_all_staff_until_it_is_cleared(hall: Checked) -> None:
    await hall.open("1")
    raised = await hall.staff("POST", "alarm", {"counter": "1"})
    anywhere = await hall.staff("POST", "alarm")

    seqs = [reply.body.pop("seq") for reply in (raised, anywhere)]
    alarms = (await hall.staff("GET", "queue")).body["alarms"]
    cleared = await hall.staff("DELETE", f"alarm/{raised.body['id']}")

    assert (raised.status, raised.body["counter"], raised.body["at"]) == (201, "1", "2026-11-23T02:00:00.000Z")
    assert raised.headers["Location"] == f"/v1/halls/{hall.hall}/alarm/{raised.body['id']}"
    assert alarms == [raised.body, anywhere.body]
    assert seqs == [3, 4]
    assert anywhere.body["counter"] is None
    assert (cleared.status, cleared.body) == (204, b"")
    assert (await hall.staff("GET", "queue")).body["alarms"] == [anywhere.body]


async def test_a_lost_answer_raises_no_second_alarm(hall: Checked) -> None:
    first = await hall.staff("POST", "alarm", key="alarm-0001")
    again = await hall.staff("POST", "alarm", key="alarm-0001")

    assert first.body == again.body
    assert len((await hall.staff("GET", "queue")).body["alarms"]) == 1


async def test_an_alarm_that_is_not_there_is_not_cleared(hall: Checked) -> None:
    raised = await hall.staff("POST", "alarm")
    await hall.staff("DELETE", f"alarm/{raised.body['id']}")

    again = await hall.staff("DELETE", f"alarm/{raised.body['id']}")

    assert (again.status, again.code) == (404, "alarm-not-found")


@pytest.mark.parametrize(
    ("body", "code"), [({"counter": "99"}, "counter-not-found"), ({"counter": "a counter"}, "body-invalid")]
)
async def test_an_alarm_names_a_counter_of_the_hall(hall: Checked, body: dict[str, str], code: str) -> None:
    assert (await hall.staff("POST", "alarm", body)).code == code


async def test_the_board_says_nothing_of_an_alarm(hall: Checked) -> None:
    before = (await hall.call("GET", "board")).body

    await hall.staff("POST", "alarm", {"counter": "1"})

    after = (await hall.call("GET", "board")).body
    assert {name for name in after if after[name] != before[name]} == {"seq"}


async def test_a_volunteer_raises_an_alarm_and_leaves_it_to_staff_to_clear(hall: Checked) -> None:
    async with employed(hall, "volunteer") as volunteer, employed(hall, "staff") as clerk:
        raised = await volunteer.call("POST", "alarm", {"counter": "P1"})
        kept = await volunteer.call("DELETE", f"alarm/{raised.body['id']}")
        cleared = await clerk.call("DELETE", f"alarm/{raised.body['id']}")

    assert (raised.status, kept.code, cleared.status) == (201, "forbidden", 204)
