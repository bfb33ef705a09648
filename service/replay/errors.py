"""The errors that stop a replay. Their text is one line for the person who started it."""


class ReplayError(Exception):
    """The replay cannot begin, or cannot go on."""


class TraceError(ReplayError):
    """The trace cannot be read, or contains an impossible value."""


class RefusedError(ReplayError):
    """The server refused a command that must succeed in a replay."""

    def __init__(self, what: str, status: int, code: str, title: str) -> None:
        super().__init__(f"{what} was refused: {status} {code} {title}".rstrip())
        self.status = status
        self.code = code
