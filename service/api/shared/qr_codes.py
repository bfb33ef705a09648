"""QR codes as rows of modules (dark or light squares)."""

from functools import lru_cache

from msgspec import Struct


@lru_cache(64)
def qr_modules(url: str) -> tuple[str, ...]:
    """The rows of a QR code for a URL, without its border.

    The medium error correction keeps the modules large, because the code is scanned from a distance.
    """
    import segno  # noqa: PLC0415  (only some halls need it)

    code = segno.make_qr(url, error="m")
    return tuple("".join(map(str, row)) for row in code.matrix)


class CodeSeen(Struct, frozen=True):
    """A code to type, and the rows of its QR code without a border. In a row, 1 is a dark module and 0 a light one."""

    code: str
    modules: list[str]
