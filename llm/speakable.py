"""What of a reply should be heard: PURE, deltas as the model wrote them in, words for a voice out.

Four filters in a row, each a machine over single characters: ``hidden`` takes out thoughts and tool calls,
``formulas`` makes the notation of formulas plain, ``blocks`` takes out what Markdown puts at the beginning of lines,
``inline`` what it puts within them, addresses and emoji. So the words do not depend on how the reply was cut into
deltas, and a word is held back only while it may still turn out to be a mark, or part of a formula. Text without any of
these passes letter for letter.
"""

from __future__ import annotations

from llm.blocks import Blocks
from llm.formulas import Formulas
from llm.hidden import Hidden
from llm.inline import Inline

_SILENT = dict.fromkeys(
    [*(code for code in range(0x20) if chr(code) not in "\t\n\r"), *range(0x7F, 0xA0), 0xFEFF, 0xFFFD]
)
"""Control characters, a byte order mark in the middle, and what stands for broken UTF-8: nothing of these is a word."""


class Speakable:
    """One reply: ``feed`` each delta, ``flush`` at the end; make a new one for the next.

    ``thinking`` True is for a model whose template opens its thought, so that the reply begins inside one.
    """

    def __init__(self, *, thinking: bool = False) -> None:
        self._hidden = Hidden(thinking=thinking)
        self._layers = (self._hidden, Formulas(), Blocks(), Inline())
        self._begun = False

    @property
    def opened_inside(self) -> bool:
        """The reply began inside a thought that nothing opened: the next needs ``thinking=True``."""
        return self._hidden.opened_inside

    def feed(self, delta: str) -> str:
        """The words that are certain by now; often ``delta`` itself."""
        text = delta.translate(_SILENT)
        for layer in self._layers:
            text = layer.feed(text)
        return self._from_first_word(text)

    def flush(self) -> str:
        """The reply is over: the words that were held."""
        text = ""
        for layer in self._layers:
            text = layer.feed(text) + layer.flush()
        return self._from_first_word(text)

    def _from_first_word(self, text: str) -> str:
        """Whatever was taken out before the first word leaves its blank lines: they are nothing to say."""
        if not self._begun:
            text = text.lstrip()
            self._begun = bool(text)
        return text
