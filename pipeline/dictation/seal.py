"""Encryption of the journal at rest: whoever copies the folder, or finds the disk, reads nothing.

The key lies in the keyring of the user's session (library ``keyring``) and nowhere else; without it what was sealed
stays closed. A line of a ledger is sealed by itself with AES-256-GCM, so that a torn one costs itself alone. Sound is
sealed with AES-256-CTR under a nonce of its own for each file, which can be appended to, read from any place and torn
anywhere, like the plain samples: it keeps others from listening, not from damaging.
"""

from __future__ import annotations

import base64
import binascii
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config import JournalSettings

SERVICE, ACCOUNT = "prism", "journal"
"""Under which the key lies in the keyring."""
KEY_BYTES = 32
MARK = "#"
"""Begins a sealed line; a plain one begins with a brace."""
MAGIC = b"prism sealed sound 1"
NONCE_BYTES = 16
_LINE_NONCE = 12
_BLOCK = 16
INSTALL = "install it with: pip install 'prism-voice[sealed]', or set journal.encrypt=false"


class SealUnavailable(Exception):
    """The journal cannot be sealed or opened; one sentence."""


class Seal:
    """Closes and opens with one key."""

    def __init__(self, key: bytes) -> None:
        """Raises SealUnavailable without the library, ValueError for a key that is not of 32 bytes."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
        try:
            from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        except ImportError as error:
            raise SealUnavailable(f"The library cryptography is not installed: {INSTALL}.") from error
        self._key = key
        self._lines = AESGCM(key)

    def __repr__(self) -> str:
        return "<Seal>"

    def closed(self, line: str) -> str:
        """A line, sealed."""
        nonce = os.urandom(_LINE_NONCE)
        sealed = nonce + self._lines.encrypt(nonce, line.encode(errors="surrogatepass"), None)
        return MARK + base64.b64encode(sealed).decode()

    def opened(self, line: str) -> str:
        """A line, sealed or plain, as it was; empty when it is torn or sealed with another key."""
        from cryptography.exceptions import InvalidTag

        if not line.startswith(MARK):
            return line
        try:
            sealed = base64.b64decode(line[len(MARK) :], validate=True)
            nonce, rest = sealed[:_LINE_NONCE], sealed[_LINE_NONCE:]
            plain: bytes = self._lines.decrypt(nonce, rest, None)
            return plain.decode(errors="surrogatepass")
        except (InvalidTag, binascii.Error, ValueError):
            return ""

    def sound(self, nonce: bytes, at: int, data: bytes) -> bytes:
        """Bytes of a recording that begin at its byte ``at``, sealed; or, if they are sealed, opened."""
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        block, skipped = divmod(at, _BLOCK)
        counter = (int.from_bytes(nonce, "big") + block) % (1 << 8 * NONCE_BYTES)
        cipher = Cipher(algorithms.AES(self._key), modes.CTR(counter.to_bytes(NONCE_BYTES, "big")))
        turned: bytes = cipher.encryptor().update(bytes(skipped) + data)
        return turned[skipped:]


def seal_for(settings: JournalSettings) -> Seal | None:
    """The seal that the settings want, with the key of the user's keyring; one is made where there is none.

    May wait for the user to unlock the keyring. Raises SealUnavailable.
    """
    return Seal(_key()) if settings.encrypt and settings.keep != "off" else None


def _key() -> bytes:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError as error:
        raise SealUnavailable(f"The library keyring is not installed: {INSTALL}.") from error
    kept: str | None = None
    try:
        kept = keyring.get_password(SERVICE, ACCOUNT)
        if kept is None:
            kept = base64.b64encode(os.urandom(KEY_BYTES)).decode()
            keyring.set_password(SERVICE, ACCOUNT, kept)
            # Some keyrings take everything and keep nothing; and another program may have been quicker.
            kept = keyring.get_password(SERVICE, ACCOUNT)
        key = base64.b64decode(kept or "", validate=True)
    except (KeyringError, OSError) as error:
        raise SealUnavailable(
            f"The keyring does not give the journal's key ({error}): unlock it, or set journal.encrypt=false."
        ) from error
    except binascii.Error:
        key = b""
    if kept is None:
        raise SealUnavailable(
            "The keyring keeps no key: set one up for your session, or set journal.encrypt=false."
        )
    if len(key) != KEY_BYTES:
        raise SealUnavailable(
            f"What the keyring has as the journal's key is none: remove {SERVICE} {ACCOUNT} from it for a new one."
        )
    return key
