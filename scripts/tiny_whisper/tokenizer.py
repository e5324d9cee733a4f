"""The tokenizer of the tiny model: a byte-level BPE of 1000 tokens, Whisper's special tokens and its 1501 timestamps.

    python -m scripts.tiny_whisper.tokenizer [--out hf]

What may live here: which token has which number. The corpus is drawn from the grammar, so another grammar gives other
numbers: to continue from the shipped weights, copy stt/assets/tiny-whisper/tokenizer.json instead of making one.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from scripts.tiny_whisper import grammar

TEXT_TOKENS = 1000
TIMESTAMPS = 1501
"""<|0.00|> to <|30.00|> in steps of 0.02 s."""
SPACE = "Ġ"
"""The byte-level alphabet's letter for a space."""
PREPROCESSOR = {
    "chunk_length": 30,
    "feature_extractor_type": "WhisperFeatureExtractor",
    "feature_size": 80,
    "hop_length": 160,
    "n_fft": 400,
    "n_samples": 480000,
    "nb_max_frames": 3000,
    "padding_side": "right",
    "padding_value": 0.0,
    "return_attention_mask": False,
    "sampling_rate": 16000,
}


def language_tokens() -> list[str]:
    """One token per language of faster-whisper, English first, as in every multilingual Whisper."""
    from faster_whisper.tokenizer import _LANGUAGE_CODES

    codes = ["en"] + [code for code in _LANGUAGE_CODES if code != "en"]
    return [f"<|{code}|>" for code in codes]


def special_tokens() -> list[str]:
    """In the order Whisper gives them."""
    tasks = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
    return ["<|endoftext|>", "<|startoftranscript|>", *language_tokens(), *(f"<|{task}|>" for task in tasks)]


def _train_bpe() -> dict[str, Any]:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=TEXT_TOKENS - 4,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator((" " + text for text in grammar.corpus()), trainer)
    trained: dict[str, Any] = json.loads(tokenizer.to_str())
    return trained


def build() -> dict[str, Any]:
    """The content of tokenizer.json."""
    content = _train_bpe()
    vocab: dict[str, int] = content["model"]["vocab"]
    merges = [pair.split(" ") if isinstance(pair, str) else list(pair) for pair in content["model"]["merges"]]
    # faster-whisper suppresses the first token of " -", " '" and of some music signs: without these merges that
    # would be the bare space.
    for second in ("-", "'", "â"):
        if SPACE + second not in vocab:
            vocab[SPACE + second] = len(vocab)
            merges.append([SPACE, second])
    vocab[""] = len(vocab)  # CTranslate2 takes a model with the empty token as multilingual
    content["model"]["merges"] = merges
    stamps = [f"<|{index * 0.02:.2f}|>" for index in range(TIMESTAMPS)]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False}
    added = [(token, True) for token in special_tokens()] + [(token, False) for token in stamps]
    content["added_tokens"] = [
        {"id": number, "content": token, **flags, "special": special}
        for number, (token, special) in enumerate(added, len(vocab))
    ]
    return content


def save(folder: Path) -> None:
    """tokenizer.json and the two configurations that the converter wants beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps(build(), ensure_ascii=False), encoding="utf-8")
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|endoftext|>",
        "bos_token": "<|endoftext|>",
        "clean_up_tokenization_spaces": False,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=1), encoding="utf-8")


class Tokens:
    """The numbers of the tokens, and text to numbers."""

    def __init__(self, path: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(path))
        self.count = int(self._tokenizer.get_vocab_size())
        self.end = self.number("<|endoftext|>")
        self.start = self.number("<|startoftranscript|>")
        self.previous = self.number("<|startofprev|>")
        self.transcribe = self.number("<|transcribe|>")
        self.no_timestamps = self.number("<|notimestamps|>")
        self.no_speech = self.number("<|nospeech|>")
        self.first_timestamp = self.number("<|0.00|>")
        self.language = {lang: self.number(f"<|{lang}|>") for lang in grammar.LANGUAGES}

    def number(self, token: str) -> int:
        """KeyError for a token that does not exist."""
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise KeyError(token)
        return int(number)

    def timestamp(self, seconds: float) -> int:
        """The timestamp of a time, on a grid of 0.04 s (two encoder positions)."""
        return self.first_timestamp + min(TIMESTAMPS - 1, max(0, 2 * round(seconds * 25)))

    def encode(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Numbers and character spans of " " + text."""
        encoded = self._tokenizer.encode(" " + text, add_special_tokens=False)
        return list(encoded.ids), list(encoded.offsets)

    def decode(self, numbers: list[int]) -> str:
        """The inverse of `encode`, with its leading space."""
        return str(self._tokenizer.decode(numbers))


def main() -> None:
    """Make it and say how long words become."""
    parser = argparse.ArgumentParser(description="Make the tokenizer of the tiny model.")
    parser.add_argument("--out", type=Path, default=Path("hf"))
    args = parser.parse_args()
    save(args.out)
    tokens = Tokens(args.out / "tokenizer.json")
    sentences = grammar.corpus(2000)
    mean = sum(len(tokens.encode(text)[0]) / len(text.split()) for text in sentences) / len(sentences)
    print(f"{tokens.count} tokens, {mean:.2f} per word")


if __name__ == "__main__":
    main()
