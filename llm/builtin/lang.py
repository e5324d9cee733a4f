"""Which language to answer in. Pure: the request's Accept-Language, else a guess from the words, else English."""

from __future__ import annotations

import re
from collections.abc import Iterable

from llm.builtin import numbers_en, numbers_fr
from llm.builtin.answers import Language
from llm.builtin.text import MAX_CHARACTERS, fold

_SHARED = frozenset({"six", "plus", "on", "me", "a", "message", "minutes", "stop", "point", "million", "par"})
"""Words of both languages say nothing about either."""

_ENGLISH = frozenset(
    "the is are am was what when where who how which why you i it its my your our we they he she this that there "
    "of for from to and or not in at by with do does did can could would will set turn tell say speak play call "
    "please hello hi hey good morning evening night goodbye bye thanks thank time day today tomorrow tonight "
    "write send read remind cancel open close help yes no never mind be quiet repeat new wake up some see "
    "minus times divided percent hour hours second seconds minute half an".split()
)
_FRENCH = frozenset(
    "le la les un une des du de d et est es que qu quel quelle quels quelles qui quoi combien comment ou il elle "
    "je j tu te t toi moi m ce c ca cela cette mon ma mes ton ta nous vous ils pour dans sur avec sans pas ne n "
    "plait s au aux en se si mets met met regle lance allume eteins ouvre ferme joue monte baisse ajoute annule "
    "bonjour bonsoir salut merci revoir oui non arrete rappelle reveille lis ecris envoie appelle dis parle "
    "heure heures jour demain aujourd hui fois moins divise cent demi quart font fait peux laisse tomber aide "
    "chanson repete attends alors bonne nuit fort nouveau".split()
)
_VOCABULARY: dict[Language, frozenset[str]] = {
    "en": (_ENGLISH | numbers_en.LEXICON.small.keys()) - _SHARED,
    "fr": (_FRENCH | numbers_fr.LEXICON.small.keys()) - _SHARED,
}
_ACCENTS = re.compile(r"[éèêëàâùûîïôçœ]")


def accepted(header: str | None) -> Language | None:
    """The better liked of French and English in an Accept-Language header; None if it names neither."""
    liked: dict[Language, float] = {}
    for part in (header or "").split(","):
        tag, _, parameters = part.strip().partition(";")
        primary = tag.strip().lower().split("-")[0]
        weight = _weight(parameters)
        if primary in ("en", "fr") and weight > 0:
            language: Language = "fr" if primary == "fr" else "en"
            liked[language] = max(weight, liked.get(language, 0.0))
    return max(liked.items(), key=lambda entry: entry[1])[0] if liked else None


def _weight(parameters: str) -> float:
    found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", parameters)
    return float(found[1]) if found else 1.0


def guess(utterances: Iterable[str]) -> Language:
    """From the newest utterance that tells; pass the newest first. English if none does."""
    for text in utterances:
        lead = _score(text[:MAX_CHARACTERS])
        if lead:
            return "fr" if lead > 0 else "en"
    return "en"


def _score(text: str) -> int:
    """Above zero for French, below for English."""
    words = re.findall(r"[^\W\d_]+", fold(text))
    french = sum(word in _VOCABULARY["fr"] for word in words) + min(3, len(_ACCENTS.findall(text.lower())))
    return french - sum(word in _VOCABULARY["en"] for word in words)
