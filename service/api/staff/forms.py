"""Request bodies of sessions, staff and devices."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from service.api.shared.form_fields import Form
from service.primitives.personal_data import Personal
from service.primitives.text_fields import DisplayName


class SignInForm(Personal, Form, frozen=True, kw_only=True):
    """A name and a password."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    password: Annotated[str, Meta(min_length=1, max_length=200)]


class PasswordForm(Personal, Form, frozen=True, kw_only=True):
    """Change the password."""

    current: Annotated[str, Meta(min_length=1, max_length=200)]
    new: Annotated[str, Meta(min_length=1, max_length=200)]


class AddMemberForm(Personal, Form, frozen=True, kw_only=True):
    """Give an account a role. `display_name` is for a new account."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    display_name: DisplayName | None = None
    role: Literal["volunteer", "staff", "manager"]


class ChangeMemberForm(Personal, Form, frozen=True, kw_only=True):
    """JSON Merge Patch of role, display name and state."""

    role: Literal["volunteer", "staff", "manager"] | UnsetType = UNSET
    display_name: DisplayName | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class AddDeviceForm(Form, frozen=True, kw_only=True):
    """Create a device."""

    name: DisplayName
    role: Literal["kiosk", "partner", "staff"]
