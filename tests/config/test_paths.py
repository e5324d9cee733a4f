"""The platform's folders, as the environment places them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from config import cache_dir, config_dir, data_dir, log_file, state_dir, user_config_file


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="XDG variables count on Linux")
def test_the_xdg_variables_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    folders = [config_dir(), data_dir(), state_dir(), cache_dir()]
    assert folders == [tmp_path / kind / "prism" for kind in ("CONFIG", "DATA", "STATE", "CACHE")]
    assert user_config_file() == tmp_path / "CONFIG/prism/config.yaml"
    assert log_file().is_relative_to(tmp_path / "STATE/prism")
    assert not list(tmp_path.iterdir()), "asking makes no folder"
