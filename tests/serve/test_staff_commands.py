"""The commands `user` and `token` while a service runs."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from service.cli import token, user
from service.config.settings import Settings
from service.runtime.startup_checks import CannotServe
from tests.api.staff import PASSWORD, Browser
from tests.serve.program import SECRET, Programs
from tests.service import ADMIN

Work = Callable[[str, Settings], Awaitable[None]]


async def test_a_manager_that_a_command_made_signs_in_and_a_device_works(programs: Programs, noon: str) -> None:
    served = await programs.serve(database_url=noon)
    named = ("--role", "manager", "--hall", "noon")
    added = await programs.run("user", "add", "First.Manager", *named, "--display-name", "张三", database_url=noon)
    again = await programs.run("user", "add", "first.manager", *named, database_url=noon)
    name = "door [/b]"
    token = (await programs.run("token", "add", name, "--role", "staff", "--hall", "noon", database_url=noon)).out
    programs.private |= {added.out.strip(), token.strip()}
    listed = await programs.run("token", "list", database_url=noon)
    async with Browser(served.url, "noon") as browser:
        signed_in = await browser.sign_in("first.manager", added.out.strip())
        chosen = await browser.choose_password(added.out.strip(), PASSWORD)
        document = await browser.call("GET", "document")
        by_device = await browser.call("POST", "counters/1/open", token=token.strip())
        reset = await programs.run("user", "reset", "First.Manager", database_url=noon)
        programs.private.add(reset.out.strip())
        anew = await browser.sign_in("first.manager", reset.out.strip())
    revoked = await programs.run("token", "revoke", listed.out.split("│")[1].strip(), database_url=noon)

    assert (signed_in.status, chosen.status, document.status, by_device.status) == (200, 204, 200, 200)
    assert signed_in.body["account"]["display_name"] == "张三"
    assert "has an account already" in again.out
    assert token.strip() not in listed.out
    assert (anew.status, anew.body["must_change"]) == (200, True)
    assert name in listed.out
    assert revoked.out == f"revoked {name}\n"


async def test_commands_at_once_without_a_serve_wait_for_each_other_and_a_serve_for_them(
    programs: Programs, data_dir: Path
) -> None:
    added = [
        programs.begin("user", "add", name, "--role", "manager", "--hall", "noon") for name in ("one", "two", "three")
    ]
    served = await programs.serve()
    codes = [await program.ended() for program in added]
    programs.private |= {program.out.strip() for program in added}
    async with Browser(served.url, "noon") as browser:
        signed_in = [
            (await browser.sign_in(name, program.out.strip())).status
            for name, program in zip(("one", "two", "three"), added, strict=True)
        ]

    assert codes == [0, 0, 0]
    assert signed_in == [200, 200, 200]
    assert (data_dir / "serve.lock").read_text() == f"{served.program.pid}\n"


@pytest.mark.parametrize(
    ("work", "why"),
    [
        (lambda dsn, s: user.add_user(dsn, s, "admin", "manager", "noon", ""), "not admin"),
        (lambda dsn, s: user.add_user(dsn, s, "x", "king", "noon", ""), "a role is one of"),
        (lambda dsn, s: user.add_user(dsn, s, "x", "manager", None, ""), "--hall"),
        (lambda dsn, s: user.add_user(dsn, s, "x", "manager", "nowhere", ""), "there is no hall nowhere"),
        (lambda dsn, s: user.add_user(dsn, s, "x", "admin", "noon", ""), "leave --hall out"),
        (lambda dsn, s: user.reset_user(dsn, s, "nobody"), "there is no account nobody"),
        (lambda dsn, s: token.add_token(dsn, s, "x", "manager", "noon"), "a role is one of"),
        (lambda dsn, s: token.revoke_token(dsn, s, "x"), "there is no device x"),
        *(
            (
                lambda dsn, s, name=name: token.add_token(dsn, s, name, "kiosk", "noon"),
                "one line of 1 to 100 letters",
            )
            for name in ("", " ", "x" * 101, "door\nwindow", "door\n", "\x1b[2J")
        ),
        *(
            (lambda dsn, s, name=name: user.add_user(dsn, s, "x", "staff", "noon", name), "one line of 1 to 100")
            for name in (" ", "x" * 5000, "Li\nWang")
        ),
    ],
)
async def test_a_command_says_what_cannot_be(work: Work, why: str, noon: str) -> None:
    with pytest.raises(CannotServe, match=why):
        await work(noon, Settings(admin_token=ADMIN, secret=SECRET))
