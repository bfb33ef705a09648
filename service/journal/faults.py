"""Faults of the journal: expected errors between the service and its database."""


class JournalFault(Exception):  # noqa: N818  (the project calls these errors faults)
    """Base class of all faults of the journal."""


class StorageUnavailable(JournalFault):
    """PostgreSQL cannot be reached or did not answer in time. Whether the request was carried out is unknown."""


class ReadOnly(StorageUnavailable):
    """PostgreSQL answers but accepts no changes: it is a standby."""


class Incomplete(StorageUnavailable):
    """PostgreSQL answers, but a table, a function or a right is missing: the database is being restored."""


class Rewritten(JournalFault):
    """The journal differs from the one in memory: it was restored or failed over. The day must be folded again."""


class UnknownKind(JournalFault):
    """A newer release wrote an event or document that this one cannot read. The hall stops in this process."""


class AppendRejected(JournalFault):
    """The database rejected an append. Nothing is written, and sending it again would not help."""

    def __init__(self, why: str, sqlstate: str | None = None) -> None:
        super().__init__(why)
        self.sqlstate = sqlstate


class ConstraintBroken(AppendRejected):
    """An append would violate a constraint of the database; `name` is the name of the constraint."""

    def __init__(self, name: str, why: str, sqlstate: str | None = None) -> None:
        super().__init__(why, sqlstate)
        self.name = name


class RecordsRefused(AppendRejected):
    """A value cannot be stored: it is not valid text, too large, or of the wrong type."""


class HallMissing(JournalFault):
    """The hall does not exist."""


class DayPassed(JournalFault):
    """A day cannot begin because a later one has begun."""


class DocumentConflict(JournalFault):
    """The hall's document has changed; `revision` is the present one."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"the document has revision {revision}")
        self.revision = revision


class MigrationFault(JournalFault):
    """The schema of the database does not match this program."""
