"""Handlers of the staff and the devices of a hall."""

from aiohttp import web
from msgspec import UNSET
from msgspec.structs import asdict

from service.api.access.guard import session_of
from service.api.access.roles import Role, caller_of
from service.api.app_keys import HALLS, IDENTITY
from service.api.http.body import read_body
from service.api.http.json_response import answer
from service.api.http.path_parts import hall_of, id_of
from service.api.http.query import id_cursor_of, limit_of, text_cursor_of
from service.api.shared.form_fields import Nothing
from service.api.shared.idempotency_keys import idempotent_request_of
from service.api.staff.answers import (
    DeviceAdded,
    DeviceList,
    DeviceSeen,
    MemberAdded,
    MemberList,
    MemberSeen,
    PasswordGiven,
)
from service.api.staff.forms import AddDeviceForm, AddMemberForm, ChangeMemberForm
from service.domain.calendar.times import stamp, stamp_or_none
from service.domain.model import HallId
from service.domain.refusals import BodyInvalid
from service.errors import AccountNotFound, DeviceNotFound
from service.identity.accounts import ADMIN_NAME, NAME, Member, normalized_name
from service.identity.devices import Device
from service.identity.staff import Authority, StaffChange


async def list_(request: web.Request) -> web.Response:
    """List the accounts with a role in this hall, by name."""
    hall, limit = hall_of(request), limit_of(request)
    managed = (await _authority(request)).halls
    found = await request.app[IDENTITY].accounts.of_hall(hall, text_cursor_of(request), limit + 1, managed)
    page = found[:limit]
    return answer(MemberList([_member_seen(member) for member in page], _cursor(page, found, "name")))


async def add(request: web.Request) -> web.Response:
    """Give somebody a role here who has none elsewhere; whoever is new gets a password for one use, said once."""
    hall, caller = await _hall(request), caller_of(request)
    form = await read_body(request, AddMemberForm)
    name = normalized_name(form.name)
    if name == ADMIN_NAME or not NAME.fullmatch(name):
        raise BodyInvalid(("name", "letters, digits and . _ @ + -, beginning with a letter or digit; not admin"))
    member, password = await request.app[IDENTITY].staff.add(
        hall,
        name,
        form.display_name or form.name,
        form.role,
        await idempotent_request_of(request, caller),
        await _authority(request),
    )
    seen = MemberAdded(**asdict(_member_seen(member)), password=UNSET if password is None else password)
    return answer(seen, 201, Location=f"/v1/halls/{hall}/staff/{member.id}")


async def change(request: web.Request) -> web.Response:
    """Change an account's role in this hall, its display name, or whether it may sign in."""
    hall, caller = hall_of(request), caller_of(request)
    form = await read_body(request, ChangeMemberForm)
    wanted = StaffChange(form.role, form.display_name, form.disabled)
    member = await request.app[IDENTITY].staff.change(
        hall, _account(request), wanted, await idempotent_request_of(request, caller), await _authority(request)
    )
    return answer(_member_seen(member))


async def remove(request: web.Request) -> web.Response:
    """Remove an account's role in this hall."""
    hall, caller = hall_of(request), caller_of(request)
    await read_body(request, Nothing)
    await request.app[IDENTITY].staff.remove(
        hall, _account(request), await idempotent_request_of(request, caller), await _authority(request)
    )
    return web.Response(status=204)


async def reset(request: web.Request) -> web.Response:
    """Reset an account's password to one for one use, and end its sessions. Requires the manager of all its halls."""
    hall, caller = hall_of(request), caller_of(request)
    await read_body(request, Nothing)
    password = await request.app[IDENTITY].staff.reset(
        hall, _account(request), await idempotent_request_of(request, caller), await _authority(request)
    )
    return answer(PasswordGiven(password=password))


async def sign_out(request: web.Request) -> web.Response:
    """End all sessions of an account with a role in this hall."""
    hall, caller = hall_of(request), caller_of(request)
    await read_body(request, Nothing)
    await request.app[IDENTITY].staff.sign_out(hall, _account(request), await idempotent_request_of(request, caller))
    return web.Response(status=204)


async def list_devices(request: web.Request) -> web.Response:
    """List the devices of this hall, oldest first."""
    hall, limit = hall_of(request), limit_of(request)
    found = await request.app[IDENTITY].devices.of_hall(hall, id_cursor_of(request), limit + 1)
    page = found[:limit]
    return answer(DeviceList([_device_seen(device) for device in page], _cursor(page, found, "id")))


async def add_device(request: web.Request) -> web.Response:
    """Create a device with a bearer token, which is shown only once."""
    hall, caller = await _hall(request), caller_of(request)
    form = await read_body(request, AddDeviceForm)
    idempotent = await idempotent_request_of(request, caller)
    device, token = await request.app[IDENTITY].devices.create(hall, form.name, form.role, idempotent)
    seen = DeviceAdded(
        id=device.id,
        name=device.name,
        role=device.role,
        made_at=stamp(device.made_at),
        last_seen_at=None,
        token=token,
    )
    return answer(seen, 201, Location=f"/v1/halls/{hall}/devices/{device.id}")


async def revoke_device(request: web.Request) -> web.Response:
    """Revoke a device's token."""
    hall, caller = hall_of(request), caller_of(request)
    await read_body(request, Nothing)
    device = id_of(request, "device", DeviceNotFound)
    await request.app[IDENTITY].devices.revoke(hall, device, await idempotent_request_of(request, caller))
    return web.Response(status=204)


async def _hall(request: web.Request) -> HallId:
    """The hall in the path. Raises HallNotFound if it does not exist."""
    return (await request.app[HALLS].get(hall_of(request))).id


def _account(request: web.Request) -> str:
    """The account id in the path. Raises AccountNotFound if it is malformed."""
    return id_of(request, "account", AccountNotFound)


async def _authority(request: web.Request) -> Authority:
    """Whose decision it is: the admin's, or an account's in the halls it manages."""
    caller = caller_of(request)
    session = None if caller.account is None else await session_of(request)
    if caller.role is Role.ADMIN:
        return Authority(caller.account)
    account = None if session is None else session.account
    managed = () if account is None else (hall for hall, role in account.roles.items() if role == Role.MANAGER)
    return Authority(caller.account, frozenset(managed))


def _cursor(page: list[Member] | list[Device], found: list[Member] | list[Device], field: str) -> str | None:
    return getattr(page[-1], field) if len(found) > len(page) else None


def _member_seen(member: Member) -> MemberSeen:
    return MemberSeen(
        id=member.id,
        name=member.name,
        display_name=member.display_name,
        role=member.role,
        sso=member.sso,
        disabled=member.disabled,
        must_change=member.must_change,
        last_seen_at=stamp_or_none(member.last_seen_at),
        elsewhere=member.elsewhere,
    )


def _device_seen(device: Device) -> DeviceSeen:
    return DeviceSeen(
        id=device.id,
        name=device.name,
        role=device.role,
        made_at=stamp(device.made_at),
        last_seen_at=stamp_or_none(device.last_seen_at),
    )
