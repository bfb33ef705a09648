"""The settings: defaults, errors and their texts, and secrets that are generated once and never shown."""

import stat
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path

import pytest
from msgspec import structs

from service.config.catalog import SETTINGS
from service.config.secret_files import secrets_of
from service.config.settings import HIDDEN, Settings, SettingsError, load
from service.config.values import KINDS, NetworkPrinter, network_printers
from service.credentials.signer import TOKEN_FORM

WEBHOOK_SECRET = "whsec_" + b64encode(b"hush" * 8).decode()


def test_without_any_setting_paihao_is_embedded_and_local() -> None:
    settings = load({"PATH": "/bin", "HOME": "/"})

    assert settings.embedded
    assert settings.data_dir == Path("var").absolute()
    assert (settings.host, settings.port, settings.display_port) == ("127.0.0.1", 8080, 8081)
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.metrics_open
    assert settings.log_level == "info"


def test_an_empty_value_is_the_same_as_none() -> None:
    assert load({"PAIHAO_DATABASE_URL": "", "PAIHAO_PORT": " "}) == load({})


def test_the_list_of_settings_is_what_is_read() -> None:
    names = [setting.name.removeprefix("PAIHAO_").lower() for setting in SETTINGS]

    assert names == [field.name for field in structs.fields(Settings)]
    assert set(names) == set(KINDS)
    assert set(names) >= HIDDEN


def test_every_setting_has_a_meaning_of_one_line() -> None:
    for setting in SETTINGS:
        assert setting.default
        assert setting.meaning
        assert "\n" not in setting.meaning


def test_every_setting_is_read() -> None:
    settings = load(
        {
            "PAIHAO_DATABASE_URL": "postgresql://paihao:hush@db.example/paihao",
            "PAIHAO_DATA_DIR": "/srv/paihao",
            "PAIHAO_HOST": "::",
            "PAIHAO_PORT": "80",
            "PAIHAO_DISPLAY_PORT": "81",
            "PAIHAO_PUBLIC_URL": "https://hall.example/",
            "PAIHAO_DISPLAY_URL": "https://screens.example",
            "PAIHAO_ADMIN_TOKEN": "admin",
            "PAIHAO_SECRET": "new,old",
            "PAIHAO_TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "PAIHAO_RATE_LIMIT": "on",
            "PAIHAO_METRICS_OPEN": "1",
            "PAIHAO_DEMO_ALWAYS_OPEN": "1",
            "PAIHAO_NATS_URL": "nats://bus.example:4222",
            "PAIHAO_SMTP_URL": "smtp://hall:hush@mail.example:587",
            "PAIHAO_MAIL_FROM": "hall@city.example",
            "PAIHAO_WEBHOOK_URL": "https://sms.example/paihao?key=hush",
            "PAIHAO_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "PAIHAO_OIDC_ISSUER": "https://login.example",
            "PAIHAO_OIDC_CLIENT_ID": "paihao",
            "PAIHAO_OIDC_CLIENT_SECRET": "hush",
            "PAIHAO_RETENTION_DAYS": "7",
            "PAIHAO_LOG_LEVEL": "WARNING",
        },
    )

    assert settings == Settings(
        database_url="postgresql://paihao:hush@db.example/paihao",
        data_dir=Path("/srv/paihao"),
        host="::",
        port=80,
        display_port=81,
        public_url="https://hall.example",
        display_url="wss://screens.example",
        admin_token="admin",
        secret="new,old",
        trusted_proxies=(ip_network("10.0.0.0/8"), ip_network("::1")),
        rate_limit=True,
        metrics_open=True,
        demo_always_open=True,
        nats_url="nats://bus.example:4222",
        smtp_url="smtp://hall:hush@mail.example:587",
        mail_from="hall@city.example",
        webhook_url="https://sms.example/paihao?key=hush",
        webhook_secret=WEBHOOK_SECRET,
        oidc_issuer="https://login.example",
        oidc_client_id="paihao",
        oidc_client_secret="hush",
        retention_days=7,
        log_level="warning",
    )


def test_metrics_are_closed_by_default_where_the_database_is_not_embedded() -> None:
    assert not load({"PAIHAO_DATABASE_URL": "postgresql:///paihao?host=/run/postgresql"}).metrics_open
    assert not load({"PAIHAO_METRICS_OPEN": "0"}).metrics_open


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://localhost:8080"),  # noqa: S104
        ("::", "http://localhost:8080"),
        ("fe80::1", "http://[fe80::1]:8080"),
        ("hall.example", "http://hall.example:8080"),
    ],
)
def test_the_public_url_follows_from_host_and_port(host: str, url: str) -> None:
    assert load({"PAIHAO_HOST": host}).public_url == url


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("PAIHAO_PROT", "PAIHAO_PORT"),
        ("PAIHAO_METRICS", "PAIHAO_METRICS_OPEN"),
        ("PAIHAO_DATABASE", "PAIHAO_DATABASE_URL"),
        ("PAIHAO_OIDC_SECRET", "PAIHAO_OIDC_CLIENT_SECRET"),
    ],
)
def test_an_unknown_setting_suggests_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{name} is not a setting; did you mean {nearest}\?$"):
        load({name: "1"})


def test_an_unknown_setting_that_is_near_to_none_points_to_the_list() -> None:
    with pytest.raises(
        SettingsError, match=r"^PAIHAO_XYZZY is not a setting; docs/reference/settings.md lists them all$"
    ):
        load({"PAIHAO_XYZZY": ""})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PAIHAO_PORT", "65536", "a port, 0 to 65535"),
        ("PAIHAO_PORT", "-1", "a port, 0 to 65535"),
        ("PAIHAO_PORT", "http", "a port, 0 to 65535"),
        ("PAIHAO_METRICS_OPEN", "yes", "0 or 1"),
        ("PAIHAO_RATE_LIMIT", "12", "on or off"),
        ("PAIHAO_LOG_LEVEL", "loud", "debug, info, warning or error"),
        ("PAIHAO_RETENTION_DAYS", "0", "a number of days, 1 to 3650"),
        ("PAIHAO_PUBLIC_URL", "hall.example", "an address like https://hall.example"),
        ("PAIHAO_PUBLIC_URL", "https://hall.example/?a=b", "an address like https://hall.example"),
        ("PAIHAO_DISPLAY_URL", "wss://", "an address like wss://screens.example"),
        ("PAIHAO_MAIL_FROM", "city.example", "a mail address"),
        ("PAIHAO_TRUSTED_PROXIES", "10.0.0.1/8", "addresses or networks like 10.0.0.0/8,::1"),
    ],
)
def test_a_value_of_the_wrong_kind_names_the_setting_and_what_it_expects(name: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({name: value})

    assert str(refused.value) == f"{name} must be {expected}, not {value!r}"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///paihao?host=/run/postgresql",
        "postgresql://paihao:hush@one.example:5432,two.example:5433/paihao?target_session_attrs=read-write",
        "postgres://[2001:db8::1]:5432,db.example",
    ],
)
def test_a_database_has_any_number_of_hosts(url: str) -> None:
    assert load({"PAIHAO_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PAIHAO_DATABASE_URL", "mysql://paihao:hush@db.example/paihao"),
        ("PAIHAO_DATABASE_URL", "postgresql://paihao:hush@one.example,two.example:0/paihao"),
        ("PAIHAO_DATABASE_URL", "postgresql://paihao:hush@one.example,two.example:http/paihao"),
        ("PAIHAO_SMTP_URL", "mail://hall:hush@mail.example"),
        ("PAIHAO_NATS_URL", "bus:hush@bus.example"),
        ("PAIHAO_SECRET", "hush hush"),
        ("PAIHAO_SECRET", ","),
        ("PAIHAO_SECRET", "hush,"),
        ("PAIHAO_ADMIN_TOKEN", "hüsh hush"),
        ("PAIHAO_WEBHOOK_URL", "ftp://sms.example/hush"),
        ("PAIHAO_WEBHOOK_SECRET", "whsec_hush"),
        ("PAIHAO_WEBHOOK_SECRET", "hush hush"),
    ],
)
def test_an_error_never_shows_a_secret(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} must be ") as refused:
        load({name: value})

    assert "hush" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"PAIHAO_PORT": "8081"}, "PAIHAO_PORT and PAIHAO_DISPLAY_PORT must differ"),
        ({"PAIHAO_SMTP_URL": "smtp://mail.example"}, "PAIHAO_SMTP_URL needs PAIHAO_MAIL_FROM"),
        ({"PAIHAO_WEBHOOK_URL": "https://sms.example"}, "PAIHAO_WEBHOOK_URL needs PAIHAO_WEBHOOK_SECRET"),
        (
            {"PAIHAO_SMTP_URL": "smtp://mail.example", "PAIHAO_MAIL_FROM": "hall@city.example"},
            "PAIHAO_SMTP_URL needs PAIHAO_PUBLIC_URL: messages link to it",
        ),
        (
            {"PAIHAO_WEBHOOK_URL": "https://sms.example", "PAIHAO_WEBHOOK_SECRET": WEBHOOK_SECRET},
            "PAIHAO_WEBHOOK_URL needs PAIHAO_PUBLIC_URL: messages link to it",
        ),
        (
            {
                "PAIHAO_WEBHOOK_URL": "http://sms.example",
                "PAIHAO_WEBHOOK_SECRET": WEBHOOK_SECRET,
                "PAIHAO_PUBLIC_URL": "https://hall.example",
            },
            "PAIHAO_WEBHOOK_URL must be https: phone numbers are sent there",
        ),
        ({"PAIHAO_OIDC_ISSUER": "https://login.example"}, "PAIHAO_OIDC_ISSUER needs PAIHAO_OIDC_CLIENT_ID"),
        (
            {"PAIHAO_OIDC_ISSUER": "http://login.example", "PAIHAO_OIDC_CLIENT_ID": "paihao"},
            "PAIHAO_OIDC_ISSUER must be https: whoever alters its answers could sign in as anyone",
        ),
    ],
)
def test_settings_that_need_each_other_say_so(environ: dict[str, str], why: str) -> None:
    with pytest.raises(SettingsError, match=f"^{why}$"):
        load(environ)


def test_both_ports_may_be_any_free_one() -> None:
    settings = load({"PAIHAO_PORT": "0", "PAIHAO_DISPLAY_PORT": "0"})

    assert (settings.port, settings.display_port) == (0, 0)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    settings = load(
        {
            "PAIHAO_DATA_DIR": str(tmp_path),
            "PAIHAO_DATABASE_URL": "postgresql://paihao:hush@db.example/paihao",
            "PAIHAO_ADMIN_TOKEN": "hush",
            "PAIHAO_SECRET": "hush",
        },
    )

    for shown in (repr(settings), str(settings), repr(settings.__rich_repr__()), repr(secrets_of(settings))):
        assert "hush" not in shown
    assert "database_url='(hidden)'" in repr(settings)


def test_secrets_of_the_settings_are_taken_and_nothing_is_written(tmp_path: Path) -> None:
    settings = load(
        {"PAIHAO_DATA_DIR": str(tmp_path), "PAIHAO_ADMIN_TOKEN": "admin", "PAIHAO_SECRET": "new,old"},
    )

    taken = secrets_of(settings)

    assert (taken.admin_token, taken.secrets) == ("admin", (b"new", b"old"))
    assert not list(tmp_path.iterdir())


def test_secrets_that_nobody_chose_are_made_once_for_us_only(tmp_path: Path) -> None:
    settings = load({"PAIHAO_DATA_DIR": str(tmp_path / "var")})

    first, second = secrets_of(settings), secrets_of(settings)

    assert first == second
    assert len(first.secrets[0]) == 43
    assert not TOKEN_FORM.fullmatch(first.admin_token), "what is the admin's no more must not pass for a ticket's"
    assert first.admin_token != first.secrets[0].decode()
    files = sorted((tmp_path / "var").iterdir())
    assert [file.name for file in files] == ["admin-token", "secret"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert files[0].read_text() == f"{first.admin_token}\n"


def test_processes_that_start_at_once_agree_on_the_secrets(tmp_path: Path) -> None:
    settings = load({"PAIHAO_DATA_DIR": str(tmp_path / "var")})

    with ThreadPoolExecutor(16) as starters:
        found = list(starters.map(secrets_of, [settings] * 64))

    assert all(secrets == found[0] for secrets in found)
    assert len(list((tmp_path / "var").iterdir())) == 2


@pytest.mark.parametrize("content", ["", "two words\n", "schlüssel\n"])
def test_a_secret_file_that_is_no_secret_is_told_and_kept(tmp_path: Path, content: str) -> None:
    (tmp_path / "admin-token").write_text(content)
    settings = load({"PAIHAO_DATA_DIR": str(tmp_path), "PAIHAO_SECRET": "one"})

    with pytest.raises(SettingsError, match="admin-token must hold visible ASCII characters"):
        secrets_of(settings)

    assert (tmp_path / "admin-token").read_text() == content


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")

    with pytest.raises(SettingsError, match="cannot be used"):
        secrets_of(load({"PAIHAO_DATA_DIR": str(tmp_path / "var")}))


def test_an_older_secret_of_the_file_must_not_be_empty(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("new,\n")

    with pytest.raises(SettingsError, match="PAIHAO_SECRET must be one secret"):
        secrets_of(load({"PAIHAO_DATA_DIR": str(tmp_path)}))


def test_printers_are_named_by_hall_and_kiosk_with_host_port_and_profile() -> None:
    text = "demo/at the door=10.0.0.9:9100:TM-T88V, demo/lobby=[fd00::9]:9100:NT-80-V-UL+gb18030"

    door, lobby = network_printers(text)

    assert door == NetworkPrinter("demo", "at the door", "10.0.0.9", 9100, "TM-T88V")
    assert lobby == NetworkPrinter("demo", "lobby", "fd00::9", 9100, "NT-80-V-UL", gb18030=True)


@pytest.mark.parametrize(
    "text",
    [
        "door=10.0.0.9:9100:TM-T88V",
        "demo/door=10.0.0.9:TM-T88V",
        "demo/door=10.0.0.9:0:TM-T88V",
        "demo/door=10.0.0.9:65536:TM-T88V",
        "demo/door=10.0.0.9:9100",
        "demo/door=10.0.0.9:9100:TM-T88V+big5",
        "demo/door=a:9100:default,demo/door=b:9100:default",
        "demo/door=a:9100:default,",
    ],
)
def test_what_names_no_printer_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="PAIHAO_PRINTERS must be kiosks and their printers"):
        load({"PAIHAO_PRINTERS": text})
