"""What French sentences get, with a fixed clock: kind, and the exact words where they are fixed."""

from __future__ import annotations

from datetime import datetime

import pytest

from llm.builtin import Answer, ToolUse, reply
from llm.types import Message

NOW = datetime(2026, 11, 20, 14, 5)  # noqa: DTZ001 - the local time of an imaginary user
TOOLS = frozenset({"timer", "timer_cancel"})


def answer(text: str) -> Answer:
    return reply([Message("user", text)], now=NOW, tools=TOOLS)


SPOKEN = [
    ("Quelle heure est-il ?", "time", "Il est quatorze heures cinq."),
    ("Quelle heure est-il?", "time", "Il est quatorze heures cinq."),
    ("Bonjour, est-ce que tu peux me dire l’heure s’il te plaît ?", "time", "Il est quatorze heures cinq."),
    ("Il est quelle heure ?", "time", "Il est quatorze heures cinq."),
    ("Il est quelle heure, là ?", "time", "Il est quatorze heures cinq."),
    ("Quelle est la date de demain ?", "date", "Demain, nous serons le samedi 21 novembre 2026."),
    ("On est en quelle année ?", "date", "Nous sommes le vendredi 20 novembre 2026."),
    ("On est quel mois ?", "date", "Nous sommes le vendredi 20 novembre 2026."),
    ("Merci, au revoir.", "goodbye", "Au revoir."),
    ("Combien font (3,5 + 4) * 2 ?", "sum", "Cela fait 15."),
    ("T'as l'heure ?", "time", "Il est quatorze heures cinq."),
    ("Quel jour sommes-nous ?", "date", "Nous sommes le vendredi 20 novembre 2026."),
    ("On est quel jour aujourd'hui ?", "date", "Nous sommes le vendredi 20 novembre 2026."),
    ("Quelle est la date d'aujourd'hui ?", "date", "Nous sommes le vendredi 20 novembre 2026."),
    ("Quel jour serons-nous demain ?", "date", "Demain, nous serons le samedi 21 novembre 2026."),
    ("Quel jour était-on hier ?", "date", "Hier, nous étions le jeudi 19 novembre 2026."),
    ("On est le combien ?", "date", "Nous sommes le vendredi 20 novembre 2026."),
    ("combien font vingt-cinq plus trente-cinq", "sum", "25 plus 35 font 60."),
    ("Combien font sept fois huit?", "sum", "7 fois 8 font 56."),
    ("Combien ça fait, 7 x 8 ?", "sum", "7 fois 8 font 56."),
    ("Calcule quatre-vingt-dix-sept moins soixante et onze", "sum", "97 moins 71 font 26."),
    ("Combien font onze moins quinze ?", "sum", "11 moins 15 font moins 4."),
    ("combien font cent vingt divisé par trois", "sum", "120 divisé par 3 fait 40."),
    ("dix divisé par trois", "sum", "10 divisé par 3 fait environ 3,33."),
    ("Combien font trois virgule cinq plus un ?", "sum", "3,5 plus 1 font 4,5."),
    ("Combien font 3,5 + 1 ?", "sum", "3,5 plus 1 font 4,5."),
    ("Combien font 1 250 plus 1 ?", "sum", "1250 plus 1 font 1251."),
    ("trois virgule quatorze fois deux", "sum", "3,14 fois 2 font 6,28."),
    ("deux virgule zéro cinq fois deux", "sum", "2,05 fois 2 font 4,1."),
    ("Combien font quinze pour cent de quatre-vingts ?", "sum", "15 pour cent de 80 font 12."),
    ("C'est quoi 15 % de 80 ?", "sum", "15 pour cent de 80 font 12."),
    ("Quelle est la racine carrée de seize ?", "sum", "La racine carrée de 16 fait 4."),
    ("Combien font deux puissance dix ?", "sum", "2 puissance 10 fait 1024."),
    ("neuf au carré", "sum", "9 au carré fait 81."),
    ("Quelle est la moitié de trente ?", "sum", "La moitié de 30 fait 15."),
    ("deux plus trois fois quatre, ça fait combien ?", "sum", "2 plus 3 fois 4 font 14."),
    ("mille deux cents plus trois cent un", "sum", "1200 plus 301 font 1501."),
    ("septante plus nonante", "sum", "70 plus 90 font 160."),
    ("Combien font huit divisé par zéro ?", "sum", "On ne peut pas diviser par zéro."),
    ("la racine carrée de moins quatre", "sum", "Un nombre négatif n'a pas de racine réelle."),
    ("Merci.", "thanks", "Je vous en prie."),
    ("Merci beaucoup.", "thanks", "Je vous en prie."),
    ("Bonjour.", "greeting", "Bonjour. Que puis-je faire pour vous ?"),
    ("Salut Prism !", "greeting", "Bonjour. Que puis-je faire pour vous ?"),
    ("Bonsoir.", "greeting", "Bonsoir. Que puis-je faire pour vous ?"),
    ("Bonne nuit.", "goodbye", "Bonne nuit."),
    ("Au revoir.", "goodbye", "Au revoir."),
    ("On se voit demain.", "goodbye", "Au revoir."),
    ("Arrête.", "stop", "D'accord."),
    ("Tais-toi.", "stop", "D'accord."),
    ("Laisse tomber.", "stop", "D'accord."),
    ("Annule ça.", "stop", "D'accord."),
    ("Attends une seconde.", "stop", "D'accord."),
    ("Répète, s'il te plaît.", "repeat", "Je n'ai encore rien dit."),
    ("Tu peux répéter ?", "repeat", "Je n'ai encore rien dit."),
    ("Est-ce que tu m'entends?", "hear", "Oui, je vous entends."),
    ("Comment ça va?", "how", "Je vais bien, merci. Que puis-je faire pour vous ?"),
    ("Ça va bien, merci.", "fine", "Tant mieux. Que puis-je faire pour vous ?"),
    ("Non, merci.", "acknowledge", "D'accord. Dites-moi si vous avez besoin de quelque chose."),
    ("Mets un minuteur.", "timer_ask", "Un minuteur de combien de temps ?"),
    (
        "Combien de temps reste-t-il?",
        "timer_left",
        "Je peux régler des minuteurs et les annuler, mais rien de plus.",
    ),
]

TIMERS = [
    ("Mets un minuteur de cinq minutes.", 300, ""),
    ("mets un minuteur de deux minutes trente", 150, ""),
    ("Mets un minuteur d'un quart d'heure", 900, ""),
    ("Mets un minuteur de trois quarts d'heure", 2700, ""),
    ("lance un minuteur d'une demi-heure s'il te plaît", 1800, ""),
    ("Mets un minuteur de 1 h 30.", 5400, ""),
    ("Mets un minuteur de 1h30", 5400, ""),
    ("mets un minuteur d'une heure et demie", 5400, ""),
    ("mets un minuteur d'une heure et quart", 4500, ""),
    ("règle un minuteur sur vingt et une secondes", 21, ""),
    ("Mets un minuteur de quarante-cinq heures.", 162000, ""),
    ("Mets un minuteur pâtes de dix minutes", 600, "pâtes"),
    ("Mets un minuteur de dix minutes pour les œufs", 600, "œufs"),
    ("un minuteur pour le thé de quatre minutes", 240, "thé"),
    ("Réveille-moi dans vingt minutes", 1200, ""),
    ("Rappelle-moi dans dix minutes d'appeler Paul", 600, "appeler Paul"),
    ("Rappelle-moi d'appeler Paul dans dix minutes", 600, "appeler Paul"),
]

HONEST = [
    "Allume la lumière du salon.",
    "Joue du jazz.",
    "Quel temps fait-il à Lyon demain?",
    "Écris un courriel à Sophie.",
    "Mets le chauffage à vingt-cinq pour cent.",
    "Quelle est la capitale de la Belgique?",
    "Quelle heure est-il à Tokyo ?",
    "Quelle est la date de la bataille de Marignan ?",
    "Merci d'envoyer un message à Paul.",
    "Dis-le en anglais.",
    "Arrête la musique.",
    "Le petit chat boit du lait dans la maison.",
]


@pytest.mark.parametrize(("text", "kind", "spoken"), SPOKEN)
def test_is_answered_in_these_words(text: str, kind: str, spoken: str) -> None:
    assert answer(text) == Answer(kind, spoken)


@pytest.mark.parametrize(("text", "seconds", "label"), TIMERS)
def test_asks_for_a_timer(text: str, seconds: int, label: str) -> None:
    assert answer(text).tool == ToolUse("timer", {"seconds": seconds, "label": label})


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Annule le minuteur.", ""),
        ("Arrête le minuteur s'il te plaît", ""),
        ("annule le minuteur pour les pâtes", "pâtes"),
        ("Coupe la sonnerie", ""),
    ],
)
def test_asks_to_cancel_a_timer(text: str, label: str) -> None:
    assert answer(text).tool == ToolUse("timer_cancel", {"label": label})


@pytest.mark.parametrize("text", HONEST)
def test_is_honest_about_the_rest(text: str) -> None:
    honest = answer(text)
    assert honest.kind == "honest"
    assert honest.text.startswith(
        "Aucun modèle de langue n'est connecté, je peux donc seulement donner l'heure"
    )


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Qui es-tu?", "who"),
        ("Comment tu t'appelles?", "who"),
        ("Que peux-tu faire?", "help"),
        ("Aide-moi.", "help"),
        ("Mets le réveil à trois heures.", "alarm"),
        ("Rappelle-moi d'acheter du pain samedi.", "alarm"),
        ("Oui, s'il te plaît.", "acknowledge"),
    ],
)
def test_is_understood_as(text: str, kind: str) -> None:
    assert answer(text).kind == kind


@pytest.mark.parametrize(
    ("hour", "minute", "spoken"),
    [
        (0, 0, "Il est minuit."),
        (0, 10, "Il est minuit dix."),
        (1, 1, "Il est une heure une."),
        (9, 0, "Il est neuf heures."),
        (12, 30, "Il est midi trente."),
        (21, 21, "Il est vingt et une heures vingt et une."),
    ],
)
def test_says_the_time(hour: int, minute: int, spoken: str) -> None:
    now = NOW.replace(hour=hour, minute=minute)
    assert reply([Message("user", "Quelle heure est-il ?")], now=now).text == spoken


def test_the_first_of_a_month_is_an_ordinal() -> None:
    now = NOW.replace(day=1)
    said = reply([Message("user", "Quel jour sommes-nous ?")], now=now).text
    assert said == "Nous sommes le dimanche premier novembre 2026."
