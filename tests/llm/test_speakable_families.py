"""What is heard of each family of models, in French and English, as their templates and habits have it.

And a property: however a reply is marked up and cut, no mark is ever heard and no word is ever lost.
"""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm import Speakable

FAMILIES: dict[str, list[tuple[str, str]]] = {
    "Qwen": [
        ("<think>\nL'utilisateur veut l'heure.\n</think>\n\nIl est **14 h 30**.", "Il est 14 h 30."),
        ("<think>\n\n</think>\n\nOf course! 😊 It's *easy*.", "Of course! It's easy."),
        ('<tool_call>\n{"name": "timer", "arguments": {"seconds": 60}}\n</tool_call>', ""),
        ("### Recette\n1. **Farine** : 200 g\n2. Œufs : 3", "Recette\n1. Farine : 200 g\n2. Œufs : 3"),
        ("Sure.<|im_end|>\n<|im_start|>user\nThanks", "Sure."),
    ],
    "DeepSeek-R1": [
        ("<think>\nOkay, so 7*8 = 56.\n</think>\n\n7 fois 8 font **56**.", "7 fois 8 font 56."),
        ("<think>a < b, </thin> no</think>The answer is $x$.", "The answer is x."),
        ("<think>\n</think>\n\n---\n\nVoici :\n\n- un\n- deux", "Voici :\n\nun\ndeux"),
        ("Let me.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>timer", "Let me."),
        ("Bonjour.<｜end▁of▁sentence｜>", "Bonjour."),
    ],
    "gpt-oss": [
        (
            "<|channel|>analysis<|message|>User greets. Respond.<|end|><|start|>assistant<|channel|>final"
            "<|message|>Bonjour ! Comment ça va ?<|return|>",
            "Bonjour ! Comment ça va ?",
        ),
        (
            "<|channel|>analysis<|message|>Need timer.<|end|><|start|>assistant<|channel|>commentary to=functions.timer "
            '<|constrain|>json<|message|>{"seconds": 60}<|call|>',
            "",
        ),
        ("<|channel|>final<|message|>It’s **five** o’clock.", "It’s five o’clock."),
        (
            "<|channel|>commentary<|message|>I will check.<|end|><|start|>assistant<|channel|>final<|message|>Done.",
            "Done.",
        ),
        ("<|channel|>final<|message|>| Ville | °C |\n|---|---|\n| Lyon | 21 |\n", "Ville, °C\nLyon, 21\n"),
    ],
    "Llama": [
        ("<|start_header_id|>assistant<|end_header_id|>\n\nBonjour à tous.<|eot_id|>", "Bonjour à tous."),
        ('<|python_tag|>{"name": "timer", "parameters": {"seconds": 60}}', ""),
        ('{"name": "timer", "parameters": {"seconds": 60}}', ""),
        ('<function=timer>{"seconds": 60}</function>', ""),
        ("I'd love to! Here's a list:\n\n* **One**: apples\n* **Two**: pears", "I'd love to! Here's a list:\n\nOne: apples\nTwo: pears"),
    ],
    "Mistral": [
        ("Bien sûr ! Voici :\n\n- **Paris** – la capitale\n- *Lyon*", "Bien sûr ! Voici :\n\nParis – la capitale\nLyon"),
        ('[TOOL_CALLS][{"name": "timer", "arguments": {"seconds": 60}}]', ""),
        ("[TOOL_CALLS]timer[ARGS]{\"seconds\": 60}", ""),
        ("[THINK]L'utilisateur dit bonjour.[/THINK]Bonjour.", "Bonjour."),
        ("Bonjour.</s>", "Bonjour."),
        ("See [the docs](https://docs.mistral.ai/x?y=z).", "See the docs."),
    ],
    "Gemma": [
        ("Bonjour ! 👋 Comment puis-je vous aider ?\n<end_of_turn>", "Bonjour ! Comment puis-je vous aider ?\n"),
        ("<|channel>thought\nSimple greeting.\n<channel|>Hello there!", "Hello there!"),
        ("Okay, here's the plan:\n\n**1. Breathe.**  \n**2. Relax.** 🧘", "Okay, here's the plan:\n\n1. Breathe.  \n2. Relax."),
        ("```tool_code\nprint(timer(60))\n```\n", ""),
        ("<|tool_call>call:timer{seconds:60}<tool_call|>C'est fait.", "C'est fait."),
        ("Il fait **21°C** à Lyon ☀️.", "Il fait 21°C à Lyon."),
    ],
}  # fmt: skip
ROWS = [(family, written, words) for family, rows in FAMILIES.items() for written, words in rows]


def heard(*deltas: str) -> str:
    speakable = Speakable()
    return "".join(map(speakable.feed, deltas)) + speakable.flush()


@pytest.mark.parametrize(("family", "written", "words"), ROWS)
def test_what_a_family_writes_and_what_is_heard(family: str, written: str, words: str) -> None:
    assert heard(written) == words, family
    assert heard(*written) == words, "one letter at a time"
    assert heard(*re.findall(r".{1,3}", written, re.DOTALL)) == words, "a token at a time"


def test_each_family_is_there_in_both_languages() -> None:
    assert set(FAMILIES) == {"Qwen", "DeepSeek-R1", "gpt-oss", "Llama", "Mistral", "Gemma"}
    for rows in FAMILIES.values():
        everything = " ".join(words for _, words in rows)
        assert re.search(r"[éèàç]|Bonjour|Voici|Il (?:fait|est)", everything)
        assert re.search(r"\b(?:The|the|It|I'd|Sure|See|Okay|Done|course|Hello|here)\b", everything)


WORD = st.text("abcdefghijklmnopqrstuvwxyzéèêàçùœABCDEÉ", min_size=1, max_size=9).filter(
    lambda word: (
        not word.lower().startswith(("http", "www")) and "secret" not in word
    )  # which stands for the hidden
)
SPAN = st.sampled_from(
    "{}|{}|{}|**{}**|*{}*|__{}__|_{}_|~~{}~~|`{}`|***{}***|[{}](https://a.io/b)|<b>{}</b>|{} 😀|🎉 {}|« {} »|"
    '"{}"|({})|{},|**{}** :'.split("|")
)
LINE = st.sampled_from("{}@{}@# {}@### {}@- {}@* {}@• {}@> {}@- [x] {}@1. {}@| {} | x |".split("@"))
HIDDEN = st.sampled_from(
    "@@<think>secret</think>@[THINK]secret[/THINK]@<tool_call>secret</tool_call>@\n```\nsecret\n```\n@\n---\n@"
    "◁think▷secret◁/think▷@<|channel|>analysis<|message|>secret<|end|>".split("@")
)
REPLY = st.lists(
    st.tuples(HIDDEN, LINE, st.lists(st.tuples(SPAN, WORD), min_size=1, max_size=6)), min_size=1, max_size=6
)
MARKS = re.compile(r"[*_`#~|<>\[\]]|https?:|https|secret|😀|🎉|◁|▷|---")


@given(REPLY, st.lists(st.integers(0, 400), max_size=12))
def test_no_mark_is_heard_and_no_word_is_lost(
    reply: list[tuple[str, str, list[tuple[str, str]]]], cuts: list[int]
) -> None:
    lines = [
        hidden + "\n" * bool(hidden) + line.format(" ".join(span.format(word) for span, word in words))
        for hidden, line, words in reply
    ]
    text = "\n".join(lines)
    bounds = sorted({0, *(min(cut, len(text)) for cut in cuts), len(text)})
    said = heard(*(text[a:b] for a, b in pairwise(bounds)))
    extra = {"x"} if any(line.startswith("|") for _, line, _ in reply) else set()
    expected = [word for _, _, words in reply for _, word in words]
    found = re.findall(r"[^\W\d_]+", said)
    assert _without(found, expected) <= extra
    assert not MARKS.search(said)


def _without(found: list[str], expected: list[str]) -> set[str]:
    """What is in ``found`` beside ``expected`` in its order; a word that is lost makes it a set of its own."""
    left = list(expected)
    more = set()
    for word in found:
        if left and word == left[0]:
            left.pop(0)
        else:
            more.add(word)
    return more | {f"lost: {word}" for word in left}
