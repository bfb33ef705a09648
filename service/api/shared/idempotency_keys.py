"""Idempotency keys: command ids and request fingerprints."""

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


async def act_of(request: web.Request, who: Caller) -> IdempotentRequest:
    """What is asked for outside the journal; as there, each hall has keys of its own. Raises BodyInvalid likewise."""
    key = await idempotency_key_of(request, who)
    now_at = request.app[CLOCK].now_at()
    return IdempotentRequest(
        f"{hall_of(request)}/{key.command_id}", key.fingerprint, now_at, who.actor, key.fingerprints_before
    )


def command_id_of(request: web.Request, who: Caller) -> str | None:
    """The id of the command that a request with an idempotency key asks for; None without one.

    The key belongs to (credential, route, key).

    Raises:
        BodyInvalid: the key is none that CONTRACT 1 allows.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not KEY_FORM.fullmatch(key):
        raise BodyInvalid(("Idempotency-Key", "8 to 255 visible ASCII characters"))
    if not who.credential and len(key) < ANONYMOUS_KEY_LENGTH_MIN:
        raise BodyInvalid(("Idempotency-Key", "16 to 255 random characters where no credential is sent"))
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else request.path
    return sha256(f"{who.credential}\n{request.method} {route}\n{key}".encode()).hexdigest()


async def idempotency_key_of(request: web.Request, who: Caller) -> RequestKey:
    """The command's id, and the fingerprints of the request when it carries an idempotency key.

    The fingerprint covers the address and the body.

    Raises:
        BodyInvalid: the key is none that CONTRACT 1 allows.
    """
    command_id = command_id_of(request, who)
    if command_id is None:
        return RequestKey(command_id=new_id())
    said = f"{request.path_qs}\n".encode() + await raw_body(request)
    fingerprint, *before = request.app[SIGNER].fingerprints(said)
    return RequestKey(command_id=command_id, fingerprint=fingerprint, fingerprints_before=tuple(before))
