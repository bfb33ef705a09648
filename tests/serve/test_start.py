"""Start: with an empty folder, a folder in use, ports in use, and wrong settings."""

import asyncio
import socket
import stat
from pathlib import Path

from tests.serve.program import Json, Programs, free_port


async def test_serve_on_an_empty_folder_needs_three_calls_to_the_first_person_called(
    programs: Programs, tmp_path: Path
) -> None:
    served = await programs.serve(admin_token=None, secret=None, demo_always_open=1)
    files = [tmp_path / "var" / name for name in ("admin-token", "secret")]
    admin, secret = (file.read_text().strip() for file in files)
    programs.private |= {admin, secret}

    async with served.client("demo") as client:
        taken = await client.call("POST", "tickets", {"service": "loan-first"})
        opened = await client.call("POST", "counters/1/open", token=admin)
        called = await client.call("POST", "counters/1/next", token=admin)
        screen = await client.call("GET", "/halls/demo/screen")
        docs = await client.call("GET", "/docs")

    assert (taken.status, opened.status, called.status) == (201, 200, 200)
    assert taken.body["number"] == called.body["ticket"]["number"] == "A001"
    assert (screen.status, docs.status) == (200, 200)
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600, 0o600]


async def test_the_demo_hall_obeys_its_setting_until_somebody_changes_it(programs: Programs, dsn: str) -> None:
    opened, _ = await _demo_document(programs, {}, database_url=dsn, demo_always_open=1)
    timed, renamed = await _demo_document(programs, {"name": {"zh-CN": "大厅", "en": "Ours"}}, database_url=dsn)
    left_alone, _ = await _demo_document(programs, {}, database_url=dsn, demo_always_open=1)

    assert [(hours["from"], hours["to"]) for hours in opened["hours"]] == [("00:00", "24:00")]
    assert opened["admission"] == "all"
    assert [(hours["from"], hours["to"]) for hours in timed["hours"]] == [("09:00", "17:30")]
    assert [(part["from"], part["to"], part["counters"]) for part in timed["staffing"]] == [
        ("09:00", "12:00", 5),
        ("12:00", "13:30", 3),
        ("13:30", "17:30", 5),
    ]
    assert (timed["time_zone"], timed["languages"]) == ("Asia/Shanghai", ["zh-CN", "en"])
    assert [(stage["id"], stage["optional"]) for stage in timed["stages"]] == [("precheck", True), ("window", False)]
    assert [(service["id"], service["prefix"]) for service in timed["services"]] == [
        ("loan-first", "A"),
        ("enquiry", "B"),
        ("loan-renewal", "C"),
    ]
    assert [counter["id"] for counter in timed["counters"]] == ["1", "2", "3", "4", "5", "P1"]
    assert left_alone == renamed == {**timed, "name": {"zh-CN": "大厅", "en": "Ours"}}


async def _demo_document(programs: Programs, changes: Json, **settings: object) -> tuple[Json, Json]:
    """Start, read the document, change it if asked, and stop; return the document before and after."""
    served = await programs.serve(**settings)
    async with served.client("demo") as client:
        before = await client.staff("GET", "document")
        after = before.body | changes
        if changes:
            replaced = await client.staff("PUT", "document", after, headers={"If-Match": before.headers["Etag"]})
            assert replaced.status == 200, replaced.body
    await served.program.end()
    return before.body, after


async def test_a_second_serve_on_a_data_folder_names_it_and_ends(programs: Programs, data_dir: Path) -> None:
    first = await programs.serve()

    why = await programs.refused("serve")

    assert why == f"{data_dir} is in use by another paihao (pid {first.program.pid})"
    async with first.client() as client:
        assert (await client.take())["number"] == "A001"


async def test_a_port_in_use_is_named_with_its_setting(programs: Programs, noon: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        http, display = await asyncio.gather(
            programs.refused("serve", database_url=noon, port=port),
            programs.refused("serve", database_url=noon, display_port=port),
        )

    assert http == f"port {port} is in use; choose another with PAIHAO_PORT"
    assert display == f"port {port} is in use; choose another with PAIHAO_DISPLAY_PORT"


async def test_settings_that_cannot_be_are_one_line_each(programs: Programs) -> None:
    programs.private |= {"hidden-password", "not an address"}

    misspelt, port, database = await asyncio.gather(
        programs.refused("serve", demo_allways_open=1),
        programs.refused("check-config", port="many"),
        programs.refused("display", database_url="mysql://paihao:hidden-password@host/paihao"),
    )

    assert misspelt == "PAIHAO_DEMO_ALLWAYS_OPEN is not a setting; did you mean PAIHAO_DEMO_ALWAYS_OPEN?"
    assert port == "PAIHAO_PORT must be a port, 0 to 65535, not 'many'"
    assert database == "PAIHAO_DATABASE_URL must be postgresql://user:password@host/database"


async def test_a_database_that_cannot_be_used_at_the_start_is_one_line(programs: Programs, noon: str) -> None:
    programs.private.add("hidden-password")
    nowhere = f"postgresql://paihao:hidden-password@127.0.0.1:{free_port()}/paihao"
    missing = noon.replace("/test_", "/no_such_")

    serve, migrate, other = await asyncio.gather(
        programs.refused("serve", database_url=nowhere),
        programs.refused("migrate", database_url=nowhere),
        programs.refused("serve", database_url=missing),
    )

    assert serve.startswith("the database cannot be used: ")
    assert migrate == serve
    assert "no_such_" in other
