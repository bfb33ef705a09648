"""The secret of a database: a process with another secret does not start; replacing and deliberately losing it."""

import asyncio
from pathlib import Path

import pytest

from service.config.settings import Settings, SettingsError
from service.credentials import secret_check
from service.journal.database import Database
from tests.serve.program import SECRET, Programs

KIOSK = ("--role", "kiosk", "--hall", "noon")
MANAGER = ("--role", "manager", "--hall", "noon")


def settings_of(secret: str) -> Settings:
    """Return settings with a secret."""
    return Settings(secret=secret, admin_token="admin")


async def test_who_has_another_secret_is_told_so_and_what_to_do(programs: Programs, noon: str, tmp_path: Path) -> None:
    served = await programs.serve(database_url=noon)
    elsewhere = tmp_path / "elsewhere"
    other = {"database_url": noon, "data_dir": elsewhere, "secret": None}

    lines = await asyncio.gather(
        programs.refused("serve", **other),
        programs.refused("display", **other),
        programs.refused("user", "add", "zhou", *MANAGER, **other),
        programs.refused("token", "add", "door", *KIOSK, **other),
        programs.refused("serve", database_url=noon, secret="another-secret-0123456789"),
    )

    *by_file, by_setting = lines
    assert set(by_file) == {by_file[0]}
    assert by_file[0].startswith(
        f"this database was used with another secret than {elsewhere / 'secret'}: copy the file `secret`"
    )
    assert by_setting.startswith("this database was used with another secret than PAIHAO_SECRET: ")
    assert not (elsewhere / "secret").exists()
    async with served.client() as client:
        assert (await client.take())["number"] == "A001"


async def test_where_the_secret_is_lost_another_begins_anew(programs: Programs, noon: str, tmp_path: Path) -> None:
    await programs.run("token", "add", "door", *KIOSK, database_url=noon)
    other = {"database_url": noon, "data_dir": tmp_path / "elsewhere", "secret": None}

    told = await programs.run("new-secret", **other)
    served = await programs.serve(**other)
    refused = await programs.refused("token", "list", database_url=noon, secret=SECRET)

    programs.private.add((tmp_path / "elsewhere" / "secret").read_text().strip())
    assert told.out.startswith(f"the database now accepts only the secret from {tmp_path / 'elsewhere' / 'secret'}")
    assert "another secret than PAIHAO_SECRET" in refused
    assert served.url


async def test_of_two_that_start_at_once_with_secrets_of_their_own_one_does(dsn: str) -> None:
    async with Database(dsn) as one, Database(dsn) as two:
        outcomes = await asyncio.gather(
            *(secret_check.register(database, settings_of(name)) for database, name in ((one, "a"), (two, "b"))),
            return_exceptions=True,
        )

        (refused,) = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        assert isinstance(refused, SettingsError)


async def test_a_secret_is_replaced_in_steps_and_the_one_before_is_given_up_by_the_last(dsn: str) -> None:
    async with Database(dsn) as database:
        for secret in ("old", "new,old", "old", "new,old", "new"):
            await secret_check.register(database, settings_of(secret))
            await secret_check.compare(database, settings_of(secret))

        for ours in (secret_check.register, secret_check.compare):
            with pytest.raises(SettingsError, match="another secret"):
                await ours(database, settings_of("old"))


async def test_a_process_that_does_not_know_the_new_secret_yet_takes_it_from_nobody(dsn: str) -> None:
    async with Database(dsn) as database:
        for secret in ("old", "new,old", "old"):
            await secret_check.register(database, settings_of(secret))

        await secret_check.register(database, settings_of("new"))


async def test_a_display_waits_for_the_first_serve(programs: Programs, noon: str) -> None:
    shown = programs.begin("display", database_url=noon)
    line = await shown.line("not_working")
    said = list(shown.lines("screens ready"))

    await programs.serve(database_url=noon)
    await shown.line("screens ready")

    assert (line["what"], line["error"], said) == ("database", "NoSecretRegistered", [])
