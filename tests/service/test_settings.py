"""Settings: from the environment, each documented, secrets hidden."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from service.app import create_app
from service.setting_values import OWN_PATHS
from service.settings import Settings, SettingsError, read_settings
from service.store.memory.store import MemoryStore


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


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_empty_variable_is_unset(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unset = Settings(_env_file=None)
    monkeypatch.setenv(name, "")
    assert Settings(_env_file=None) == unset


def test_empty_line_of_the_file_is_unset(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=\nTRUSTED_HOSTS=\nRETRAIN_EVERY=\nREQUIRE_KEYS=\n")
    assert Settings(_env_file=tmp_path / ".env") == Settings(_env_file=None)


@pytest.mark.parametrize(
    ("setting", "written", "meant"),
    [
        ("LOG_LEVEL", "info", "INFO"),
        ("LOG_LEVEL", " Warn ", "WARNING"),
        ("LOG_LEVEL", "critical", "ERROR"),
        ("CORS_ORIGINS", "https://app.example/", "https://app.example"),
        (
            "CORS_ORIGINS",
            '["https://app.example", "http://localhost:3000"]',
            "https://app.example,http://localhost:3000",
        ),
        ("CORS_ORIGINS", " https://A.example:443 , http://b.example:80/,", "https://a.example,http://b.example"),
        ("CORS_ORIGINS", "*", "*"),
        ("CORS_ORIGINS", "[]", None),
        ("TRUSTED_HOSTS", '["Segments.Example.org.", "*.example.net"]', "segments.example.org,*.example.net"),
        ("TRUSTED_HOSTS", "segments.example.org:443,127.0.0.1,[::1]", "segments.example.org,127.0.0.1,[::1]"),
        ("TRUSTED_PROXIES", '["10.0.0.0/8","::1"]', "10.0.0.0/8,::1"),
        ("TRUSTED_PROXIES", "*", "*"),
        ("ROOT_PATH", "/segments/", "/segments"),
        ("ROOT_PATH", "api/segments", "/api/segments"),
        ("ROOT_PATH", "/", ""),
    ],
)
def test_setting_may_be_written_in_several_forms(
    setting: str, written: str, meant: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting, written)
    assert getattr(read_settings(_env_file=None), setting.lower()) == meant


@pytest.mark.parametrize(
    ("setting", "written", "sentence"),
    [
        ("CORS_ORIGINS", "app.example", "'app.example' is no origin; write https://app.example"),
        ("CORS_ORIGINS", "https://app.example/login", "has a path"),
        ("CORS_ORIGINS", '["https://app.example"', "begins like a list in JSON and is none"),
        ("CORS_ORIGINS", '["https://app.example", 3]', "begins like a list in JSON and is none"),
        ("TRUSTED_HOSTS", "https://segments.example.org", "write it without scheme and path"),
        ("TRUSTED_HOSTS", "segments.*.org", "is no host name"),
        ("TRUSTED_PROXIES", "proxy.local", "is no IP address"),
        ("ROOT_PATH", "https://app.example/segments", "write a path such as /segments"),
        ("ROOT_PATH", "/a/../b", "write a path such as /segments"),
        ("ROOT_PATH", "/segment", "publish it under another, as /api/segment"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL is 'DEBUG', 'INFO', 'WARNING' or 'ERROR'."),
        ("WORKERS", "many", "WORKERS is a whole number."),
        ("WORKERS", "0", "WORKERS is at least 1."),
        ("PORT", "70000", "PORT is at most 65535."),
        ("KEY_RATE", "fast", "KEY_RATE is a number."),
        ("REQUIRE_KEYS", "perhaps", "REQUIRE_KEYS is true or false."),
    ],
)
def test_unusable_form_is_refused_with_what_to_write(
    setting: str, written: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(setting, written)
    with pytest.raises(SettingsError) as refusal:
        read_settings(_env_file=None)
    assert str(refusal.value).startswith(f"These settings cannot be used. {setting}")
    assert sentence in str(refusal.value)


def test_paths_of_the_service_are_no_prefix() -> None:
    app = create_app(Settings(_env_file=None), store=MemoryStore())
    paths = {
        getattr(route, "path", "").split("/")[1].partition(":")[0]
        for route in app.state.all_routes
        if getattr(route, "path", "")
    }
    assert paths - {""} == OWN_PATHS


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("PORT=9000 # für später".encode("latin-1"), "is not UTF-8"), ("PORT=9000".encode("utf-16"), "is not UTF-8")],
)
def test_file_that_is_not_utf_8_is_named(
    content: bytes, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match=sentence):
        read_settings()


def test_file_with_a_byte_order_mark_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_bytes("PORT=9000\n".encode("utf-8-sig"))
    monkeypatch.chdir(tmp_path)
    assert read_settings().port == 9000
