"""The words for the papers that people bring."""

from service.domain.hall.document import HallDocument
from service.domain.model import ServiceId, Texts


def paper_name(document: HallDocument, service: ServiceId, paper: str) -> Texts:
    """What a hall calls a paper of a service, for a plan keeps its id only.

    As the document names it at that service; else, where the service was taken out, at the first that has such a paper;
    else in `texts`; nothing where it has no words for it.
    """
    named = [(one.id, each.name) for one in document.services for each in one.papers if each.id == paper]
    own = next((name for owner, name in named if owner == service), None)
    first = next((name for _, name in named), document.texts.get(paper, {}))
    return dict(first if own is None else own)
