"""What can be wrong with a configuration: the error tree, nothing else.

    ConfigError                 a value, a key or a file of the configuration is wrong
    └── ConfigUnreadable        the file is missing, is not a file, may not be read, or is not YAML

A message is one sentence that names the place (file and line, variable or option), the key, what is wrong and, for an
unknown key, the nearest known one. It never holds the value of a secret.
"""

from __future__ import annotations


class ConfigError(Exception):
    """A value, a key or a file of the configuration is wrong."""


class ConfigUnreadable(ConfigError):
    """The configuration file cannot be read as YAML."""
