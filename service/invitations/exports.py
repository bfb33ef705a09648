"""Export the codes of an import as a CSV file, or as a page of QR codes to print and cut.

A typed name may look like a formula to a spreadsheet program; such a cell gets an apostrophe in front. The page has no
inline style or script, because the content security policy of all pages forbids them.

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
    """Build the URL of a code. The code is in the fragment, so that no log of a server or proxy contains it."""
    return f"{public_url.rstrip('/')}/halls/{quote(hall)}#invitation={quote(code)}"


def render_csv(invitations: Iterable[InvitationDetails], public_url: str, hall: str) -> bytes:
    """Write invitations as CSV in UTF-8, with the byte order mark that Excel needs."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for invitation in invitations:
        link = link_of(public_url, hall, invitation.code)
        cells = (
            str(invitation.line),
            invitation.code,
            invitation.name or "",
            invitation.service or "",
            str(invitation.became),
            link,
        )
        writer.writerow([escape_formula(cell) for cell in cells])
    return out.getvalue().encode("utf-8-sig")


def escape_formula(cell: str) -> str:
    """Prefix a cell with an apostrophe if a spreadsheet program could read it as a formula."""
    return f"'{cell}" if cell.startswith(FORMULA_PREFIXES) else cell


def render_sheet(  # noqa: PLR0913, PLR0917  (the contents of the page)
    invitations: Iterable[InvitationDetails], public_url: str, hall: str, title: str, language: str, more: str
) -> str:
    """Write an HTML page with a card for each unused invitation; `more` is the URL of the next page, or empty."""
    cards = "\n".join(
        _card(invitation, link_of(public_url, hall, invitation.code))
        for invitation in invitations
        if invitation.became is InvitationStatus.UNUSED
    )
    next_link = f'<p class="more"><a rel="next" href="{escape(more)}">→</a></p>' if more else ""
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n<link rel="icon" href="/favicon.ico">\n'
        f'<link rel="stylesheet" href="{STYLE}">\n</head>\n<body>\n<h1>{escape(title)}</h1>\n'
        f'<main class="cards">\n{cards}\n</main>\n{next_link}\n</body>\n</html>\n'
    )


def _card(invitation: InvitationDetails, link: str) -> str:
    qr_code = segno.make(link, error="m", micro=False).svg_inline(scale=3, title=invitation.code)
    name = "" if invitation.name is None else f'<p class="name">{escape(invitation.name)}</p>'
    code = f"{invitation.code[:4]} {invitation.code[4:]}"
    return f'<section class="card">{qr_code}{name}<p class="code">{escape(code)}</p></section>'
