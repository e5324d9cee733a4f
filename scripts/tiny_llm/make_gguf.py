"""Make a language model that anybody may have: random weights, our own vocabulary, under a megabyte.

It talks nonsense, and that is enough: what the tests need is a real server that really reads a prompt, samples tokens
and streams them. A request with a ``grammar`` makes it say an exact sentence. Same seed, same file, byte for byte.

Usage: python -m scripts.tiny_llm.make_gguf FILE [--context TOKENS]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import gguf
import numpy as np

from scripts.tiny_llm.vocabulary import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 64
HEADS = 4
LAYERS = 2
INNER = 128
CONTEXT = 2048
"""Tokens. Long enough for a reply that a test can cut in the middle, short enough to fill in no time."""
SPREAD = 0.05
"""Standard deviation of the weights: the next token is nearly a fair draw, and no number overflows float16."""
SEED = 1

TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def shapes(vocabulary: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Name and shape of each tensor of the llama architecture; one dimension means the gain of a norm."""
    yield "token_embd.weight", (vocabulary, WIDTH)
    yield "output.weight", (vocabulary, WIDTH)
    yield "output_norm.weight", (WIDTH,)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        yield block + "attn_norm.weight", (WIDTH,)
        yield block + "ffn_norm.weight", (WIDTH,)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            yield f"{block}{name}.weight", (WIDTH, WIDTH)
        yield block + "ffn_gate.weight", (INNER, WIDTH)
        yield block + "ffn_up.weight", (INNER, WIDTH)
        yield block + "ffn_down.weight", (WIDTH, INNER)


def describe(writer: gguf.GGUFWriter, context: int) -> None:
    """The sizes of the network."""
    writer.add_name("prism-tiny")
    writer.add_context_length(context)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_vocab_size(len(pieces()))
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)


def add_tokenizer(writer: gguf.GGUFWriter) -> None:
    tokens = pieces()
    number = {piece.text: place for place, piece in enumerate(tokens)}
    writer.add_tokenizer_model("llama")
    writer.add_token_list([piece.text for piece in tokens])
    writer.add_token_scores([piece.score for piece in tokens])
    writer.add_token_types([int(piece.kind) for piece in tokens])
    writer.add_unk_token_id(number["<unk>"])
    writer.add_bos_token_id(number["<s>"])
    writer.add_eos_token_id(number["<|im_end|>"])
    writer.add_add_bos_token(value=True)
    writer.add_chat_template(TEMPLATE)


def add_weights(writer: gguf.GGUFWriter) -> None:
    draw = np.random.default_rng(SEED)
    for name, shape in shapes(len(pieces())):
        if len(shape) == 1:
            writer.add_tensor(name, np.ones(shape, np.float32))
        else:
            writer.add_tensor(name, (draw.standard_normal(shape) * SPREAD).astype(np.float16))


def make(target: Path, context: int = CONTEXT) -> None:
    """Write the model; a file that is there is replaced."""
    writer = gguf.GGUFWriter(str(target), "llama")
    describe(writer, context)
    add_tokenizer(writer)
    add_weights(writer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a tiny language model with random weights.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--context", type=int, default=CONTEXT, help="tokens of its context (%(default)s)")
    wanted = parser.parse_args()
    make(wanted.file, wanted.context)
    print(f"{wanted.file}: {wanted.file.stat().st_size} bytes, {len(pieces())} tokens")


if __name__ == "__main__":
    main()
