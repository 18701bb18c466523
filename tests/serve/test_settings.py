"""Settings come from one file and the environment, and nothing unknown slips through."""

from pathlib import Path

import pytest

from allmende.kernel.errors import Invalid
from allmende.serve.settings import Settings, load_settings, secret_key


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "allmende.toml").write_text('port = 9000\npack = "musterstadt"\n', encoding="utf-8")
    settings = load_settings(tmp_path, {"ALLMENDE_PORT": "9001", "PATH": "/bin"})
    assert (settings.port, settings.pack, settings.home) == (9001, "musterstadt", tmp_path / "var")


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({"ALLMENDE_PROT": "1"}, "no setting “ALLMENDE_PROT”.*Perhaps you meant: ALLMENDE_PORT"),
        ({"ALLMENDE_FOO": "1"}, r"no setting “ALLMENDE_FOO” \(environment\)\. All settings are listed in docs"),
        ({"ALLMENDE_PORT": "many"}, "“port” has no valid value"),
        ({"ALLMENDE_SECRET_KEY_FILE": "/nowhere/key"}, "/nowhere/key cannot be read"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, environment: dict[str, str], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        load_settings(tmp_path, environment)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "allmende.toml").write_text("port = ", encoding="utf-8")
    with pytest.raises(Invalid, match=r"allmende\.toml cannot be read"):
        load_settings(tmp_path, {})


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hush\n", encoding="utf-8")
    settings = load_settings(tmp_path, {"ALLMENDE_SECRET_KEY_FILE": str(tmp_path / "key")})
    assert settings.secret_key == "hush"


def test_the_signing_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "var")
    assert secret_key(settings) == secret_key(settings) != ""
    assert (tmp_path / "var" / "secret.key").stat().st_mode & 0o077 == 0
