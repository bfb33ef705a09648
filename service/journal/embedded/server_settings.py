"""Settings, environment and address of the server. Settings are command-line arguments: an upgrade brings its own.

Every commit is flushed. `wal_level` is `replica`, which has no measurable cost, so that pg_basebackup works on a
running service. Errors of statements are not logged by the server, because their texts contain personal data.
"""

import os
from pathlib import Path
from urllib.parse import quote

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_level": "replica",
    "max_wal_senders": "2",  # one pg_basebackup with its stream
    "max_logical_replication_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_checkpoints": "off",
    "log_statement": "none",
    "log_min_messages": "log",  # starts, stops and FATAL; the service reports errors of statements itself
    "log_error_verbosity": "terse",
}

URL_PARAMETERS = "sslmode=disable&target_session_attrs=any"
"""Parameters of the URL that PGSSLMODE and PGTARGETSESSIONATTRS, meant for another server, must not decide."""

ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
"""The whole environment of the server. PGPORT, PGDATA and similar variables of this process must not reach it."""


def server_arguments(socket_folder: str) -> list[str]:
    """Return the settings as arguments of `postgres`, with this folder for the socket."""
    quoted = socket_folder.replace('"', '""')  # the setting is a list of quoted names
    settings = SETTINGS | {"unix_socket_directories": f'"{quoted}"'}
    return [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]


def server_url(socket_folder: Path) -> str:
    """Return the URL for asyncpg and psql: role and database `postgres`, through the socket; `PG*` have no effect."""
    host = quote(str(socket_folder), safe="")
    return f"postgresql://postgres@/postgres?host={host}&port={SETTINGS['port']}&{URL_PARAMETERS}"
