"""Who works in a hall, and its devices: given and taken by its managers."""

import asyncpg
import pytest

from service.clock import FakeClock
from tests.api.checked import Checked
from tests.api.conftest import Founder
from tests.api.staff import PASSWORD, Browser, device, employed
from tests.service import Service, service_on


async def test_somebody_new_gets_a_password_for_one_use_and_works_with_their_own(house: Service, hall: Checked) -> None:
    added = await hall.staff("POST", "staff", {"name": "Wang.Fang", "display_name": "王芳", "role": "staff"})
    assert added.status == 201, added.body
    async with Browser(house.api.base, hall.hall) as browser:
        first = await browser.sign_in("wang.fang", added.body["password"].replace("-", "").lower())
        too_early = await browser.call("POST", "counters/1/open")
        chosen = await browser.choose_password(added.body["password"], PASSWORD)
        opened = await browser.call("POST", "counters/1/open")
        seen = await browser.call("GET", "/v1/session")
        used = await browser.sign_in("wang.fang", added.body["password"])

    assert (first.status, first.body["must_change"], too_early.code) == (200, True, "forbidden")
    assert chosen.status == 204
    assert (opened.status, opened.body["staff"]) == (200, added.body["id"])
    assert seen.body["must_change"] is False
    assert seen.body["account"] == {"id": added.body["id"], "name": "wang.fang", "display_name": "王芳"}
    assert seen.body["roles"] == [{"hall": hall.hall, "role": "staff"}]
    assert used.code == "sign-in-refused"


async def test_a_password_for_one_use_is_of_no_use_after_a_week(house: Service, hall: Checked, now: FakeClock) -> None:
    added = await hall.staff("POST", "staff", {"name": f"late.{hall.hall}", "role": "staff"})

    now.advance(7 * 86400)
    async with Browser(house.api.base, hall.hall) as browser:
        reply = await browser.sign_in(f"late.{hall.hall}", added.body["password"])

    assert reply.code == "sign-in-refused"


async def test_one_account_may_have_roles_in_many_halls(found: Founder) -> None:
    one, other = await found(), await found()
    name = f"both.{one.hall}"
    async with employed(one, "staff", name) as browser:
        second = await other.staff(
            "POST", "staff", {"name": name.upper(), "role": "manager", "display_name": "ignored"}
        )
        seen = await browser.call("GET", "/v1/session")
        browser.hall = other.hall
        there = await browser.call("GET", "document")
        browser.hall = one.hall
        here = await browser.call("GET", "document")

    assert (second.status, second.body["display_name"]) == (201, name.title())
    assert "password" not in second.body
    assert seen.body["roles"] == [{"hall": one.hall, "role": "staff"}, {"hall": other.hall, "role": "manager"}]
    assert (there.status, here.code) == (200, "forbidden")


async def test_staff_are_listed_by_name_page_by_page(hall: Checked) -> None:
    for name in ("c", "a", "b"):
        await hall.staff("POST", "staff", {"name": f"{name}.{hall.hall}", "role": "volunteer"})

    first = await hall.staff("GET", "staff?limit=2")
    second = await hall.staff("GET", f"staff?limit=2&cursor={first.body['next_cursor']}")

    names = [item["name"].partition(".")[0] for page in (first, second) for item in page.body["items"]]
    assert names == ["a", "b", "c"]
    assert second.body["next_cursor"] is None


@pytest.mark.parametrize("name", ["admin", "ADMIN", "", " ", "a b", "-a", "a/b", "<a>", "x" * 65, "ａｄｍｉｎ"])
async def test_a_name_that_cannot_be_one_is_refused(hall: Checked, name: str) -> None:
    reply = await hall.staff("POST", "staff", {"name": name, "role": "staff"})

    assert (reply.status, reply.code) == (422, "body-invalid")


async def test_a_manager_gives_and_takes_roles_at_once(hall: Checked) -> None:
    async with employed(hall, "manager") as manager, employed(hall, "volunteer") as other:
        before = await other.call("POST", "counters/1/open")
        promoted = await manager.call("PATCH", f"staff/{other.account}", {"role": "staff"})
        after = await other.call("POST", "counters/1/open")
        removed = await manager.call("DELETE", f"staff/{other.account}")
        gone = await other.call("POST", "counters/1/pause")
        again = await manager.call("PATCH", f"staff/{other.account}", {"role": "staff"})

    assert (before.code, promoted.body["role"], after.status) == ("forbidden", "staff", 200)
    assert (removed.status, gone.code, again.code) == (204, "forbidden", "account-not-found")


async def test_who_is_disabled_is_out_at_once_and_cannot_sign_in(hall: Checked) -> None:
    async with employed(hall, "staff", f"out.{hall.hall}") as browser:
        disabled = await hall.staff("PATCH", f"staff/{browser.account}", {"disabled": True})
        at_work = await browser.call("GET", "queue")
        sign_in = await browser.sign_in(f"out.{hall.hall}", PASSWORD)
        await hall.staff("PATCH", f"staff/{browser.account}", {"disabled": False})
        back = await browser.sign_in(f"out.{hall.hall}", PASSWORD)

    assert disabled.body["disabled"] is True
    assert (at_work.code, sign_in.code, back.status) == ("token-invalid", "sign-in-refused", 200)


async def test_a_reset_gives_a_new_password_and_ends_all_sessions(hall: Checked) -> None:
    name = f"forgetful.{hall.hall}"
    async with employed(hall, "manager") as manager, employed(hall, "staff", name) as browser:
        given = await manager.call("POST", f"staff/{browser.account}/reset")
        at_work = await browser.call("GET", "queue")
        old = await browser.sign_in(name, PASSWORD)
        new = await browser.sign_in(name, given.body["password"])

    assert (at_work.code, old.code) == ("token-invalid", "sign-in-refused")
    assert (new.status, new.body["must_change"]) == (200, True)


async def test_a_manager_touches_no_person_who_also_works_elsewhere(found: Founder) -> None:
    one, other = await found(), await found()
    name = f"shared.{one.hall}"
    async with employed(one, "manager") as manager, employed(one, "staff", name) as shared:
        await other.staff("POST", "staff", {"name": name, "role": "volunteer"})
        path = f"staff/{shared.account}"
        refused = [
            await manager.call("POST", f"{path}/reset"),
            await manager.call("PATCH", path, {"disabled": True}),
            await manager.call("PATCH", path, {"display_name": "x"}),
        ]
        role = await manager.call("PATCH", path, {"role": "volunteer"})
        await other.staff("POST", "staff", {"name": (await _name_of(manager)), "role": "manager"})
        covered = await manager.call("POST", f"{path}/reset")

    assert [reply.code for reply in refused] == ["forbidden"] * 3
    assert (role.status, covered.status) == (200, 200)


async def test_a_name_taken_beforehand_does_not_get_the_rights_of_another_hall(found: Founder) -> None:
    one, other = await found(), await found()
    name = f"guessable.{one.hall}"
    async with (
        employed(one, "manager") as thief,
        employed(other, "manager") as manager,
        Browser(one.base, other.hall) as taken,
    ):
        first = await thief.call("POST", "staff", {"name": name, "role": "volunteer"})
        await taken.sign_in(name, first.body["password"])
        await taken.choose_password(first.body["password"], PASSWORD)
        while_theirs = await manager.call("POST", "staff", {"name": name, "role": "manager"})
        await thief.call("DELETE", f"staff/{first.body['id']}")
        given = await manager.call("POST", "staff", {"name": name, "role": "manager", "display_name": "New"})
        session = await taken.call("GET", "document")
        old = await taken.sign_in(name, PASSWORD)
        new = await taken.sign_in(name, given.body["password"])

    assert (while_theirs.status, while_theirs.code) == (403, "forbidden")
    assert (given.status, given.body["display_name"], given.body["must_change"]) == (201, "New", True)
    assert (session.code, old.code) == ("token-invalid", "sign-in-refused")
    assert (new.status, new.body["must_change"]) == (200, True)


async def test_who_was_disabled_and_removed_may_be_added_again(hall: Checked) -> None:
    async with employed(hall, "staff", f"again.{hall.hall}") as browser:
        await hall.staff("PATCH", f"staff/{browser.account}", {"disabled": True})
        await hall.staff("DELETE", f"staff/{browser.account}")
        key, member = "added-again-0123", {"name": f"again.{hall.hall}", "role": "staff"}
        given = [await hall.staff("POST", "staff", member, key=key) for _ in range(2)]
        signed_in = await browser.sign_in(f"again.{hall.hall}", given[0].body["password"])

    assert given[0].body == given[1].body
    assert (given[0].body["disabled"], signed_in.status) == (False, 200)


async def test_no_manager_takes_another_ones_control_of_a_clerk(found: Founder) -> None:
    one, other = await found(), await found()
    name = f"clerk.{one.hall}"
    async with (
        employed(one, "manager") as manager,
        employed(other, "manager") as stranger,
        employed(one, "staff", name) as clerk,
    ):
        refused = await stranger.call("POST", "staff", {"name": name, "role": "volunteer"})
        again = await manager.call("POST", "staff", {"name": name, "role": "volunteer"})
        reset = await manager.call("POST", f"staff/{clerk.account}/reset")

    assert (refused.status, refused.code) == (403, "forbidden")
    assert set(refused.body) <= {"type", "title", "status", "code", "request_id", "instance", "detail"}
    assert (again.status, reset.status) == (201, 200)


async def test_of_who_also_works_elsewhere_a_manager_sees_what_the_work_here_needs(found: Founder) -> None:
    one, other = await found(), await found()
    name = f"both.{one.hall}"
    async with employed(one, "manager") as manager, employed(one, "staff", name) as shared:
        await shared.call("GET", "queue")
        before = await manager.call("GET", "staff")
        await other.staff("POST", "staff", {"name": name, "role": "volunteer"})
        seen = [
            next(item for item in (await manager.call("GET", "staff")).body["items"] if item["name"] == name),
            (await manager.call("PATCH", f"staff/{shared.account}", {"role": "volunteer"})).body,
            (await manager.call("POST", "staff", {"name": name, "role": "volunteer"})).body,
        ]
        whole = await one.staff("GET", "staff")

    unknown = {"sso": None, "must_change": None, "last_seen_at": None, "elsewhere": True}
    assert [{field: one[field] for field in unknown} for one in seen] == [unknown] * 3
    for listed in (before, whole):
        item = next(item for item in listed.body["items"] if item["name"] == name)
        assert (item["sso"], item["must_change"], item["elsewhere"]) == (False, False, False)


async def test_every_hall_somebody_works_in_may_end_their_sessions(found: Founder) -> None:
    one, other, third = await found(), await found(), await found()
    name = f"lost.{one.hall}"
    async with (
        employed(one, "manager") as manager,
        employed(third, "manager") as stranger,
        employed(one, "staff", name) as shared,
    ):
        await other.staff("POST", "staff", {"name": name, "role": "volunteer"})
        nothing = await stranger.call("DELETE", f"staff/{shared.account}/sessions")
        before = await shared.call("GET", "queue")
        ended = await manager.call("DELETE", f"staff/{shared.account}/sessions")
        after = await shared.call("GET", "queue")
        back = await shared.sign_in(name, PASSWORD)
    noted = [(await hall.staff("GET", "history")).body["items"] for hall in (one, other)]

    assert (nothing.status, before.status) == (204, 200)
    assert (ended.status, after.code, back.status) == (204, "token-invalid", 200)
    for items in noted:
        assert "staff_signed_out" in [item["kind"] for item in items]


async def test_an_admins_or_watchers_account_is_no_managers_to_change(hall: Checked, house: Service) -> None:
    name = f"boss.{hall.hall}"
    async with employed(hall, "manager") as manager, employed(hall, "staff", name) as boss:
        dsn = house.settings.database_url
        connection = await asyncpg.connect(dsn)
        await connection.execute(
            "INSERT INTO account_roles (hall_id, account_id, role) VALUES ('*', $1, 'admin')", boss.account
        )
        await connection.close()

        reset = await manager.call("POST", f"staff/{boss.account}/reset")
        disabled = await manager.call("PATCH", f"staff/{boss.account}", {"disabled": True})

    assert (reset.code, disabled.code) == ("forbidden", "forbidden")


async def test_nobody_takes_their_own_role_away(hall: Checked) -> None:
    async with employed(hall, "manager", f"own.{hall.hall}") as manager:
        path = f"staff/{manager.account}"
        replies = [
            await manager.call("PATCH", path, {"role": "staff"}),
            await manager.call("PATCH", path, {"disabled": True}),
            await manager.call("DELETE", path),
            await manager.call("POST", "staff", {"name": f"own.{hall.hall}", "role": "volunteer"}),
            await manager.call("POST", f"{path}/reset"),  # which needs no present password
        ]
        renamed = await manager.call("PATCH", path, {"display_name": "Myself"})

    assert [reply.code for reply in replies] == ["forbidden"] * 5
    assert renamed.body["display_name"] == "Myself"


async def test_the_same_key_gives_the_same_password_and_the_same_token(hall: Checked) -> None:
    key, member = "the-same-key-0123", {"name": f"twice.{hall.hall}", "role": "staff"}

    added = [await hall.staff("POST", "staff", member, key=key) for _ in range(2)]
    devices = [await hall.staff("POST", "devices", {"name": "door", "role": "kiosk"}, key=key) for _ in range(2)]
    other = await hall.staff("POST", "devices", {"name": "other door", "role": "kiosk"}, key=key)
    listed = await hall.staff("GET", "devices")

    assert added[0].body == added[1].body
    assert devices[0].body == devices[1].body
    assert other.code == "idempotency-key-reused"
    assert len(listed.body["items"]) == 1


async def test_a_name_that_says_nothing_is_none(hall: Checked) -> None:
    said = {"name": f"wu.{hall.hall}", "display_name": "\u3000", "role": "staff"}
    replies = [
        await hall.staff("POST", "devices", {"name": " ", "role": "kiosk"}),
        await hall.staff("POST", "staff", said),
        await hall.staff("POST", "tickets", {"service": "enquiry", "applicant": {"name": " \t"}}),
    ]

    assert [reply.code for reply in replies] == ["body-invalid"] * 3


async def test_a_device_works_until_it_is_revoked(hall: Checked, found: Founder) -> None:
    token = await device(hall, "staff")
    elsewhere = await found()
    listed = await hall.staff("GET", "devices")
    path = f"devices/{listed.body['items'][0]['id']}"

    before = await hall.call("POST", "counters/1/open", token=token)
    there = await elsewhere.call("POST", "counters/1/open", token=token)
    revoked = await hall.staff("DELETE", path)
    after = await hall.call("GET", "queue", token=token)
    again = await hall.staff("DELETE", path)

    assert (before.status, before.body["staff"], there.code) == (200, None, "forbidden")
    assert (revoked.status, after.code, again.status) == (204, "token-invalid", 204)
    assert "token" not in listed.body["items"][0]
    assert (await hall.staff("GET", "devices")).body["items"] == []


async def test_neither_passwords_nor_tokens_are_in_the_database(house: Service, hall: Checked) -> None:
    added = await hall.staff("POST", "staff", {"name": f"quiet.{hall.hall}", "role": "staff"}, key="a-key-0123456789")
    token = await device(hall, "kiosk")

    connection = await asyncpg.connect(house.settings.database_url)
    tables = ("accounts", "sessions", "devices", "acts", "audit", "sign_in_failures")
    rows = [str(row) for table in tables for row in await connection.fetch(f"SELECT t::text FROM {table} AS t")]  # noqa: S608
    await connection.close()

    assert any(added.body["id"] in row for row in rows)
    for secret in (added.body["password"], added.body["password"].replace("-", ""), token):
        assert not any(secret in row for row in rows)


async def test_another_process_takes_a_role_back_within_seconds(
    house: Service, hall: Checked, now: FakeClock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    dsn = house.settings.database_url
    assert dsn is not None
    async with (
        service_on(dsn, tmp_path_factory.mktemp("other"), FakeClock(now.now_at())) as other,
        employed(hall, "staff") as browser,
    ):
        here = await browser.call("GET", "queue")
        async with Checked(other.api.base, hall.hall) as away:
            await away.staff("DELETE", f"staff/{browser.account}")
        now.advance(5)
        after = await browser.call("GET", "queue")

    assert (here.status, after.code) == (200, "forbidden")


async def _name_of(browser: Browser) -> str:
    name: str = (await browser.call("GET", "/v1/session")).body["account"]["name"]
    return name
