"""What changed in a hall's document, and who did it, for the account: the parts are named, never what they say."""

from datetime import datetime

from msgspec import to_builtins

from service.domain.hall.document import HallDocument
from service.domain.model import HallId
from service.identity import audit_log
from service.identity.store import Writer
from service.journal.hall_documents import ChangeRecorder

PATHS_MAX = 100
"""Changed parts of a document that are named; whoever changes more has replaced it."""


def change_recorder(hall: HallId, document: HallDocument, now_at: datetime, actor: str) -> ChangeRecorder:
    """Notes which parts of a hall's document somebody replaced by those of another."""

    async def note(writer: Writer, before: HallDocument, revision: int) -> None:
        paths = changed_paths(to_builtins(before), to_builtins(document))[:PATHS_MAX]
        await audit_log.record(
            writer, [hall], now_at, actor, "document_changed", {"revision": revision, "paths": paths}
        )

    return note


def changed_paths(before: object, after: object, path: str = "") -> list[str]:
    """Where two documents differ; things with an id are told apart by it, wherever they stand in their list."""
    if before == after:
        return []
    ones, others = _parts_of(before), _parts_of(after)
    if ones is None or others is None:
        return [path]
    return [
        found
        for name in dict.fromkeys((*ones, *others))
        for found in changed_paths(ones.get(name), others.get(name), f"{path}.{name}".removeprefix("."))
    ] or [path]


def _parts_of(value: object) -> dict[str, object] | None:
    """The named parts of an object, or of a list of things with ids."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list) and value and all(isinstance(one, dict) and "id" in one for one in value):
        return {str(one["id"]): one for one in value}
    return None
