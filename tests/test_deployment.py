"""The image and `docker compose up`: which settings reach the service."""

import re

import pytest

from service.settings import Settings
from testkit import ROOT

COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
# `NAME: ${NAME:-}`: the caller's variable, or an empty one, which is unset.
PASSED_ON = re.findall(r"^ {6}([A-Z_]+): \$\{([A-Z_]+):-\}$", COMPOSE, re.MULTILINE)


@pytest.mark.parametrize(
    "name", ["TRUSTED_HOSTS", "TRUSTED_PROXIES", "CORS_ORIGINS", "ROOT_PATH", "LOG_LEVEL", "WORKERS", "KEY_RATE"]
)
def test_compose_passes_the_setting_on(name: str) -> None:
    assert (name, name) in PASSED_ON


def test_compose_passes_on_settings_alone() -> None:
    assert {inner for _, inner in PASSED_ON} == {name for name, _ in PASSED_ON}
    assert {name.lower() for name, _ in PASSED_ON} <= set(Settings.model_fields)
