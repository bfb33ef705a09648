"""What a lane needs of the journal: to read a day and to append to it."""

from service.journal.append import Appender
from service.journal.read import Reader


class Journal(Reader, Appender):
    """Reads and writes the journal of one database."""
