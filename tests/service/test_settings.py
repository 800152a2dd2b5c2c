"""Settings: from the environment, each documented, secrets hidden."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import Settings, SettingsError


def test_every_setting_is_described() -> None:
    assert Settings.model_fields
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith((".", "`.")), name


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    monkeypatch.setenv("ARTIFACTS_DIR", "/somewhere")
    settings = Settings(_env_file=None)
    assert (settings.port, settings.artifacts_dir) == (9000, Path("/somewhere"))


def test_settings_come_from_a_file_that_may_hold_other_variables(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("JOB_LEASE=20\nPOSTGRES_USER=x\n")
    assert Settings(_env_file=tmp_path / ".env").job_lease == 20


def test_password_file_completes_the_url(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("p@ss:w/rd\n")
    settings = Settings(
        _env_file=None,
        database_url="postgresql+psycopg://me@db:5432/segments?sslmode=require",
        database_password_file=tmp_path / "secret",
    )
    assert settings.full_database_url() == (
        "postgresql+psycopg://me:p%40ss%3Aw%2Frd@db:5432/segments?sslmode=require"
    )


def test_password_without_a_user_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    settings = Settings(_env_file=None, database_password_file=tmp_path / "secret")
    with pytest.raises(SettingsError, match="names no user"):
        settings.full_database_url()


def test_missing_password_file_is_named(tmp_path: Path) -> None:
    settings = Settings(
        _env_file=None, database_url="postgresql://me@db/x", database_password_file=tmp_path / "none"
    )
    with pytest.raises(SettingsError, match="none"):
        settings.full_database_url()


def test_repr_hides_secrets() -> None:
    settings = Settings(_env_file=None, database_url="postgresql://me:hunter2@db/x")
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize("wrong", [{"port": -1}, {"workers": 0}, {"log_level": "LOUD"}, {"max_body_bytes": 1}])
def test_setting_out_of_its_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Settings(_env_file=None, **wrong)  # type: ignore[arg-type]
