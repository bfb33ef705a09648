"""Audit entries for changes of hall documents: they name the changed parts, never their contents."""

from datetime import datetime

from msgspec import to_builtins

from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.identity import audit_log
from service.identity.store import Writer
from service.journal.hall_documents import ChangeRecorder

PATHS_MAX = 100
"""Maximum number of changed parts in an entry."""


def change_recorder(hall: HallId, document: HallDocument, now_at: datetime, actor: str) -> ChangeRecorder:
    """Build a function that records which parts `document` changes, in the transaction that stores it."""

    async def note(writer: Writer, before: HallDocument, revision: int) -> None:
        paths = changed_paths(to_builtins(before), to_builtins(document))[:PATHS_MAX]
        await audit_log.record(
            writer, [hall], now_at, actor, "document_changed", {"revision": revision, "paths": paths}
        )

    return note


def changed_paths(before: object, after: object, path: str = "") -> list[str]:
    """List the paths at which two documents differ; list items with ids are compared by id, not by position."""
    if before == after:
        return []
    parts_before, parts_after = _parts_of(before), _parts_of(after)
    if parts_before is None or parts_after is None:
        return [path]
    return [
        changed
        for name in dict.fromkeys((*parts_before, *parts_after))
        for changed in changed_paths(parts_before.get(name), parts_after.get(name), f"{path}.{name}".removeprefix("."))
    ] or [path]


def _parts_of(value: object) -> dict[str, object] | None:
    """Return the members of an object by name, or the items of a list by id; None for all other values."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(item, dict) and "id" in item for item in value):
        return {str(item["id"]): item for item in value}
    return None
