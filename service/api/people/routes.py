"""Routes of personal data."""

from service.api.people import answers, forms, handlers
from service.api.route import HALL, MANAGERS, Query, Route

_KEEP = Query("keep", "1 keeps future appointments, without a name.", {"type": "integer", "enum": [0, 1]})


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path=f"{HALL}/erasures",
        operation="people_erase",
        handler=handlers.erase,
        roles=MANAGERS,
        tag="people",
        query=(_KEEP,),
        body=forms.PersonForm,
        answers={200: answers.ErasureDone},
    ),
    Route(
        method="POST",
        path=f"{HALL}/exports",
        operation="people_export",
        handler=handlers.export,
        roles=MANAGERS,
        tag="people",
        body=forms.PersonForm,
        answers={200: answers.PersonExported},
    ),
)
