"""What people have told of themselves, and what only they may know: it is read where it is needed, and never shown.

Whatever is printed, logged or raised says the type of such a value and, where there is one, the id by which it can be
looked up; so nobody's name gets into a log because somebody logged the thing that has it.
"""

from typing import ClassVar

from msgspec import Struct


class Personal(Struct, frozen=True):
    """A value that shows none of its fields, but for those named in `SHOWN`."""

    SHOWN: ClassVar[tuple[str, ...]] = ()
    """The fields that say which one it is, and not who."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [(name, getattr(self, name)) for name in self.SHOWN]
