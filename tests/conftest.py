"""What holds for every test: no test is a matter of how busy the machine is."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("prism", deadline=None)
settings.load_profile("prism")
