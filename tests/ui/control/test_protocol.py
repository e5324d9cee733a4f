"""What a line on the control socket may be, as a table; and what is answered to everything else."""

from __future__ import annotations

import json

import pytest

from ui.control.protocol import (
    VERBS,
    Refused,
    Request,
    Verb,
    answer,
    line_of,
    refusal,
    request_of,
)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_a_request(verb: Verb) -> None:
    assert request_of(line_of({"do": verb, "id": 7})) == Request(verb, 7)
    assert request_of(line_of({"do": verb, "protocol": 1, "later": [1]})) == Request(verb)


BAD = {
    "nothing": (b"\n", "bad_json"),
    "words": (b"toggle\n", "bad_json"),
    "a list": (b'["toggle"]\n', "bad_json"),
    "half": (b'{"do": "togg\n', "bad_json"),
    "no text": (b"\xff\xfe\x00\n", "bad_json"),
    "brackets without end": (b"[" * 4000 + b"\n", "bad_json"),
    "a number of thousands of digits": (b'{"id": ' + b"9" * 5000 + b"}\n", "bad_json"),
    "no number": (b'{"do": "ping", "id": NaN}\n', "bad_json"),
    "no verb": (b"{}\n", "unknown_verb"),
    "an unknown verb": (b'{"do": "explode"}\n', "unknown_verb"),
    "a verb that is a list": (b'{"do": ["start"]}\n', "unknown_verb"),
    "an id that is a list": (b'{"do": "ping", "id": []}\n', "bad_id"),
    "a long id": (b'{"do": "ping", "id": "' + b"x" * 201 + b'"}\n', "bad_id"),
    "another protocol": (b'{"do": "ping", "protocol": 2}\n', "protocol"),
    "a protocol that is true": (b'{"do": "ping", "protocol": true}\n', "protocol"),
}


@pytest.mark.parametrize("name", BAD)
def test_anything_else_is_refused_in_one_sentence(name: str) -> None:
    line, code = BAD[name]
    with pytest.raises(Refused) as refused:
        request_of(line)
    told = json.loads(line_of(refusal(refused.value)))
    assert told["ok"] is False
    assert told["error"] == code
    assert told["message"].endswith(".")


def test_an_unknown_verb_is_refused_with_its_id() -> None:
    with pytest.raises(Refused) as refused:
        request_of(b'{"do": "explode", "id": "a"}\n')
    assert refusal(refused.value)["id"] == "a"


@pytest.mark.parametrize("text", ["é à ü", "😀", "line\nfeed", "\ud800", '"quoted"'])
def test_a_record_is_one_line_whatever_is_in_it(text: str) -> None:
    line = line_of(answer(Request("status", text), {"text": text}))
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"ok": True, "do": "status", "id": text, "text": text}
