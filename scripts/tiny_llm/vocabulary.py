"""The vocabulary of the tiny model: PURE, a list of pieces of a SentencePiece tokenizer, nothing read or fetched.

Theory. llama.cpp joins neighboring pieces as long as the joined text is itself a piece, so a word needs each of its
prefixes; a space is written U+2581. A character without a piece of its own falls back to its UTF-8 bytes, so any text
at all can be read and written: that is what makes 256 byte pieces enough for emoji and Chinese, and what lets a test
see a reply whose characters come in several tokens.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

SPACE = "\u2581"
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:!?'’\"()-«»éèêëàâçîïôûùœ"
WORDS = (
    *("bonjour", "merci", "il", "elle", "fait", "beau", "je", "vous", "est", "le", "la", "de", "et", "temps"),
    *(
        "hello",
        "thanks",
        "it",
        "is",
        "the",
        "of",
        "and",
        "you",
        "weather",
        "fine",
        "today",
        "user",
        "assistant",
    ),
)


class Kind(IntEnum):
    """Token types of a GGUF file."""

    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    BYTE = 6


@dataclass(frozen=True, slots=True)
class Piece:
    """One token; its number is its place in the list."""

    text: str
    kind: Kind
    score: float
    """Of two possible joins llama.cpp takes the one with the higher score: the longer piece."""


def pieces() -> tuple[Piece, ...]:
    """All tokens: the marks of a text and of the chat template, bytes, letters, words with their prefixes."""
    control = ("<s>", "</s>", "<|im_start|>", "<|im_end|>")
    prefixes = {SPACE + word[:end] for word in WORDS for end in range(1, len(word) + 1)}
    texts = [SPACE, *LETTERS, *sorted(prefixes, key=lambda text: (len(text), text))]
    return (
        Piece("<unk>", Kind.UNKNOWN, 0.0),
        *(Piece(text, Kind.CONTROL, 0.0) for text in control),
        *(Piece(f"<0x{byte:02X}>", Kind.BYTE, 0.0) for byte in range(256)),
        *(Piece(text, Kind.NORMAL, float(len(text))) for text in texts),
    )
