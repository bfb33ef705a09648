"""Find a system font for printers that have no Chinese characters."""

from functools import cache
from pathlib import Path

from PIL import ImageFont
from PIL.ImageFont import FreeTypeFont

FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/opentype/source-han-sans/SourceHanSansCN-Regular.otf",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/wqy-zenhei/wqy-zenhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
)
"""Paths of fonts with Chinese characters in Debian, Fedora and Arch packages."""


@cache
def chinese_font(size_px: int) -> FreeTypeFont | None:
    """Load the first font of `FONTS` that exists; None if none exists."""
    for path in FONTS:
        if Path(path).is_file():
            return ImageFont.truetype(path, size_px)
    return None
