"""Letters for printers that have no Chinese of their own: a font of the system's, where there is one."""

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
"""Where Debian, Fedora and Arch put the fonts with Chinese that they have."""


@cache
def chinese_font(size_px: int) -> FreeTypeFont | None:
    """The first of the fonts that is there; None where none is."""
    for path in FONTS:
        if Path(path).is_file():
            return ImageFont.truetype(path, size_px)
    return None
