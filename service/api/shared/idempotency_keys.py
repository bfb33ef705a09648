"""Derive command ids and request fingerprints from idempotency keys."""

import re
from hashlib import sha256

from aiohttp import web

from service.api.access.roles import Caller
from service.api.app_keys import CLOCK, SIGNER
from service.api.http.body import raw_body
from service.api.http.path_parts import hall_of
from service.domain.refusals import BodyInvalid
from service.identity.idempotency import IdempotentRequest
from service.primitives.ids import new_id
from service.runtime.requests import RequestKey

KEY_FORM = re.compile(r"[\x21-\x7e]{8,255}")
ANONYMOUS_KEY_LENGTH_MIN = 16
"""Shortest key without a credential, in characters. Anonymous callers share their keys, so a key must be random."""


async def idempotent_request_of(request: web.Request, caller: Caller) -> IdempotentRequest:
    """The identity of a request that changes data outside of the journal. Keys are separate for each hall.

    Raises:
        BodyInvalid: the key is malformed.
    """
    key = await idempotency_key_of(request, caller)
    now_at = request.app[CLOCK].now_at()
    return IdempotentRequest(
        f"{hall_of(request)}/{key.command_id}", key.fingerprint, now_at, caller.actor, key.fingerprints_before
    )


def command_id_of(request: web.Request, caller: Caller) -> str | None:
    """The command id that belongs to the request's idempotency key; `None` without a key.

    It is a hash of the credential, the route and the key.

    Raises:
        BodyInvalid: the key is malformed.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not KEY_FORM.fullmatch(key):
        raise BodyInvalid(("Idempotency-Key", "8 to 255 visible ASCII characters"))
    if not caller.credential and len(key) < ANONYMOUS_KEY_LENGTH_MIN:
        raise BodyInvalid(("Idempotency-Key", "16 to 255 random characters where no credential is sent"))
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else request.path
    return sha256(f"{caller.credential}\n{request.method} {route}\n{key}".encode()).hexdigest()


async def idempotency_key_of(request: web.Request, caller: Caller) -> RequestKey:
    """The command id of a request, and its fingerprints if the request has an idempotency key.

    A fingerprint is a keyed hash of the path, the query and the body.

    Raises:
        BodyInvalid: the key is malformed.
    """
    command_id = command_id_of(request, caller)
    if command_id is None:
        return RequestKey(command_id=new_id())
    content = f"{request.path_qs}\n".encode() + await raw_body(request)
    fingerprint, *before = request.app[SIGNER].fingerprints(content)
    return RequestKey(command_id=command_id, fingerprint=fingerprint, fingerprints_before=tuple(before))
