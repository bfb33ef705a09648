"""What can go wrong between the service and its journal."""


class JournalFault(Exception):  # noqa: N818  (faults are what our callers name them by)
    """The journal did not do what was asked."""


class StorageUnavailable(JournalFault):
    """PostgreSQL cannot be reached or did not answer in time; nothing of what was asked is known to have happened."""


class ReadOnly(StorageUnavailable):
    """PostgreSQL answers, and takes no changes: a standby, or what became one."""


class Incomplete(StorageUnavailable):
    """PostgreSQL answers, and a table, a function or the right to use one is not there: it is being restored."""


class Rewritten(JournalFault):
    """The journal is not the one remembered: restored or failed over. What was folded from it must be folded anew."""


class UnknownKind(JournalFault):
    """An event or a document that this release cannot read: a newer one wrote it. The hall stops in this process."""


class AppendRejected(JournalFault):
    """The database refused an append; nothing is written, and sending it again would change nothing."""

    def __init__(self, why: str, sqlstate: str | None = None) -> None:
        super().__init__(why)
        self.sqlstate = sqlstate


class ConstraintBroken(AppendRejected):
    """A rule kept by the database would be broken; `name` is the constraint's."""

    def __init__(self, name: str, why: str, sqlstate: str | None = None) -> None:
        super().__init__(why, sqlstate)
        self.name = name


class RecordsRefused(AppendRejected):
    """A value cannot be stored: not text, too large, or not what its column holds."""


class HallMissing(JournalFault):
    """There is no such hall."""


class DayPassed(JournalFault):
    """A day that never began cannot begin any more: a later one has."""


class DocumentConflict(JournalFault):
    """The hall's document changed meanwhile; `revision` is the present one."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"the document has revision {revision}")
        self.revision = revision


class MigrationFault(JournalFault):
    """The database's schema and this program do not belong together."""
