"""`./paihao check-config`: the settings as this process reads them."""

from rich.table import Column, Table
from rich.text import Text

from service.cli.output import console
from service.cli.process import load_settings
from service.config.catalog import PREFIX, SETTINGS, Setting


def check_config() -> None:
    """Validate the settings and print each one with its value and meaning. Secrets are hidden."""
    settings = load_settings()
    table = Table(Column("setting", no_wrap=True), "value", "meaning")
    values = dict(settings.__rich_repr__())
    for setting in SETTINGS:
        value = values[setting.name.removeprefix(PREFIX).lower()]
        # Text, because rich would parse the brackets of an IPv6 address as markup.
        table.add_row(setting.name, Text(_written(setting, value) or setting.default), setting.meaning)
    console().print(table)


def _written(setting: Setting, value: object) -> str:
    """Format a value as it is written in the environment; empty if there is none."""
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    if isinstance(value, bool):
        return ("off", "on")[value] if setting.default == "off" else str(int(value))
    return "" if value is None else str(value)
