"""Which addresses are this machine, and what of them is shown."""

from __future__ import annotations

import pytest

from common.addresses import is_loopback, is_secure, shown_url, without


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://127.3.2.1", True),
        ("http://[::1]:1/", True),
        ("http://localhost:11434", True),
        ("http://llm.localhost", True),
        ("http://127.evil.example/v1", False),
        ("http://localhost.evil.example", False),
        ("http://evil.example/?//127.0.0.1", False),
        ("http://192.168.1.20", False),
        ("", False),
    ],
)
def test_only_this_machine_is_this_machine(url: str, here: bool) -> None:
    assert is_loopback(url) is here


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:secret@host:8000/v1?key=secret#secret", "http://host:8000/v1"),
        ("https://host/v1", "https://host/v1"),
        ("http://[broken:secret@", "http://..."),
    ],
)
def test_no_secret_is_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def test_tls_is_asked_for_in_any_letters() -> None:
    assert is_secure("HTTPS://host/")
    assert not is_secure("http://host/https:")


def test_a_key_that_comes_back_is_starred() -> None:
    assert without("wrong key abc, abc", "abc") == "wrong key ********, ********"
    assert without("no key", None) == "no key"
