"""What a lane needs of the journal: to read a day and to append to it."""

from service.journal.append import Appender
from service.journal.database import Database
from service.journal.read import Reader


class Journal(Reader, Appender):
    """Reads and writes the journal of one database."""

    def __init__(self, database: Database) -> None:
        Reader.__init__(self, database)
        Appender.__init__(self, database)
