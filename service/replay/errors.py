"""What stops a replay, said in one line for the person who started it."""


class ReplayError(Exception):
    """The replay cannot begin, or cannot go on."""


class TraceError(ReplayError):
    """The trace cannot be read, or says something that cannot be."""


class RefusedError(ReplayError):
    """The server refused a command that the people and staff of a trace may expect to succeed."""

    def __init__(self, what: str, status: int, code: str, title: str) -> None:
        super().__init__(f"{what} was refused: {status} {code} {title}".rstrip())
        self.status = status
        self.code = code
