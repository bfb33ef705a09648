"""The client's address: the socket's, or what trusted proxies say, and nothing a stranger writes."""

from ipaddress import IPv4Network, ip_address, ip_network
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from service.api.app_keys import SETTINGS
from service.api.http import client_address
from service.api.http.client_address import Net, class_of, client_of, subscriber_of
from service.clock import FakeClock
from service.config.settings import Settings
from tests.service import NOON_AT, service_on

LOOPBACK = ip_network("127.0.0.0/8")
PROXIES = (ip_network("10.0.0.0/8"), ip_network("::1"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),  # no proxy of ours: what it says is its own
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),  # the left one a stranger wrote
        ("10.0.0.1", "192.0.2.66,198.51.100.1,10.9.9.9", "198.51.100.1"),
        ("10.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"),  # all are ours: the first
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("::1", "[2001:db8::7]:443", "2001:db8::7"),
        ("::ffff:10.0.0.1", '"2001:db8::7"', "2001:db8::7"),
        ("fe80::1%eth0", "", "fe80::1"),
        ("", "198.51.100.1", "127.0.0.1"),  # a Unix socket
    ],
)
def test_the_client_is_the_right_most_address_that_is_no_trusted_proxy(peer: str, forwarded: str, client: str) -> None:
    assert str(client_of(peer, forwarded, PROXIES)) == client


@pytest.mark.parametrize(("proxies", "warnings"), [((), 1), ((ip_network("10.0.0.0/8"),), 1), ((LOOPBACK,), 0)])
async def test_that_somebody_not_trusted_speaks_for_others_is_said_once(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxies: tuple[IPv4Network, ...], warnings: int
) -> None:
    said: list[str] = []
    monkeypatch.setattr(client_address.log, "warning", lambda event, **_: said.append(event))
    client_address.warn_untrusted_proxy.cache_clear()
    client_address._resolve_cached.cache_clear()

    async with service_on(dsn, tmp_path, FakeClock(NOON_AT), trusted_proxies=proxies) as service:
        for last in range(3):
            headers = {"X-Forwarded-For": f"203.0.113.{last}"}
            await service.api.call("POST", "/v1/session", {"name": "x", "password": "y"}, headers=headers)

    assert said == ["x_forwarded_for_ignored"] * warnings


def test_what_is_said_at_length_is_read_and_not_remembered() -> None:
    app = web.Application()
    app[SETTINGS] = Settings(trusted_proxies=(LOOPBACK,))
    said = ", ".join([*["203.0.113.9"] * 500, "198.51.100.7", "127.0.0.2"])
    known = client_address._resolve_cached.cache_info().currsize

    seen = client_address.address_of(make_mocked_request("GET", "/", {"X-Forwarded-For": said}, app=app))

    assert str(seen) == "198.51.100.7"
    assert client_address._resolve_cached.cache_info().currsize == known


@pytest.mark.parametrize(
    ("text", "net"),
    [
        ("127.8.9.1", Net.LOCAL),
        ("::1", Net.LOCAL),
        ("10.1.2.3", Net.PRIVATE),
        ("192.168.1.1", Net.PRIVATE),
        ("100.64.0.1", Net.PRIVATE),
        ("fd00::1", Net.PRIVATE),
        ("8.8.8.8", Net.PUBLIC),
        ("2606:4700::1", Net.PUBLIC),
    ],
)
def test_an_address_has_a_class(text: str, net: Net) -> None:
    assert class_of(ip_address(text)) is net


def test_limits_take_an_ipv4_address_whole_and_of_ipv6_the_subscribers_network() -> None:
    assert subscriber_of(ip_address("198.51.100.1")) == "198.51.100.1"
    assert subscriber_of(ip_address("2001:db8:1:2:3::4")) == "2001:db8:1:2::/64"
