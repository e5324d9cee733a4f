"""Formulas in the notation of LaTeX, made plain: PURE, characters in and out.

Models write "$E = mc^2$" and "\\[ ... \\]" when they are asked for a sum; a voice would say "dollar" and
"backslash". What stands between the marks becomes the signs that people write by hand ("E = mc²", "a ÷ b"), which the
voice of each language knows how to say. A dollar before a price is no mark: it is given out as soon as what follows
cannot be a formula. The marks of Markdown are the business of the next layer, so none is made here.
"""

from __future__ import annotations

import re

MAX_FORMULA = 400
"""Characters that a formula may have; what is longer is text."""

_CLOSERS = {"$$": "$$", "\\(": "\\)", "\\[": "\\]"}
_PROSE = re.compile(
    r"[^\W\d_]{2,} [^\W\d_]|(?<![^\W\d_])(?!(?:sin|cos|tan|log|exp|min|max|lim|mod|gcd)\b)[^\W\d_]{3,}"
)
"""Two words in a row, or one that is no name of a function: no formula, unless there is a command in it."""
_PRICE = re.compile(r"\d[\d.,]*(?:[^\S\n]+[^\s\d+\-*/=<>^×÷·±≤≥≈\\()]|[.,;:!?)…][^\S\n])")
"""A number that a sentence goes on after."""

_ARGUMENT = r"\{((?:[^{}]|\{[^{}]*\})*)\}"
_PLAIN = re.compile(
    r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|mathsf|mathbb|mathcal|operatorname|boxed|overline|underline|vec|hat|bar"
    rf"|tilde|begin|end)\*?{_ARGUMENT}"
)
_FRACTION = re.compile(rf"\\[dtc]?frac{_ARGUMENT}{_ARGUMENT}")
_SHORT_FRACTION = re.compile(r"\\[dtc]?frac(\w)(\w)")
_ROOT = re.compile(rf"\\sqrt(?:\[(\w+)\])?{_ARGUMENT}")
_RAISED = re.compile(rf"\^{_ARGUMENT}")
_LOWERED = re.compile(rf"_(?:{_ARGUMENT}|(\w))")
_COMMAND = re.compile(r"\\([A-Za-z]+)")
_SPACING = re.compile(r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|limits|q?quad)(?![A-Za-z])|\\[,;:! ]|[~&]")
_TABLE = (
    "times × cdot × ast × div ÷ pm ± mp ∓ sqrt √ infty ∞ circ ° degree ° le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ approx ≈ "
    "sim ~ equiv = lt < gt > to → rightarrow → Rightarrow → implies → mapsto → ldots … cdots … dots … prime ' colon : "
    "alpha α beta β gamma γ delta δ Delta Δ epsilon ε varepsilon ε theta θ lambda λ mu μ pi π rho ρ sigma σ tau τ "
    "phi φ varphi φ omega ω Omega Ω Sigma Σ Phi Φ"
).split()
_SIGNS = dict(zip(_TABLE[::2], _TABLE[1::2], strict=True))
"""Commands that are one sign; of any other its name is said."""
_POWERS = {"2": "²", "3": "³"}


class Formulas:
    """One reply."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, text: str) -> str:
        """What of ``text``, and of what was held, can be given out by now."""
        if not self._held and "$" not in text and "\\" not in text:
            return text
        return "".join(piece for character in text for piece in self._step(character))

    def flush(self) -> str:
        """The reply is over: what was held."""
        return "".join(self._drain(final=True))

    def _step(self, character: str) -> list[str]:
        if not self._held and character not in "$\\":
            return [character]
        self._held += character
        return self._drain(final=False)

    def _drain(self, *, final: bool) -> list[str]:
        given: list[str] = []
        while self._held:
            taken = _taken(self._held, final=final)
            if taken is None:
                break
            used, said = taken
            given.append(said)
            self._held = self._held[used:]
        return given


def _taken(text: str, *, final: bool) -> tuple[int, str] | None:
    """Characters used and what is given out for them; None when more is needed."""
    if text[0] not in "$\\":
        return 1, text[0]
    if len(text) == 1:
        return (1, text) if final else None
    closer = _CLOSERS.get(text[:2])
    if closer is not None:
        return _between(text, closer, final=final)
    return _in_line(text, final=final) if text[0] == "$" else (2, text[:2])


def _between(text: str, closer: str, *, final: bool) -> tuple[int, str] | None:
    """A formula between two marks of two characters."""
    end = text.find(closer, 2)
    if end >= 0:
        return end + 2, plain(text[2:end])
    over = final or len(text) > MAX_FORMULA or "\n\n" in text or "`" in text
    return (2, text[:2]) if over else None


def _in_line(text: str, *, final: bool) -> tuple[int, str] | None:
    """A formula between two dollars on one line; the first stands before it, the second behind it, without a space."""
    for found in re.finditer(r"\$", text[1:]):
        at = found.start() + 1
        inside, after = text[1:at], text[at + 1 : at + 2]
        if not _may_be_formula(inside):
            return 1, "$"
        if not after and not final:
            return None
        if not inside[-1].isspace() and inside[-1] != "\\" and not after.isdigit():
            return at + 1, plain(inside)
    over = final or len(text) > MAX_FORMULA or not _may_be_formula(text[1:])
    return (1, "$") if over else None


def _may_be_formula(inside: str) -> bool:
    """Whether what follows a dollar, as far as it has come, may be a formula."""
    if not inside or inside[0].isspace() or "\n" in inside or "`" in inside:
        return False
    return "\\" in inside or not (_PROSE.search(inside) or _PRICE.match(inside))


def plain(formula: str) -> str:
    """A formula in the signs that people write by hand."""
    before = None
    while before != formula:  # from the inside out
        before = formula
        formula = _PLAIN.sub(_words, formula)
        formula = _ROOT.sub(lambda found: f"{'√' if not found[1] else '∛'}{_grouped(found[2])}", formula)
        formula = _FRACTION.sub(lambda found: _divided(found[1], found[2]), formula)
    formula = _SHORT_FRACTION.sub(lambda found: _divided(found[1], found[2]), formula)
    formula = _SPACING.sub(" ", formula.replace("\\\\", ", "))
    formula = _COMMAND.sub(lambda found: _SIGNS.get(found[1], f" {found[1]} "), formula)
    formula = _RAISED.sub(lambda found: f"^{_grouped(found[1])}", formula)
    formula = _LOWERED.sub(lambda found: f" {found[1] or found[2]}", formula)
    formula = re.sub(r"\^([23])(?![\w.])", lambda found: _POWERS[found[1]], formula.replace("^°", "°"))
    formula = re.sub(r"\\(.)", r"\1", formula).translate(str.maketrans("*", "×", "{}"))
    formula = re.sub(r"(?<![^\W\d_]{2})-", "−", formula)  # a true minus: a hyphen may be anything
    return " ".join(formula.split())


def _words(found: re.Match[str]) -> str:
    return " " if found[0].startswith(("\\begin", "\\end")) else found[1]


def _divided(above: str, below: str) -> str:
    simple = above.strip().isdecimal() and below.strip().isdecimal()  # "1/2": voices know "one half"
    return f"{above.strip()}/{below.strip()}" if simple else f"{_grouped(above)} ÷ {_grouped(below)}"


def _grouped(part: str) -> str:
    """In brackets unless it is one number or one name."""
    part = part.strip()
    return part if re.fullmatch(r"\\?\w+|\d+[.,]\d+", part) else f"({part})"
