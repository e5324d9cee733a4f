"""Where Prism keeps what is not in the project: the platform's own folders, asked for when they are needed.

Only answers; nothing here makes a folder or touches a file. On Linux the XDG variables are honored.
"""

from __future__ import annotations

from pathlib import Path

APP = "prism"


def config_dir() -> Path:
    """The folder of the user's configuration."""
    from platformdirs import user_config_path

    return user_config_path(APP, appauthor=False)


def data_dir() -> Path:
    """The folder of what the user would miss: models, journals."""
    from platformdirs import user_data_path

    return user_data_path(APP, appauthor=False)


def state_dir() -> Path:
    """The folder of what a run leaves behind for the next one."""
    from platformdirs import user_state_path

    return user_state_path(APP, appauthor=False)


def log_dir() -> Path:
    """The folder of the logs, inside the state folder where the platform has no other place for them."""
    from platformdirs import user_log_path

    return user_log_path(APP, appauthor=False)


def cache_dir() -> Path:
    """The folder of what can be made again at any time."""
    from platformdirs import user_cache_path

    return user_cache_path(APP, appauthor=False)


def user_config_file() -> Path:
    """The user's configuration file, whether it is there or not."""
    return config_dir() / "config.yaml"


def log_file() -> Path:
    """The log of the terminal program, whether it is there or not."""
    return log_dir() / "prism.log"
