"""Who works in a hall, and its devices: given and taken by its managers."""

from tests.service import Service
from tests.web.checked import Checked
from tests.web.staff import Browser


async def test_somebody_new_gets_a_password_for_one_use_and_works_with_their_own(house: Service, hall: Checked) -> None:
    added = await hall.staff("POST", "staff", {"name": "Wang.Fang", "display_name": "王芳", "role": "staff"})
    assert added.status == 201, added.body
    async with Browser(house.api.base, hall.hall) as browser:
        first = await browser.sign_in("wang.fang", added.body["password"])
        too_early = await browser.call("POST", "counters/1/open")
        chosen = await browser.choose_password(added.body["password"], "a password of my own")
        opened = await browser.call("POST", "counters/1/open")
        seen = await browser.call("GET", "/v1/session")

    assert (first.status, first.body["must_change"], too_early.code) == (200, True, "forbidden")
    assert chosen.status == 204
    assert (opened.status, opened.body["staff"]) == (200, added.body["id"])
    assert seen.body["must_change"] is False
    assert seen.body["account"] == {"id": added.body["id"], "name": "wang.fang", "display_name": "王芳"}
    assert seen.body["roles"] == [{"hall": hall.hall, "role": "staff"}]
