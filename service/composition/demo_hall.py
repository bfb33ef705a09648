"""The demo hall of an empty database."""

from contextlib import suppress

import structlog

from service.config.settings import Settings
from service.domain.hall.demo import DEMO, demo_document, is_untouched
from service.errors import DocumentConflict
from service.runtime.halls import Halls

log = structlog.get_logger(__name__)


async def ensure_demo_hall(settings: Settings, halls: Halls) -> None:
    """Create the demo hall in an empty database.

    As long as its document was not edited, it follows the setting PAIHAO_DEMO_ALWAYS_OPEN at each start.
    """
    wanted = demo_document(always_open=settings.demo_always_open)
    if halls.empty:
        await halls.create_if_absent(DEMO, wanted)
        return
    found = next((hall for hall in halls.known() if hall.id == DEMO), None)
    if found is None or found.document == wanted:
        return
    if is_untouched(found.document):
        with suppress(DocumentConflict):  # another process is starting and replaces it too
            await halls.replace(DEMO, wanted, found.revision)
    elif settings.demo_always_open:
        log.warning("demo_left_alone", why="its document was edited, so PAIHAO_DEMO_ALWAYS_OPEN has no effect")
