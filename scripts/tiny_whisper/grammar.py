"""Sentences drawn from the closed grammar, and the line between those that are trained and those that are not.

Pure: every function takes its `random.Random`; the order of the draws is part of the recipe. A template with more than
`SMALL` fillings is split by a hash of the sentence: about one in seven of its fillings is never trained. Templates with
few fillings, and fixed sentences, are trained completely.
"""

from __future__ import annotations

import hashlib
import itertools
import random
import re

from scripts.tiny_whisper.sentences import FIXED, KEY_FR, SLOTS, TEMPLATES

LANGUAGES = ("en", "fr")
HELDOUT_MOD = 7
SMALL = 30
"""Templates with at most this many fillings are trained completely."""


def combos(lang: str, template: str) -> int:
    """How many sentences a template makes."""
    count = 1
    for key in re.findall(r"\{(\w+)\}", template):
        count *= len(SLOTS[lang][key])
    return count


def is_heldout(text: str) -> bool:
    """Whether a sentence of a large template is kept out of training."""
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8], 16) % HELDOUT_MOD == 0


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def fill(lang: str, rng: random.Random, template: str | None = None, scramble: float = 0.0) -> str:
    """A template with its slots filled; `scramble` is the chance that a slot takes the words of another one."""
    template = template or rng.choice(TEMPLATES[lang])

    def value(match: re.Match[str]) -> str:
        key = rng.choice(sorted(SLOTS[lang])) if rng.random() < scramble else match.group(1)
        return rng.choice(SLOTS[lang][key])

    return _capital(re.sub(r"\{(\w+)\}", value, template).replace("de le ", "du "))


def sample(lang: str, rng: random.Random, *, heldout: bool = False) -> str:
    """One sentence; with `heldout`, a large template gives only fillings that are never trained."""
    draw = rng.random()
    if lang == "fr" and draw < 0.05:
        return rng.choice(KEY_FR)
    if draw < 0.30:
        return rng.choice(FIXED[lang])
    while True:
        template = rng.choice(TEMPLATES[lang])
        text = fill(lang, rng, template)
        if combos(lang, template) <= SMALL or is_heldout(text) == heldout:
            return text


def scrambled(lang: str, rng: random.Random) -> str:
    """A template filled from other slots ("I would like some Berlin, please."), for training only.

    The decoder must listen instead of guessing what usually stands there.
    """
    while True:
        text = fill(lang, rng, scramble=0.6)
        if not is_heldout(text):
            return text


def _all_fillings(lang: str, template: str) -> list[str]:
    keys = re.findall(r"\{(\w+)\}", template)
    texts = []
    for values in itertools.product(*(SLOTS[lang][key] for key in keys)):
        text = template
        for value in values:
            text = re.sub(r"\{\w+\}", value, text, count=1)
        texts.append(_capital(text))
    return texts


def _always_trained() -> frozenset[str]:
    texts = {text for lang in LANGUAGES for text in FIXED[lang]}
    for lang in LANGUAGES:
        for template in TEMPLATES[lang]:
            if combos(lang, template) <= SMALL:
                texts.update(_all_fillings(lang, template))
    return frozenset(texts)


ALWAYS_TRAINED = _always_trained()


def novel(text: str) -> bool:
    """True for a sentence of the grammar that no training clip contains."""
    return text not in ALWAYS_TRAINED and is_heldout(text)


def _words(lang: str) -> list[str]:
    texts = list(FIXED[lang]) + [re.sub(r"\{\w+\}", " ", template) for template in TEMPLATES[lang]]
    texts += list(itertools.chain.from_iterable(SLOTS[lang].values()))
    found: set[str] = set()
    for text in texts:
        found.update(re.findall(r"[\w'\-]+", text))
    return sorted(word for word in found if re.search(r"\w", word))


def _proper_names() -> frozenset[str]:
    slots = ("name", "city", "country", "day", "tongue")
    values = [value for lang in LANGUAGES for slot in slots for value in SLOTS[lang][slot]]
    words = [word for value in values for word in re.findall(r"[\w'\-]+", value)]
    return frozenset(word for word in words if word[0].isupper())


WORDS = {lang: _words(lang) for lang in LANGUAGES}
_PROPER = _proper_names()


def salad(lang: str, rng: random.Random) -> str:
    """Two to five words of the vocabulary in any order, for training only: they cannot be completed from memory."""
    words = [rng.choice(WORDS[lang]) for _ in range(rng.randint(2, 5))]
    cased = [
        word if word[0].isupper() and word[1:].islower() and word in _PROPER else word[0].lower() + word[1:]
        for word in words
    ]
    return _capital(" ".join("I" if word == "i" else word for word in cased)) + "."


def corpus(count: int = 20_000, seed: int = 0) -> list[str]:
    """Text for the tokenizer."""
    rng = random.Random(seed)
    out = list(FIXED["en"]) + list(FIXED["fr"])
    for lang in LANGUAGES:
        out += [fill(lang, rng) for _ in range(count // 2)]
        out += [salad(lang, rng) for _ in range(count // 20)]
    return out


def normalize(text: str) -> str:
    """For word error rates: lower case, no punctuation, hyphens are spaces."""
    text = text.lower().replace("’", "'").replace("-", " ")
    return " ".join(re.sub(r"[^\w' ]", " ", text).split())
