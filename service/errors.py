"""Refusals of the API and the infrastructure. The docstring of a class is the title of its problem.

Refusals by the rules of the domain are in `service.domain.refusals`. `service.api.http.problems` turns both into
`application/problem+json`.

Source: CONTRACT 2.
"""

import re

from service.domain.refusals import BodyInvalid, Refusal
from service.primitives.text_fields import plain_reason

_WHERE = re.compile(r"^(?P<why>.*?) - at `(?:key in )?\$\.?(?P<path>.*?)`$", re.DOTALL)


class BodyUnreadable(Refusal):
    """The body is not JSON."""

    status = 400
    code = "body-unreadable"


class RequestUnreadable(Refusal):
    """The request is not valid HTTP."""

    status = 400
    code = "request-unreadable"


class TokenMissing(Refusal):
    """A credential is required."""

    status = 401
    code = "token-missing"


class TokenInvalid(Refusal):
    """The credential is not valid."""

    status = 401
    code = "token-invalid"


class SignInRefused(Refusal):
    """The name or the password is wrong."""

    status = 401
    code = "sign-in-refused"


class Forbidden(Refusal):
    """The credential does not have the right to do this."""

    status = 403
    code = "forbidden"


class AccountNotFound(Refusal):
    """No account with this id has a role in this hall."""

    status = 404
    code = "account-not-found"


class PrinterNotFound(Refusal):
    """This kiosk has no network printer."""

    status = 404
    code = "printer-not-found"


class DeviceNotFound(Refusal):
    """This hall has no such device."""

    status = 404
    code = "device-not-found"


class MessageNotFound(Refusal):
    """This hall has no such message."""

    status = 404
    code = "message-not-found"


class EntranceRequired(Refusal):
    """The code that the door screen shows now is required to take a number."""

    status = 403
    code = "entrance-required"


class RouteNotFound(Refusal):
    """This address does not exist."""

    status = 404
    code = "route-not-found"


class MethodNotAllowed(Refusal):
    """This address does not support the method."""

    status = 405
    code = "method-not-allowed"


class RequestTooSlow(Refusal):
    """The request took too long to arrive."""

    status = 408
    code = "request-too-slow"


class BodyTooLarge(Refusal):
    """The body is too large."""

    status = 413
    code = "body-too-large"


class AddressTooLong(Refusal):
    """The address is too long."""

    status = 414
    code = "address-too-long"


class MediaType(Refusal):
    """The body must be application/json."""

    status = 415
    code = "media-type"


class DocumentConflict(Refusal):
    """The hall document has changed; read it again."""

    status = 412
    code = "document-conflict"

    def __init__(self, revision: int) -> None:
        super().__init__(revision=revision)


class IfMatchMissing(Refusal):
    """If-Match must name the revision of the document that this replaces."""

    status = 428
    code = "if-match-missing"


class RateLimited(Refusal):
    """There were too many requests; wait a little."""

    status = 429
    code = "rate-limited"

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class ExpectationFailed(Refusal):
    """The only supported expectation is 100-continue."""

    status = 417
    code = "expectation-failed"


class HeadersTooLarge(Refusal):
    """The headers are too large."""

    status = 431
    code = "headers-too-large"


class StorageUnavailable(Refusal):
    """The database does not answer or accepts no changes; nothing was done. Try again."""

    status = 503
    code = "storage-unavailable"


class OutcomeUnknown(Refusal):
    """It is not known yet whether this was done; repeat it with the same idempotency key."""

    status = 503
    code = "outcome-unknown"


class Fault(Refusal):
    """An internal error occurred; it was logged with the request id."""

    status = 500
    code = "fault"


def invalid(message: str) -> BodyInvalid:
    """Turn the message of a msgspec ValidationError into a refusal with path and reason."""
    found = _WHERE.match(message)
    return BodyInvalid((found["path"], plain_reason(found["why"])) if found else ("", message))
