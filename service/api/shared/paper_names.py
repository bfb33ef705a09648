"""Names of papers, from the hall document."""

from service.domain.hall.document import HallDocument
from service.domain.model import ServiceId, Texts


def paper_name(document: HallDocument, service: ServiceId, paper: str) -> Texts:
    """The name of a paper in all languages. The plan of a day has only the paper's id.

    The name comes from this service in the hall document. If the service no longer has the paper, the name comes from
    the first service that has it, then from `texts`. It is empty if the document has no name for it.
    """
    names = [(owner.id, entry.name) for owner in document.services for entry in owner.papers if entry.id == paper]
    own = next((name for owner, name in names if owner == service), None)
    first = next((name for _, name in names), document.texts.get(paper, {}))
    return dict(first if own is None else own)
