"""Read QR codes from pictures, like a phone's camera.

The pictures must be perfect: one upright and sharp code. The error correction is not used.

Source: ISO/IEC 18004:2015.
"""

import io
from collections.abc import Iterator
from itertools import chain
from typing import Any

from PIL import Image
from segno import consts

FINDER_MODULES = 7
DARK_BELOW = 128
LEVELS = {0b01: 1, 0b00: 0, 0b11: 3, 0b10: 2}
"""Error correction level in segno's tables, by the two bits of the format."""

FORMAT_MASK = 0b101_0100_0001_0010
BYTES, ALPHANUMERIC = 0b0100, 0b0010
_LENGTH_BITS = {BYTES: (8, 16), ALPHANUMERIC: (9, 11)}
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
VERSION_SAID_FROM = 7
LONG_FROM_VERSION = 10
"""From this version on the length of a text has more bits."""

Rows = list[list[int]]


def read_picture(png: bytes) -> str:
    """Return the text of the code in a picture. Raises ValueError if there is none."""
    image = Image.open(io.BytesIO(png)).convert("L").point(lambda level: 255 if level < DARK_BELOW else 0)
    box = image.getbbox()
    if box is None:
        msg = "nothing is dark in the picture"
        raise ValueError(msg)
    left, top, right, bottom = box
    width = next((x for x in range(left, right) if not image.getpixel((x, top))), right) - left
    version = min(max(round(((right - left) * FINDER_MODULES / width - 17) / 4), 1), 40)
    modules = version * 4 + 17
    across, down = (right - left) / modules, (bottom - top) / modules
    middles = [
        [(int(left + (x + 0.5) * across), int(top + (y + 0.5) * down)) for x in range(modules)] for y in range(modules)
    ]
    rows = [[1 if image.getpixel(middle) else 0 for middle in row] for row in middles]
    if any(rows[6][at] == at % 2 for at in range(FINDER_MODULES - 1, modules - FINDER_MODULES + 1)):
        msg = f"no code in the picture: {modules} modules in {box} do not alternate"
        raise ValueError(msg)
    return read_rows(rows)


def read_rows(rows: Rows) -> str:
    """Return the text of a code, by its modules."""
    version = (len(rows) - 17) // 4
    level, mask = _format_of(rows)
    bits = [rows[y][x] ^ _masked(mask, y, x) for y, x in _path(len(rows)) if not _is_fixed(version, y, x)]
    words = [int("".join(map(str, bits[at : at + 8])), 2) for at in range(0, len(bits) - 7, 8)]
    data = "".join(f"{word:08b}" for word in _untangled(words, version, level))
    mode = int(data[:4], 2)
    if mode not in _LENGTH_BITS:
        msg = f"mode {mode} is none of ours"
        raise ValueError(msg)
    begins = 4 + _LENGTH_BITS[mode][version >= LONG_FROM_VERSION]
    length = int(data[4:begins], 2)
    return (_bytes if mode == BYTES else _letters)(data[begins:], length)


def _bytes(data: str, length: int) -> str:
    return bytes(int(data[at : at + 8], 2) for at in range(0, 8 * length, 8)).decode()


def _letters(data: str, length: int) -> str:
    """Decode alphanumeric mode: two of the 45 characters in 11 bits, a last single one in 6 (7.4.4)."""
    pairs = [divmod(int(data[at : at + 11], 2), len(LETTERS)) for at in range(0, length // 2 * 11, 11)]
    said = "".join(LETTERS[first] + LETTERS[second] for first, second in pairs)
    rest = data[length // 2 * 11 :]
    return said + (LETTERS[int(rest[:6], 2)] if length % 2 else "")


def _is_fixed(version: int, y: int, x: int) -> bool:
    """Return whether a module belongs to a function pattern, the format or the version, and not to the data (6.3)."""
    last = version * 4 + 16
    near, far = FINDER_MODULES + 1, last - FINDER_MODULES
    if (y <= near and (x <= near or x >= far)) or (y >= far and x <= near) or FINDER_MODULES - 1 in {y, x}:
        return True
    if version >= VERSION_SAID_FROM and min(y, x) < FINDER_MODULES - 1 and max(y, x) >= far - 3:
        return True
    centres = consts.ALIGNMENT_POS[version - 2] if version > 1 else ()
    at_finders = {(6, 6), (6, last - 6), (last - 6, 6)}
    around = [(cy, cx) for cy in centres for cx in centres if abs(y - cy) <= 2 and abs(x - cx) <= 2]
    return any(centre not in at_finders for centre in around)


def _format_of(rows: Rows) -> tuple[int, int]:
    """Return the level of error correction and the mask (7.9)."""
    said = [rows[8][x] for x in (0, 1, 2, 3, 4, 5, 7, 8)] + [rows[y][8] for y in (7, 5, 4, 3, 2, 1, 0)]
    value = int("".join(map(str, said)), 2) ^ FORMAT_MASK
    return LEVELS[value >> 13], value >> 10 & 0b111


def _masked(mask: int, y: int, x: int) -> int:
    """Return whether the mask inverts a module (table 10)."""
    return int(
        (
            (y + x) % 2,
            y % 2,
            x % 3,
            (y + x) % 3,
            (y // 2 + x // 3) % 2,
            y * x % 2 + y * x % 3,
            (y * x % 2 + y * x % 3) % 2,
            ((y + x) % 2 + y * x % 3) % 2,
        )[mask]
        == 0
    )


def _path(size: int) -> Iterator[tuple[int, int]]:
    """Yield the places of the bits in order: two columns at a time from the right, up and down in turn (7.7.3)."""
    pairs = [right for right in range(size - 1, 0, -2) if right > 6] + [5, 3, 1]
    for turn, right in enumerate(pairs):
        for step in range(size):
            y = step if turn % 2 else size - 1 - step
            yield y, right
            yield y, right - 1


def _untangled(words: list[int], version: int, level: int) -> list[int]:
    """Return the data of all blocks, one block after the other (7.6)."""
    table: Any = consts.ECC
    sizes = [part.num_data for part in table[version][level] for _ in range(part.num_blocks)]
    blocks: list[list[int]] = [[] for _ in sizes]
    turns = (block for place in range(max(sizes)) for block, size in enumerate(sizes) if place < size)
    for word, block in zip(words, turns, strict=False):  # the rest is error correction
        blocks[block].append(word)
    return list(chain.from_iterable(blocks))
