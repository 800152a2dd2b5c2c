"""`docs/reference/settings.md`: every setting of the service."""

from collections.abc import Sequence

from docs.generate.markdown import code, page, sentence, table
from docs.generate.schema import allowed, default_of
from models.acceptance import Thresholds
from service.settings import Settings

INTRODUCTION = """\
The service reads its settings from the environment or from a file `.env` in the folder that it runs in; a
variable of the environment takes precedence. Names may be written in upper or lower case.
[`.env.example`](../../.env.example) is a file to start from. `python -m service serve` has options for the first
few ([commands](commands.md)). A setting that cannot be used stops the start with one sentence."""
THRESHOLDS = """\
Settings of the automatic checks that a retrained model must pass before it is activated by itself
([operations](../operations.md#when-a-check-fails)). `python -m training fit` takes the same thresholds as
`--bound NAME=VALUE`, where `NAME` is the setting in lower case without `GATE_`."""


def settings_page() -> str:
    """The page: the service's own settings, then the thresholds that it shares with training."""
    own = [name for name in Settings.model_fields if name not in Thresholds.model_fields]
    return page(
        "Settings",
        INTRODUCTION,
        "## The service",
        _settings(own),
        "## Thresholds of the acceptance checks",
        THRESHOLDS,
        _settings(list(Thresholds.model_fields)),
    )


def _settings(names: Sequence[str]) -> str:
    fields = Settings.model_json_schema()["properties"]
    return table(
        ["Setting", "Default", "Allowed", "Meaning"],
        (
            [
                code(name.upper()),
                default_of(fields[name]),
                allowed(fields[name]),
                sentence(fields[name]["description"]),
            ]
            for name in names
        ),
    )
