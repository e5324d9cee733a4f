"""Configuration from all its sources: what wins, what is understood, and the one sentence for what is not."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from config import (
    ConfigError,
    ConfigUnreadable,
    Loaded,
    default_text,
    dump,
    load,
    load_settings,
    secrets,
    user_text,
)


def value(loaded: Loaded, key: str) -> Any:
    found: Any = loaded.settings
    for word in key.split("."):
        found = getattr(found, word)
    return found


@pytest.fixture(autouse=True)
def no_user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "my.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


UNDERSTOOD: list[tuple[str, str, object]] = [
    ("stt.model=base", "stt.model", "base"),
    ("stt.model=on", "stt.model", "on"),
    ("stt.model=1.10", "stt.model", "1.10"),
    ("stt.model=007", "stt.model", "007"),
    ("stt.model=./models/mine", "stt.model", "./models/mine"),
    ("stt.model=2024-01-01", "stt.model", "2024-01-01"),
    ("stt.model='on'", "stt.model", "on"),
    ("stt.beam_size=3", "stt.beam_size", 3),
    ("stt={model: base, beam_size: 2}", "stt.beam_size", 2),
    ("llm.tools=off", "llm.tools", "off"),
    ("llm.max_tokens=null", "llm.max_tokens", None),
    ("llm.extra_body.cache_prompt=yes", "llm.extra_body", {"cache_prompt": True}),
    (
        "llm.extra_body={id_slot: 2, since: 2024-01-01}",
        "llm.extra_body",
        {"id_slot": 2, "since": "2024-01-01"},
    ),
    ("tts.backends=[espeak, on]", "tts.backends", ("espeak", "on")),
    ("turn.pause_ms=1e2", "turn.pause_ms", 100.0),
    ("audio.input_device=3", "audio.input_device", 3),
    ("audio.input_device=off", "audio.input_device", "off"),
    ("audio.headphones=yes", "audio.headphones", True),
    ("vad.threshold=0.4", "vad.threshold", 0.4),
    ("models.dir=~/models", "models.dir", Path("~/models").expanduser()),
]


@pytest.mark.parametrize(("text", "key", "expected"), UNDERSTOOD)
def test_an_override_is_read_as_yaml_and_text_as_it_is_written(text: str, key: str, expected: object) -> None:
    loaded = load(None, [text], {})
    assert value(loaded, key) == expected
    assert loaded.origins[key].startswith("--set ")


REFUSED: list[tuple[str, str]] = [
    ("stt.modle=x", "--set stt.modle: unknown key stt.modle, did you mean stt.model?"),
    ("sst.model=x", "--set sst.model: unknown key sst.model, did you mean stt.model?"),
    ("stt.voice=x", "--set stt.voice: unknown key stt.voice, did you mean tts.voice?"),
    ("stt.model.x=1", "--set stt.model.x: unknown key stt.model.x, did you mean stt.model?"),
    (
        "vad.zzz=1",
        "--set vad.zzz: unknown key vad.zzz, known here: backend, threshold, release.",
    ),
    (
        "zzz=1",
        (
            "--set zzz: unknown key zzz, "
            "known here: stt, gpu, vad, wake, llm, tools, mcp, history, dictation, journal, tts, audio, turn, "
            "barge_in, paste, models, metrics."
        ),
    ),
    ("stt.beam_size=50", "--set stt.beam_size: stt.beam_size must be a whole number from 1 to 20, not 50."),
    (
        "stt.beam_size=yes",
        '--set stt.beam_size: stt.beam_size must be a whole number from 1 to 20, not "yes".',
    ),
    ("stt.beam_size=2.5", "--set stt.beam_size: stt.beam_size must be a whole number from 1 to 20, not 2.5."),
    ("stt.beam_size=[1]", "--set stt.beam_size: stt.beam_size must be a whole number from 1 to 20, not [1]."),
    ("vad.threshold=1", "--set vad.threshold: vad.threshold must be a number above 0 and below 1, not 1."),
    ("turn.pause_ms=.nan", "--set turn.pause_ms: turn.pause_ms must be a number from 0 to 60000, not NaN."),
    ("turn.hold_s=0", "--set turn.hold_s: turn.hold_s must be a number above 0 and at most 3600, not 0."),
    ("stt.language=de", '--set stt.language: stt.language must be one of fr, en, auto, not "de".'),
    ("stt.model=", "--set stt.model: stt.model must be text, not null."),
    ("stt=5", "--set stt: stt must be a mapping of keys to values, not 5."),
    (
        "tts.backends=espeak",
        '--set tts.backends: tts.backends must be a list of names such as [one, two], not "espeak".',
    ),
    (
        "tts.backends=[]",
        "--set tts.backends: tts.backends must be a list of names such as [one, two], not [].",
    ),
    (
        "llm.extra_body={a: .nan}",
        "--set llm.extra_body: llm.extra_body must be a mapping of keys to values that JSON can hold.",
    ),
    (
        "metrics.port=70000",
        "--set metrics.port: metrics.port must be a whole number from 0 to 65535 or null, not 70000.",
    ),
    ("audio.headphones=2", "--set audio.headphones: audio.headphones must be true or false, not 2."),
    (
        "models.dir=~nobody-here/m",
        '--set models.dir: models.dir must be a path or null, not "~nobody-here/m".',
    ),
    (
        "stt.temperatures=[0, 2]",
        "--set stt.temperatures: stt.temperatures, item 2 must be a number from 0 to 1.",
    ),
    (
        "stt.temperatures=[]",
        "--set stt.temperatures: stt.temperatures must be a list of numbers from 0 to 1, not [].",
    ),
    ("stt.replacements={a: 3}", "--set stt.replacements: stt.replacements.a must be text."),
    (
        "stt.language_models={de: x}",
        "--set stt.language_models: unknown key de in stt.language_models, known here: fr, en.",
    ),
    ("tools.consent={x: maybe}", "--set tools.consent: tools.consent.x must be one of allow, ask, deny."),
    ("llm.fallback=[{model: a}]", "--set llm.fallback: llm.fallback, item 1 lacks base_url."),
    (
        "llm.fallback=[{base_url: x, api_kee: hunter2}]",
        "--set llm.fallback: unknown key api_kee in llm.fallback, item 1, did you mean api_key?",
    ),
    (
        "llm.fallback=[{base_url: x, api_key: [hunter2]}]",
        "--set llm.fallback: llm.fallback, item 1, api_key must be text or null.",
    ),
    (
        "mcp.servers.a.command=[]",
        "--set mcp.servers.a.command: mcp.servers.a.command must be a list of names such as [one, two].",
    ),
    ("mcp.servers={a b: {command: [x]}}", "--set mcp.servers: unknown key a b in mcp.servers."),
    ("stt.model=[a", "--set stt.model: this is not valid YAML: expected ',' or ']', but got '<stream end>'."),
    ("stt.model", "--set stt.model: write it as dotted.key=value, as in stt.model=small."),
    ("=small", "--set : write it as dotted.key=value, as in stt.model=small."),
    ("stt..model=a", "--set stt..model: write it as dotted.key=value, as in stt.model=small."),
]


@pytest.mark.parametrize(("text", "sentence"), REFUSED)
def test_a_wrong_override_is_told_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, [text], {})
    assert str(caught.value) == sentence


BOMB = "{first}:\n  {second}:\n    - &a0 {{x: 1}}\n" + "".join(
    f"    - &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 9)
)
UNREADABLE: list[tuple[str | bytes, str]] = [
    ("- stt\n", "1: a configuration must be a mapping of keys to values."),
    ("small\n", "1: a configuration must be a mapping of keys to values."),
    ("stt: {model: a\n", "2: this is not valid YAML: expected ',' or '}', but got '<stream end>'."),
    (
        "stt:\n\tmodel: a\n",
        r"2: this is not valid YAML: found character '\t' that cannot start any token (indent with spaces, not tabs).",
    ),
    (
        "stt: {}\n---\nstt: {}\n",
        "2: this is not valid YAML: it holds more than one document; take out the line ---.",
    ),
    (b"stt:\n  model: \xff\n", "2: this is not text in UTF-8 (a byte or character that YAML forbids)."),
    ("stt:\n  model: a\0b\n", "2: this is not text in UTF-8 (a byte or character that YAML forbids)."),
    (
        BOMB.format(first="llm", second="extra_body"),
        "1: aliases (*) make more than 100000 values of this YAML.",
    ),
    (BOMB.format(first="vad", second="<<"), "1: aliases (*) make more than 100000 values of this YAML."),
    (
        "llm:\n  extra_body: &a\n    x: *a\n",
        "2: this is not valid YAML: found unconstructable recursive node.",
    ),
    ("[" * 5000, "1: this YAML is nested too deeply."),
]
WRONG: list[tuple[str, str]] = [
    ("# mine\n\nstt:\n  modle: a\n", "4: unknown key stt.modle, did you mean stt.model?"),
    ("sst:\n  model: a\n", "1: unknown key sst, did you mean stt?"),
    ("stt:\n  model: a\n  model: b\n", "3: stt.model is set twice, first on line 2."),
    ("stt: {}\nvad: {}\nstt: {}\n", "3: stt is set twice, first on line 1."),
    ("stt:\n  beam_size: lots\n", '2: stt.beam_size must be a whole number from 1 to 20, not "lots".'),
    ("llm:\n  api_key: [abc]\n", "2: llm.api_key must be text or null."),
    ("? [a]\n: b\n", "1: a key must be a word, not a list or a mapping."),
    ("stt: &s {model: a}\nvad:\n  <<: *s\n", "1: unknown key vad.model, did you mean stt.model?"),
]


@pytest.mark.parametrize(("text", "sentence"), UNREADABLE)
def test_what_is_no_yaml_is_told_with_file_and_line(tmp_path: Path, text: str | bytes, sentence: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigUnreadable) as caught:
        load(file, [], {})
    assert str(caught.value) == f"{file}:{sentence}"


@pytest.mark.parametrize(("text", "sentence"), WRONG)
def test_a_wrong_key_in_a_file_is_told_with_file_and_line(tmp_path: Path, text: str, sentence: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(file, [], {})
    assert str(caught.value) == f"{file}:{sentence}"


def test_files_that_cannot_be_read_are_told_apart(tmp_path: Path) -> None:
    missing = tmp_path / "none.yaml"
    with pytest.raises(ConfigUnreadable, match=r"none\.yaml: there is no such configuration file\.$"):
        load(missing, [], {})
    with pytest.raises(ConfigUnreadable, match="this is a folder, not a configuration file"):
        load(tmp_path, [], {})
    if os.geteuid() != 0:  # root reads everything
        locked = written(tmp_path, "stt: {}\n")
        locked.chmod(0)
        with pytest.raises(ConfigUnreadable, match="cannot be read: Permission denied"):
            load(locked, [], {})


ENVIRONMENT: list[tuple[dict[str, str], str, object]] = [
    ({"PRISM_STT__MODEL": "base"}, "stt.model", "base"),
    ({"PRISM_BARGE_IN__ENABLED": "off"}, "barge_in.enabled", False),
    ({"PRISM_LLM__EXTRA_BODY__CACHE_PROMPT": "true"}, "llm.extra_body", {"cache_prompt": True}),
    ({"PRISM_TTS__BACKENDS": "[espeak]"}, "tts.backends", ("espeak",)),
    ({"PRISM_LICENSE": "not ours", "HOME": "/nowhere"}, "stt.model", "small"),
]


@pytest.mark.parametrize(("environ", "key", "expected"), ENVIRONMENT)
def test_the_environment_sets_keys(environ: dict[str, str], key: str, expected: object) -> None:
    assert value(load(None, [], environ), key) == expected


WRONG_ENVIRONMENT: list[tuple[dict[str, str], str]] = [
    (
        {"PRISM_STT_MODEL": "base"},
        "PRISM_STT_MODEL: two underscores part the section from the key, write PRISM_STT__MODEL.",
    ),
    ({"PRISM_STT__MODLE": "base"}, "PRISM_STT__MODLE: unknown key stt.modle, did you mean stt.model?"),
    (
        {"PRISM_TURN__PAUSE_MS": "long"},
        'PRISM_TURN__PAUSE_MS: turn.pause_ms must be a number from 0 to 60000, not "long".',
    ),
]


@pytest.mark.parametrize(("environ", "sentence"), WRONG_ENVIRONMENT)
def test_a_wrong_variable_is_named(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, [], environ)
    assert str(caught.value) == sentence


def test_later_layers_win_key_by_key_and_tell_where_they_stand(tmp_path: Path) -> None:
    file = written(tmp_path, "stt:\n  model: from-file\n  device: cpu\nllm:\n  extra_body: {a: 1, b: 2}\n")
    environ = {"PRISM_STT__MODEL": "from-env", "PRISM_STT__BEAM_SIZE": "2"}
    loaded = load(file, ["stt.beam_size=3", "llm.extra_body.b=3"], environ)
    stt = loaded.settings.stt
    assert (stt.model, stt.device, stt.beam_size, stt.language) == ("from-env", "cpu", 3, "auto")
    assert loaded.settings.llm.extra_body == {"a": 1, "b": 3}
    assert dict(loaded.origins) == {
        "stt.model": "PRISM_STT__MODEL",
        "stt.device": f"{file}:3",
        "stt.beam_size": "--set stt.beam_size",
        "llm.extra_body": f"{file}:5",
    }


def test_a_list_is_replaced_and_the_last_override_wins() -> None:
    settings = load_settings(None, ["tts.backends=[a, b]", "tts.backends=[c]"], {})
    assert settings.tts.backends == ("c",)


def test_a_wrong_value_that_a_later_layer_rights_does_no_harm(tmp_path: Path) -> None:
    file = written(tmp_path, "stt:\n  beam_size: 99\n")
    assert load_settings(file, ["stt.beam_size=2"], {}).stt.beam_size == 2


def test_the_users_own_file_is_read_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    own = tmp_path / "prism" / "config.yaml"
    own.parent.mkdir()
    own.write_text("stt: {model: own}\n", encoding="utf-8")
    other = written(tmp_path, "stt: {device: cpu}\n")
    assert load(None, [], {}).settings.stt.model == "own"
    assert load(None, [], {}).file == own
    assert load(other, [], {}).settings.stt.model == "small"


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "~\n", "stt:\nllm:\n", "\ufeffstt: {}\n"])
def test_a_file_that_sets_nothing_leaves_the_defaults(tmp_path: Path, text: str) -> None:
    loaded = load(written(tmp_path, text), [], {})
    assert loaded.settings == load_settings(None, [], {})
    assert not loaded.origins


def test_the_file_to_start_from_sets_nothing_and_holds_every_key(tmp_path: Path) -> None:
    defaults = load_settings(None, [], {})
    assert load_settings(written(tmp_path, user_text()), [], {}) == defaults
    restored = "\n".join(re.sub(r"^( +)# ", r"\1", line) for line in user_text().splitlines())
    assert yaml.safe_load(restored) == yaml.safe_load(default_text())


def test_secrets_are_stars_wherever_they_are_shown() -> None:
    settings = load_settings(None, ["llm.api_key=hunter2", "llm.base_url=http://me:hunter3@host/v1"], {})
    shown = repr(dump(settings)) + repr(settings.llm.api_key)
    assert "hunter2" not in shown
    assert "hunter3" not in shown
    assert dump(settings)["llm"]["api_key"] == "********"
    assert secrets(settings) == ("me:hunter3", "hunter2")
    assert secrets(load_settings(None, [], {})) == ()


@pytest.mark.parametrize("text", ["llm.api_key=[hunter2]", "llm.api_key=*hunter2", "llm.api_key:hunter2"])
def test_an_error_never_repeats_a_secret(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, [text], {})
    assert "hunter2" not in str(caught.value)


def test_a_dump_holds_only_plain_values() -> None:
    shown = dump(load_settings(None, ["models.dir=/models"], {}))
    assert yaml.safe_load(yaml.safe_dump(shown)) == shown
    assert shown["models"]["dir"] == "/models"
    assert shown["tts"]["backends"] == ["piper", "espeak"]
