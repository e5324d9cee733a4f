"""What is heard of a reply: tables for each family of models and each mark, and that cuts never matter."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm import Speakable

EXACT = [
    "Bonjour, ça va ? Oui : « très bien » ; l'eau est à 20 °C…",
    "It's five o'clock, isn't it? Yes -- really - no; (maybe) [or not].",
    "3 * 4 = 12, 3*4=12, 2**10, 2 ** 3, 5* hotel, *",
    "snake_case, a__b, a_b_c, f***ing, C*-algebra, ~5 km, ~/notes",
    "1. premier\n2. second\n10) non",
    "-5 degrés, 7-3=4, +33 6 12, a | b, x || y",
    "a < b and c > d, x<y, <3, 1 << 2, if <this>",
    "#1 et #hashtag, C# et F#",
    "100 $, 50 %, tom@example.com, @you, & co, 1/2, C:\\dir\\x",
    "Il est 14 h 30.  Deux espaces, et\u202f! une insécable.",
    "a\nb\n\nc\r\nd",
    "→ vers ici, © 2026, ™, ½, €",
    "{ceci} et {1, 2}",
    '{"temperature": 5}',
    "[1] une note [2]",
    "http et www et https, what why how who",
    "prix* hors taxes",
    "— Bonjour, dit-il.\n— Bonsoir.",
    "Nom : _____ ",
    "中文和日本語。",
]

MARKDOWN = [
    ("**Gras** et *italique* et ***les deux***.", "Gras et italique et les deux."),
    ("l'**important** c'est __ça__ et _ci_.", "l'important c'est ça et ci."),
    ("**Note :** ceci, **B**onjour", "Note : ceci, Bonjour"),
    ("**a *b* c** et 3*4", "a b c et 3*4"),
    ("**a *b***.", "a b."),
    ("**prix : 3*4**", "prix : 3*4"),
    ("~~non~~ oui", "non oui"),
    ("*note\n\n5* hôtel", "note\n\n5* hôtel"),
    ("(*sic*) «*oui*» *«non»*", "(sic) «oui» «non»"),
    ("# Titre\nTexte\n### Autre\n", "Titre\nTexte\nAutre\n"),
    ("- un\n* deux\n+ trois\n  - quatre\n• cinq\n", "un\ndeux\ntrois\nquatre\ncinq\n"),
    ("- [ ] à faire\n- [x] fait", "à faire\nfait"),
    ("- **Paris** : oui", "Paris : oui"),
    ("> cité\n> - un\n>5", "cité\nun\n>5"),
    ("un\n\n---\n\ndeux\n***\n- - -\ntrois\n====\n", "un\n\n\ndeux\ntrois\n"),
    ("`ls -l` et ``a`b`` et `snake_case*`", "ls -l et a`b et snake_case*"),
    ("Voici :\n```python\nprint('*')\n```\nVoilà.", "Voici :\nVoilà."),
    ("~~~\ncode\n~~~\nVoilà.", "Voilà."),
    ("```\ncode sans fin", ""),
    ("```une ligne```\nVoilà.", "Voilà."),
    ("```ls``` liste.\nVoilà. ", "liste.\nVoilà. "),
    ("```ls``` liste.", "liste."),
    ("| Nom | Âge |\n|:---|---:|\n| Léa | **9** |\n\nfin", "Nom, Âge\nLéa, 9\n\nfin"),
    ("| a \\| b | c |", "a | b, c"),
    ("|x| est positif", "x, est positif"),
    ("\\*rien\\* et 1\\. ici", "*rien* et 1. ici"),
    ("gras<br>ligne <b>x</b>", "gras\nligne x"),
]

LINKS = [
    ('voir [la **doc**](https://www.example.com/a_(b)?c=1 "Titre").', "voir la doc."),
    ("![un chat](x.png) et [réf][1] et note[^2]", "!un chat et réf et note"),
    ("[a](b c) et [sic](voir page 3)", "[a](b c) et [sic](voir page 3)"),
    ("https://www.Example.com/x/y?z=1#t", "example.com"),
    ("Va sur https://example.com. Puis (http://a.org/b) !", "Va sur example.com. Puis (a.org) !"),
    ("www.meteo.fr, http://127.0.0.1:8080/v1 ou <https://a.io/x>", "meteo.fr, 127.0.0.1 ou a.io"),
    ("[https://a.io/x](https://a.io/x)!", "a.io!"),
    ("**https://a.io/b_c**", "a.io"),
    ("https://fr.wikipedia.org/wiki/Go_(jeu) est", "fr.wikipedia.org est"),
    ("http:// et www. et https://", "http:// et www. et https://"),
]

EMOJI = [
    ("Bonjour 😊 !", "Bonjour !"),
    ("Great 😊! Super👍🏽. Ok 🎉, bon", "Great! Super. Ok, bon"),
    ("🎉 Bravo 👩‍💻🏳️‍🌈 à toi ✅", "Bravo à toi"),
    ("a 😀 b😀c 😀😀 d", "a b c d"),
    ("1️⃣ un ☀️", "1 un"),
    ("**🎉 Bravo**", "Bravo"),
    ("🇫🇷 France", "France"),
]

TIMER = '{"name": "timer", "arguments": {"s": 3, "note": "a } b"}}'
FAMILIES = [
    ("<think>je pense\n\n</think>\n\nBonjour.", "Bonjour."),
    ("<think></think>Bonjour.", "Bonjour."),
    ("<Thinking>hm</Thinking>Bonjour.", "Bonjour."),
    ("[THINK]hm[/THINK]Bonjour.", "Bonjour."),
    ("◁think▷hm◁/think▷Bonjour.", "Bonjour."),
    ("<seed:think>a < b</seed:think>Bonjour.", "Bonjour."),
    ("<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>Bonjour.<|END_RESPONSE|>", "Bonjour."),
    ("<|channel>thought\nhm<channel|>Bonjour.", "Bonjour."),
    ("<think>sans fin", ""),
    ("Bon<think>x</think>jour.", "Bonjour."),
    (
        "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Bonjour.<|return|>",
        "Bonjour.",
    ),
    (
        "<|channel|>commentary to=f <|constrain|>json<|message|>{}<|call|><|start|>assistant<|message|>Oui.",
        "Oui.",
    ),
    ("<|start_header_id|>assistant<|end_header_id|>\n\nBonjour.<|eot_id|>user", "Bonjour."),
    ("Bonjour.<|im_end|>\n<|im_start|>user\nEt toi ?", "Bonjour."),
    ("Bonjour.</s>", "Bonjour."),
    ("<|channel|>analysis<|message|>hm<|end|>Bonjour.", "Bonjour."),
    (f"<tool_call>\n{TIMER}\n</tool_call>Bonjour.", "Bonjour."),
    ("<function=timer>{}</function>Bonjour.", "Bonjour."),
    (f"Bonjour.[TOOL_CALLS][{TIMER}]", "Bonjour."),
    (f"Bonjour.<|python_tag|>{TIMER}", "Bonjour."),
    ("Bonjour.<｜tool▁calls▁begin｜>x<｜tool▁calls▁end｜>", "Bonjour."),
    (f"{TIMER}\nBonjour.", "Bonjour."),
    (f"[{TIMER}, {TIMER}]", ""),
    ('{\n  "type": "function",\n  "function": {"name": "timer"}\n}', ""),
    ('{"name": "Léa", "age": 9}', '{"name": "Léa", "age": 9}'),
    ('{"name": "timer", "argu', ""),
]

ALL = MARKDOWN + LINKS + EMOJI + FAMILIES


def heard(*deltas: str, thinking: bool = False) -> str:
    speakable = Speakable(thinking=thinking)
    return "".join(map(speakable.feed, deltas)) + speakable.flush()


@pytest.mark.parametrize("text", EXACT)
def test_plain_text_passes_letter_for_letter(text: str) -> None:
    assert heard(text) == text
    assert heard(*text) == text


@pytest.mark.parametrize(("written", "words"), ALL)
def test_only_words_are_heard(written: str, words: str) -> None:
    assert heard(written) == words
    assert heard(*written) == words


MARKS = [
    "*",
    "**",
    "_",
    "`",
    "```",
    "~~",
    "#",
    "- ",
    "> ",
    "|",
    "[",
    "](",
    ")",
    "<",
    ">",
    "<think>",
    "</think>",
]
MORE = [
    "<|channel|>",
    "final",
    "<|message|>",
    "https://",
    "www.",
    "a.io",
    "😊",
    "\u200d",
    "\ufe0f",
    "\\",
    "{",
    "}",
]
WORDS = ["a", "h", "é", "5", " ", "  ", "\n", "!", ".", '"', '"name": ', "---\n", ":", "\r\n", "\u202f", "中"]


@given(
    st.lists(st.sampled_from(MARKS + MORE + WORDS), max_size=25), st.lists(st.integers(0, 80)), st.booleans()
)
def test_cuts_do_not_matter(pieces: list[str], cuts: list[int], thinking: bool) -> None:
    text = "".join(pieces)
    bounds = sorted({0, *(min(cut, len(text)) for cut in cuts), len(text)})
    deltas = [text[a:b] for a, b in pairwise(bounds)]
    assert heard(*deltas, thinking=thinking) == heard(text, thinking=thinking)


@given(
    st.text(
        st.characters(categories=["L", "Nd"], max_codepoint=0x2000) | st.sampled_from(" ,.;:!?'’«»()-\"%€")
    )
)
def test_text_without_marks_is_not_touched(text: str) -> None:
    text = "x" + text
    assert heard(text) == text


@pytest.mark.parametrize(
    "text", ["Bonjour à tous, il fait beau !", "What is it? (Who knows.)", "Le **gras** et `le code`."]
)
def test_a_word_is_said_as_soon_as_it_is_certain(text: str) -> None:
    """At most the last word mark or space is held, never a whole word."""
    speakable, said = Speakable(), ""
    for number, character in enumerate(text, 1):
        said += speakable.feed(character)
        assert len(heard(text[:number])) - len(said) <= 2


def test_a_sentence_ends_at_once() -> None:
    assert Speakable().feed("Salut !") == "Salut !"
    assert Speakable().feed("**Oui.** N") == "Oui. N"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (r"So $E = mc^2$ and \(a^2 + b^2 = c^2\).", "So E = mc² and a² + b² = c²."),
        ("\\[\nx = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}\n\\]\n", "x = (−b ± √(b² − 4ac)) ÷ 2a\n"),
        (r"$$\frac{1}{2} \times 3 \leq x_1$$.", "1/2 × 3 ≤ x 1."),
        (r"$\text{speed} = \frac{\text{distance}}{\text{time}}$", "speed = distance ÷ time"),
        (r"Turn by $90^\circ$: $2^{10}$, $\sin(\pi)$.", "Turn by 90°: 2^10, sin (π)."),
        (r"**\(x = 4\)** or \[\boxed{42}\]", "x = 4 or 42"),
        ("$n$ items cost $5", "n items cost $5"),
        ("Code:\n```bash\nkill $$\n```\nIt costs $$ and $3.", "Code:\nIt costs $$ and $3."),
        *(
            (text, text)
            for text in ("It costs $5 and $10.", "$5M in 2023, $6M in 2024", "$20-$30, US$20. And $30")
        ),
        *((text, text) for text in ("$HOME and $PATH", "5$ or 10$", "$3.50/lb, $2/kg", "$5, $6 or $7!")),
    ],
)
def test_formulas_are_made_plain_and_prices_stay(written: str, said: str) -> None:
    assert heard(written) == heard(*written) == said


@pytest.mark.parametrize("text", ["It costs $5 a", "It costs $20. A", "It costs $5, an", "The $PATH"])
def test_a_price_does_not_wait_for_another(text: str) -> None:
    assert Speakable().feed(text) == text


def test_a_thought_that_the_template_opened() -> None:
    assert heard("hm</think>\n\nBonjour.", thinking=True) == "Bonjour."
    assert heard("hm[/THINK]Bonjour.", thinking=True) == "Bonjour."


def test_an_expected_thought_that_did_not_come_is_given_back() -> None:
    assert heard("Bonjour.", thinking=True) == "Bonjour."
    assert heard("<think>hm", thinking=True) == ""


@pytest.mark.parametrize(
    ("text", "expected"), [("hm</think>x", True), ("<think>hm</think>x", False), ("x", False)]
)
def test_it_is_learned_that_the_template_opens_the_thought(text: str, expected: bool) -> None:
    speakable = Speakable()
    speakable.feed(text)
    assert speakable.opened_inside is expected


@pytest.mark.parametrize(("text", "expected"), [("hm</think>x", True), ("hm", False)])
def test_it_is_learned_that_the_template_does_so_still(text: str, expected: bool) -> None:
    speakable = Speakable(thinking=True)
    speakable.feed(text)
    speakable.flush()
    assert speakable.opened_inside is expected


def test_flush_twice_is_fine() -> None:
    speakable = Speakable()
    speakable.feed("Bonjour <")
    assert (speakable.flush(), speakable.flush()) == (" <", "")
