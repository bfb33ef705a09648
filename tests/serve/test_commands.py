"""The commands other than `serve` and `display`."""

import asyncio
import json
import os
import sys
from base64 import b64encode
from pathlib import Path

import msgspec
from typer.main import get_command
from typer.testing import CliRunner

from service.cli.main import cli
from service.config.catalog import SETTINGS
from service.domain.hall.document import HallDocument
from service.journal.database import Database
from service.primitives.ids import new_id
from tests.serve.program import SECRET, Programs, until


async def test_help_names_all_commands_and_each_has_its_own(programs: Programs) -> None:
    bare, whole = programs.begin(), programs.begin("--help")
    names = [*get_command(cli).commands, "hall apply", "hall export"]  # type: ignore[attr-defined]
    helped = [CliRunner().invoke(cli, [*name.split(), "--help"], prog_name="paihao") for name in names]

    assert (await bare.ended(), await whole.ended()) == (2, 0)
    assert {"serve", "display", "migrate", "check-config", "hall"} <= set(names)
    for name, help_ in zip(names, helped, strict=True):
        assert help_.exit_code == 0
        assert f"Usage: paihao {name}" in help_.output
        assert name.split()[0] in bare.out + bare.said
        assert name.split()[0] in whole.out


async def test_migrate_prepares_a_database_once(programs: Programs) -> None:
    first = await programs.run("migrate")
    second = await programs.run("migrate")

    names = first.out.split()
    assert names
    assert names == sorted(names)
    assert all(name.endswith(".sql") for name in names)
    assert second.out == ""


async def test_what_a_database_lacks_is_said(programs: Programs, noon: str) -> None:
    async with Database(noon) as database:
        role = f"without_rights_{new_id().replace('-', '')}"
        await database.fetch(f"CREATE ROLE {role} LOGIN")
        try:
            url = noon.replace("//postgres@", f"//{role}@")
            without_rights = await programs.refused("hall", "export", "noon", database_url=url)
        finally:
            await database.fetch(f"DROP ROLE {role}")
        await database.fetch("DROP TABLE halls")
    without_table = await programs.refused("hall", "export", "noon", database_url=noon)

    assert "permission denied for table halls" in without_rights
    assert 'relation "halls" does not exist' in without_table


async def test_a_command_that_looks_at_a_database_makes_none(programs: Programs, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    refused = await programs.refused("verify", data_dir=elsewhere)

    assert refused == f"there is no database in {elsewhere}: run this where `serve` runs, or set PAIHAO_DATA_DIR"
    assert not elsewhere.exists()


async def test_check_config_shows_every_setting_and_no_secret(programs: Programs) -> None:
    secrets = {name: f"hidden-{name}-0123456789" for name in ("admin_token", "secret", "oidc_client_secret")}
    urls = {
        "database_url": "postgresql://paihao:hidden-database-0123456789@db.example/paihao",
        "smtp_url": "smtp://paihao:hidden-mail-0123456789@mail.example:587",
        "webhook_url": "https://sms.example/hidden-hook-0123456789",
        "nats_url": "nats://paihao:hidden-bell-0123456789@bell.example:4222",
    }

    shown = await programs.run(
        "check-config",
        **secrets,
        **urls,
        webhook_secret="whsec_" + b64encode(b"hidden" * 5).decode(),
        host="::1",
        port=9080,
        mail_from="hall@city.example",
        public_url="http://[fe80::1]:80",
        trusted_proxies="10.0.0.0/8,::1",
    )

    assert all(setting.name in shown.out for setting in SETTINGS)
    assert "hidden-" not in shown.out
    for value in ("9080", "hall@city.example", "http://[fe80::1]:80", "10.0.0.0/8,::1/128"):
        assert value in shown.out
    switches = {line.split()[1]: line.split()[3] for line in shown.out.splitlines() if "PAIHAO_" in line}
    assert (switches["PAIHAO_RATE_LIMIT"], switches["PAIHAO_DEMO_ALWAYS_OPEN"]) == ("off", "0")


async def test_a_document_that_was_exported_can_be_applied_elsewhere(
    programs: Programs, noon: str, tmp_path: Path
) -> None:
    written = await programs.run("hall", "export", "noon", "noon.json", database_url=noon)
    made = await programs.run("hall", "apply", "copy", "noon.json", database_url=noon)
    copied, missing = await asyncio.gather(
        programs.run("hall", "export", "copy", database_url=noon),
        programs.refused("hall", "export", "nowhere", database_url=noon),
    )

    assert (written.out, made.out) == ("", "made copy, revision 1\n")
    assert copied.out == (tmp_path / "noon.json").read_text()
    assert missing == "there is no hall nowhere"


async def test_a_bad_document_is_refused_with_a_line_for_each_fault(
    programs: Programs, noon: str, document: HallDocument, tmp_path: Path
) -> None:
    wrong = msgspec.to_builtins(document)
    wrong["counters"][0]["stage"] = "no-such-stage"
    wrong["counters"][1]["zone"] = "no-such-zone"
    (tmp_path / "wrong.json").write_text(json.dumps(wrong))
    (tmp_path / "typed.json").write_text(json.dumps({**wrong, "languages": "zh-CN"}))
    (tmp_path / "broken.json").write_text("{")

    refused = programs.begin("hall", "apply", "noon", "wrong.json", database_url=noon)
    typed, broken, absent, name = await asyncio.gather(
        programs.refused("hall", "apply", "noon", "typed.json", database_url=noon),
        programs.refused("hall", "apply", "noon", "broken.json", database_url=noon),
        programs.refused("hall", "apply", "noon", "absent.json", database_url=noon),
        programs.refused("hall", "apply", "No Hall", "wrong.json", database_url=noon),
    )
    code = await refused.ended()

    assert (code, refused.out) == (1, "")
    assert [line.partition(": ")[2].partition(": ")[0] for line in refused.said.splitlines()] == [
        "counters[0].stage",
        "counters[1].zone",
    ]
    assert typed.startswith("languages: ")
    assert broken.startswith("this is not JSON: ")
    assert absent == "absent.json: No such file or directory"
    assert name == "a hall's id is a short code of small letters, digits and -"


async def test_a_running_serve_follows_a_document_that_was_applied(programs: Programs, data_dir: Path) -> None:
    served = await programs.serve()
    async with served.client() as client:
        await client.take()
        document = (await client.staff("GET", "document")).body
        document["name"]["en"] = "Another Hall"
        document["services"][1]["prefix"] = "E"
        (data_dir.parent / "changed.json").write_text(json.dumps(document))

        applied = await programs.run("hall", "apply", "noon", "changed.json")

        async def renamed() -> bool:
            return bool((await client.call("GET", "/v1/halls/noon")).body["name"]["en"] == "Another Hall")

        async def prefixed() -> bool:
            return bool((await client.take("enquiry"))["number"][0] == "E")

        assert applied.out == "changed noon, revision 2\n"
        await until(renamed, "the new name")
        await until(prefixed, "the new prefix")


async def test_a_document_that_is_applied_is_in_the_history_as_the_commands_and_once(
    programs: Programs, data_dir: Path
) -> None:
    served = await programs.serve()
    async with served.client() as client:
        document = (await client.staff("GET", "document")).body
        document["name"]["en"] = "Another Hall"
        document["services"][1]["prefix"] = "E"
        (data_dir.parent / "changed.json").write_text(json.dumps(document))

        applied = [await programs.run("hall", "apply", "noon", "changed.json") for _ in range(2)]

        history = (await client.staff("GET", "history")).body["items"]
    assert [one.out for one in applied] == [
        "changed noon, revision 2\n",
        "noon has this document already, revision 2\n",
    ]
    changes = [one for one in history if one["kind"] == "document_changed"]
    assert [(one["actor"], one["data"]) for one in changes] == [
        ("command", {"revision": 2, "paths": ["name.en", "services.enquiry.prefix"]})
    ]


async def test_names_phones_and_tokens_are_in_no_log_even_when_requests_go_wrong(programs: Programs, noon: str) -> None:
    served = await programs.serve(database_url=noon, log_level="debug")
    person = {"name": "Li Privately", "phone": "+8613812345678", "email": "li.privately@example.org"}
    token = "a-token-that-nobody-gave-0123456789abcdefghi"
    served.private |= {token, SECRET}
    async with served.client() as client:
        taken = await client.call("POST", "tickets", {"service": "enquiry", "applicant": person})
        statuses = [
            (await client.call("POST", "tickets", body)).status
            for body in (
                {"service": "enquiry", "applicant": {**person, "unknown": "a field"}},
                {"service": "enquiry", "applicant": {**person, "name": "Li Privately\0"}},
                {"service": "none", "applicant": person},
                {"service": "enquiry", "applicant": {**person, "name": "Li Privately \ud800"}},
            )
        ]
        own = f"tickets/{taken.body['id']}"
        watched = await client.call("GET", f"{own}?token={taken.body['token']}", token=taken.body["token"])
        guessed = await client.call("GET", own, token=token)
        async with served.ticket(taken.body) as phone:
            await client.staff("DELETE", own)
            await phone.shows(lambda ticket: bool(ticket["state"] == "left"))

    assert statuses == [422, 422, 404, 400]
    assert (watched.status, guessed.status) == (200, 401)
    await served.program.end()
    assert served.program.lines("day_opened")


async def test_a_command_needs_no_standard_streams(noon: str) -> None:
    without = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", sys.executable, "-m", "service", "verify"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PAIHAO_DATABASE_URL": noon}

    process = await asyncio.create_subprocess_exec(*without, env=environment)

    assert await process.wait() == 0


async def test_verify_says_how_much_is_as_promised_or_what_is_not(programs: Programs, noon: str) -> None:
    served = await programs.serve(database_url=noon)
    async with served.client() as client:
        await client.open("1")
        await client.take("enquiry")
    await served.program.end()

    whole = await programs.run("verify", database_url=noon)
    async with Database(noon) as database:
        await database.fetch("UPDATE tickets SET number = 'B002'")
    refused = await programs.refused("verify", database_url=noon)

    assert whole.out.startswith("consistent: 1 days, ")
    assert "number of B001 is 'B002' in the table" in refused
