"""QR codes as rows of modules."""

from functools import lru_cache

from msgspec import Struct


@lru_cache(64)
def qr_modules(url: str) -> tuple[str, ...]:
    """The rows of a QR code, without its border: large modules, for it is scanned from across the room."""
    import segno  # noqa: PLC0415  (for halls alone that have such a screen)

    code = segno.make_qr(url, error="m")
    return tuple("".join(map(str, row)) for row in code.matrix)


class CodeSeen(Struct, frozen=True):
    """A code as people type it, and the rows of its QR code: 1 is dark, and no border."""

    code: str
    modules: list[str]
