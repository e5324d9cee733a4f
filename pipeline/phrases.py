"""The few sentences that Prism says of its own accord, in French and English. Pure."""

from __future__ import annotations

_APOLOGY = {
    "fr": "Désolé, le modèle de langage ne répond pas.",
    "en": "Sorry, the language model does not answer.",
}
_TOO_LONG = {
    "fr": "Désolé, c'est trop long pour le modèle de langage.",
    "en": "Sorry, that is too long for the language model.",
}
_NO_WORDS = {
    "fr": "Désolé, le modèle de langage n'a rien répondu.",
    "en": "Sorry, the language model gave no answer.",
}
_ONE_MOMENT = {"fr": "Un instant.", "en": "One moment."}
_FILLERS = {
    "fr": ("Voyons.", "Voyons voir.", "Alors, voyons."),
    "en": ("Let me see.", "Well, let me see.", "Let me think."),
}
_ALL_RIGHT = {"fr": "D'accord.", "en": "All right."}
_MAY_I = {
    "clipboard_read": ("Puis-je lire le presse-papiers ?", "May I read the clipboard?"),
    "clipboard_write": ("Puis-je remplacer le presse-papiers ?", "May I replace the clipboard?"),
}
"""For tools of Prism's own that may need consent, French and English."""
_UNITS = {
    "fr": (("heure", "heures"), ("minute", "minutes"), ("seconde", "secondes")),
    "en": (("hour", "hours"), ("minute", "minutes"), ("second", "seconds")),
}


def _pick(language: str | None) -> str:
    return "fr" if language == "fr" else "en"


def apology(language: str | None) -> str:
    """Said when no reply can be had; never part of history."""
    return _APOLOGY[_pick(language)]


def too_long(language: str | None) -> str:
    """Said when not even the last words fit the model; never part of history."""
    return _TOO_LONG[_pick(language)]


def no_words(language: str | None) -> str:
    """Said when a reply held nothing to say; never part of history."""
    return _NO_WORDS[_pick(language)]


def one_moment(language: str | None) -> str:
    """Said while a tool takes its time; never part of history."""
    return _ONE_MOMENT[_pick(language)]


def filler(language: str | None, number: int) -> str:
    """Said when the first word of a reply is late; another one each time. Never part of history."""
    choice = _FILLERS[_pick(language)]
    return choice[number % len(choice)]


def fixed(language: str | None) -> tuple[str, ...]:
    """All sentences that may have to be said at once, in one language."""
    lang = _pick(language)
    said = (_APOLOGY, _ONE_MOMENT, _TOO_LONG, _NO_WORDS, _ALL_RIGHT)
    return (*(sentence[lang] for sentence in said), *_FILLERS[lang])


def all_right(language: str | None) -> str:
    """Said, and remembered, when a model was told to be quiet and is."""
    return _ALL_RIGHT[_pick(language)]


def may_i(tool: str, language: str | None) -> str:
    """Asked before a tool that needs consent; a question, so that "oui" is an answer."""
    if tool in _MAY_I:
        return _MAY_I[tool][_pick(language) == "en"]
    name = tool.replace("_", " ").replace("-", " ")
    if _pick(language) == "fr":
        return f"Puis-je utiliser l'outil {name} ?"
    return f"May I use the tool {name}?"


def timer_over(seconds: float, label: str, language: str | None) -> str:
    """Said when a timer rings."""
    lang = _pick(language)
    if lang == "fr":
        name = f"« {label} » " if label else ""
        return f"Le minuteur {name}de {duration(seconds, lang)} est terminé."
    name = f" “{label}”" if label else ""
    return f"Your timer{name} for {duration(seconds, lang)} is over."


def duration(seconds: float, language: str) -> str:
    """A length of time as it is spoken: "1 hour and 5 minutes"."""
    total = round(seconds)
    amounts = (total // 3600, total % 3600 // 60, total % 60)
    parts = [
        f"{amount} {names[amount > 1 or (amount == 0 and language == 'en')]}"
        for amount, names in zip(amounts, _UNITS[language], strict=True)
        if amount or (total == 0 and names is _UNITS[language][2])
    ]
    joint = " et " if language == "fr" else " and "
    return joint.join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else parts[0]
