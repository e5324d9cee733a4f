"""From a checkpoint to a CTranslate2 int8 model that faster-whisper loads.

    python -m scripts.tiny_whisper.export OUT [--checkpoint ckpt/last.pt] [--work hf]

The CTC head is left behind. CTranslate2 writes neither the languages nor the alignment heads of a network that is not
one of OpenAI's, so they are added to its config.json.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from scripts.tiny_whisper.model import DECODER_LAYERS, GUIDED_HEADS, averaged
from scripts.tiny_whisper.tokenizer import SPACE, Tokens, language_tokens

NEVER_SAID = ("translate", "transcribe", "startoflm", "startofprev", "nospeech")


def export(checkpoint: Path, work: Path, out: Path) -> None:
    """Write the model of a checkpoint into `out`; `work` has the tokenizer and gets the Hugging Face form."""
    from ctranslate2.converters import TransformersConverter

    tokens = Tokens(work / "tokenizer.json")
    whisper = averaged(checkpoint, tokens).whisper
    languages = {token: tokens.number(token) for token in language_tokens()}
    heads = [[DECODER_LAYERS - 1, head] for head in GUIDED_HEADS]
    settings = whisper.generation_config
    settings.suppress_tokens = sorted(tokens.number(f"<|{name}|>") for name in NEVER_SAID)
    settings.begin_suppress_tokens = [tokens.number(SPACE)]
    settings.lang_to_id = languages
    settings.alignment_heads = heads
    settings.max_length = 448
    whisper.save_pretrained(work)
    copied = ["tokenizer.json", "preprocessor_config.json"]
    TransformersConverter(str(work), copy_files=copied).convert(str(out), quantization="int8", force=True)
    path = out / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config.update(lang_ids=sorted(languages.values()), alignment_heads=heads)
    path.write_text(json.dumps(config), encoding="utf-8")


def main() -> None:
    """Export and list what was written."""
    parser = argparse.ArgumentParser(description="Convert the tiny model to CTranslate2.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--checkpoint", type=Path, default=Path("ckpt/last.pt"))
    parser.add_argument("--work", type=Path, default=Path("hf"))
    args = parser.parse_args()
    export(args.checkpoint, args.work, args.out)
    for path in sorted(args.out.iterdir()):
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
