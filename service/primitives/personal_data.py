"""Values with personal data or secrets, whose `repr` does not show them.

A print, a log line or an exception shows only the type of the value and its id. So logging an object never logs a name
by mistake.
"""

from typing import ClassVar

from msgspec import Struct


class Personal(Struct, frozen=True):
    """A struct whose `repr` shows only the fields in `SHOWN`."""

    SHOWN: ClassVar[tuple[str, ...]] = ()
    """Fields that identify the value without personal data."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [(name, getattr(self, name)) for name in self.SHOWN]
