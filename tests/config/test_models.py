"""The catalogue: what it lists, how names are found, which files of a repository make up a model."""

from __future__ import annotations

import pytest

from config import ModelDamaged, ModelEntry, ModelUnknown, catalogue, find_model

WHISPER = ["README.md", "config.json", "model.bin", "tokenizer.json", "vocabulary.txt"]


def test_names_are_unique_and_every_entry_can_be_had() -> None:
    names = [entry.name for entry in catalogue()]
    assert len(names) == len(set(names))
    assert {"prism-tiny", "tiny", "base", "small", "medium", "large-v3", "large-v3-turbo"} <= set(names)


def test_french_and_english_have_recognizers_and_voices() -> None:
    for kind in ("stt", "tts"):
        languages = {code for entry in catalogue() if entry.kind == kind for code in entry.languages}
        assert {"fr", "en"} <= languages


def test_the_bundled_model_is_there_and_whole() -> None:
    path = find_model("prism-tiny").bundled_path
    assert path is not None
    present = [file.name for file in path.iterdir()]
    assert set(find_model("prism-tiny").wanted(present)) >= {"model.bin", "tokenizer.json", "vocabulary.json"}


@pytest.mark.parametrize(
    ("name", "kind", "repo", "first"),
    [
        ("small", "stt", "Systran/faster-whisper-small", "config.json"),
        ("someone/a-whisper-ct2", "stt", "someone/a-whisper-ct2", "config.json"),
        (
            "fr_FR-siwis-medium",
            "tts",
            "rhasspy/piper-voices",
            "fr/fr_FR/siwis/medium/fr_FR-siwis-medium.onnx",
        ),
        ("en_GB-alba-medium", "tts", "rhasspy/piper-voices", "en/en_GB/alba/medium/en_GB-alba-medium.onnx"),
        (
            "de_DE-thorsten-high",
            "tts",
            "rhasspy/piper-voices",
            "de/de_DE/thorsten/high/de_DE-thorsten-high.onnx",
        ),
    ],
)
def test_a_name_is_found(name: str, kind: str, repo: str, first: str) -> None:
    entry = find_model(name)
    assert (entry.kind, entry.repo, entry.files[0]) == (kind, repo, first)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("smal", "did you mean small?"),
        ("fr_FR-siwi-medum", "did you mean fr_FR-siwis-medium?"),
        ("%", "known are"),
    ],
)
def test_an_unknown_name_meets_its_nearest(name: str, hint: str) -> None:
    with pytest.raises(ModelUnknown, match=r"There is no model named") as caught:
        find_model(name)
    assert hint in str(caught.value)


def test_a_kind_is_kept_apart() -> None:
    with pytest.raises(ModelUnknown):
        find_model("small", "tts")


def test_only_wanted_files_are_taken() -> None:
    wanted = find_model("tiny").wanted([*WHISPER, "preprocessor_config.json"])
    assert set(wanted) == {*WHISPER[1:], "preprocessor_config.json"}
    assert set(find_model("tiny").wanted(WHISPER)) == set(WHISPER[1:])


@pytest.mark.parametrize("lacking", WHISPER[1:])
def test_a_lacking_file_is_told(lacking: str) -> None:
    with pytest.raises(ModelDamaged, match=r"faster-whisper-tiny has no "):
        find_model("tiny").wanted(name for name in WHISPER if name != lacking)


def test_an_entry_needs_one_origin() -> None:
    with pytest.raises(ValueError, match="either a repository or a bundled folder"):
        ModelEntry("x", "stt", None, "main", (), (), ("fr",), "MIT")
