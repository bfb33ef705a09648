"""What the rim says no to: problems that no rule of the hall is about.

The rules' own refusals are in `service.domain.refusals`; both become `application/problem+json` in `web.problems`.

Source: CONTRACT 2.
"""

import re

from service.domain.refusals import BodyInvalid, Refusal
from service.primitives.text_fields import in_words

_WHERE = re.compile(r"^(?P<why>.*?) - at `(?:key in )?\$\.?(?P<path>.*?)`$", re.DOTALL)


class BodyUnreadable(Refusal):
    """The body is not JSON."""

    status = 400
    code = "body-unreadable"


class RequestUnreadable(Refusal):
    """This is no HTTP request that can be read."""

    status = 400
    code = "request-unreadable"


class TokenMissing(Refusal):
    """This needs a credential."""

    status = 401
    code = "token-missing"


class TokenInvalid(Refusal):
    """This credential is not known."""

    status = 401
    code = "token-invalid"


class SignInRefused(Refusal):
    """This name and password do not open anything here."""

    status = 401
    code = "sign-in-refused"


class Forbidden(Refusal):
    """This credential does not have the right to do that."""

    status = 403
    code = "forbidden"


class AccountNotFound(Refusal):
    """Nobody with this id has a role in this hall."""

    status = 404
    code = "account-not-found"


class PrinterNotFound(Refusal):
    """This kiosk has no printer on the network."""

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
    """Take a number with the code that the screen at the door shows now."""

    status = 403
    code = "entrance-required"


class RouteNotFound(Refusal):
    """There is nothing at this address."""

    status = 404
    code = "route-not-found"


class MethodNotAllowed(Refusal):
    """This address does not take that method."""

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
    """The hall document changed meanwhile; read it again."""

    status = 412
    code = "document-conflict"

    def __init__(self, revision: int) -> None:
        super().__init__(revision=revision)


class IfMatchMissing(Refusal):
    """Say with If-Match which revision of the document this replaces."""

    status = 428
    code = "if-match-missing"


class RateLimited(Refusal):
    """Too much was asked for from here; wait a little."""

    status = 429
    code = "rate-limited"

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s


class ExpectationFailed(Refusal):
    """The only expectation that is met is 100-continue."""

    status = 417
    code = "expectation-failed"


class HeadersTooLarge(Refusal):
    """The headers are too large."""

    status = 431
    code = "headers-too-large"


class StorageUnavailable(Refusal):
    """The database does not answer, or takes no changes now; nothing was done. Try again."""

    status = 503
    code = "storage-unavailable"


class OutcomeUnknown(Refusal):
    """Whether this was done is not known yet; repeat it with the same idempotency key."""

    status = 503
    code = "outcome-unknown"


class Fault(Refusal):
    """Something went wrong on our side; it was logged under the request id."""

    status = 500
    code = "fault"


def invalid(said: str) -> BodyInvalid:
    """Say where in a body a type was not kept."""
    found = _WHERE.match(said)
    return BodyInvalid((found["path"], in_words(found["why"])) if found else ("", said))
