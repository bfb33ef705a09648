"""The rules of the hall, tested without a database: the pure day, its waits, its plan."""
