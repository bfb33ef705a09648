"""Codes back to who gave them out: as a CSV file, and as a page of QR codes to print and cut.

What somebody typed into a list may be a formula to the program that opens ours: such a cell begins with an apostrophe
here. The page has no style or script in it, so that it stands under the strict policy of all pages.

Source: CONTRACT 8; OWASP, CSV injection; ISO/IEC 18004.
"""

import csv
import io
from collections.abc import Iterable
from html import escape
from urllib.parse import quote

import segno

from service.invitations.store import InvitationDetails, InvitationStatus

HEADER = ("line", "code", "name", "service", "state", "link")
FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "\n")
STYLE = "/pages/invitations/sheet.css"


def link_of(public_url: str, hall: str, code: str) -> str:
    """Where a code leads: behind `#`, where no log of ours or of a proxy sees it."""
    return f"{public_url.rstrip('/')}/halls/{quote(hall)}#invitation={quote(code)}"


def render_csv(invitations: Iterable[InvitationDetails], public_url: str, hall: str) -> bytes:
    """Write codes as CSV, UTF-8 with the byte order mark that Excel wants."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for one in invitations:
        link = link_of(public_url, hall, one.code)
        cells = (str(one.line), one.code, one.name or "", one.service or "", str(one.became), link)
        writer.writerow([escape_formula(cell) for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def escape_formula(cell: str) -> str:
    """A cell that no program takes for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_PREFIXES) else cell


def render_sheet(  # noqa: PLR0913, PLR0917  (what the page says)
    invitations: Iterable[InvitationDetails], public_url: str, hall: str, title: str, language: str, more: str
) -> str:
    """Write a page with a card for each invitation that may still be used; `more` is the address of the next page."""
    cards = "\n".join(
        _card(one, link_of(public_url, hall, one.code)) for one in invitations if one.became is InvitationStatus.UNUSED
    )
    following = f'<p class="more"><a rel="next" href="{escape(more)}">→</a></p>' if more else ""
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n<link rel="icon" href="/favicon.ico">\n'
        f'<link rel="stylesheet" href="{STYLE}">\n</head>\n<body>\n<h1>{escape(title)}</h1>\n'
        f'<main class="cards">\n{cards}\n</main>\n{following}\n</body>\n</html>\n'
    )


def _card(one: InvitationDetails, link: str) -> str:
    picture = segno.make(link, error="m", micro=False).svg_inline(scale=3, title=one.code)
    name = "" if one.name is None else f'<p class="name">{escape(one.name)}</p>'
    code = f"{one.code[:4]} {one.code[4:]}"
    return f'<section class="card">{picture}{name}<p class="code">{escape(code)}</p></section>'
