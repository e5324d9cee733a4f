"""The network: Hugging Face's Whisper of a tiny size, with a start that converges in minutes from nothing.

What may live here: the size and the first weights. How it is run in training is `layers`.
Three means make a from-scratch attention model learn quickly: a CTC head over letters on the encoder (dropped at
export), encoder heads that start as local filters (query and key read the fixed sinusoids at chosen offsets), and
cross-attention heads that are told where each word is (`objective`).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scripts.tiny_whisper.data import CTC_LETTERS
from scripts.tiny_whisper.tokenizer import SPACE, TIMESTAMPS, Tokens

Part = Any
"""A module of Hugging Face's Whisper, whose parts carry no types."""

WIDTH, HEADS, ENCODER_LAYERS, DECODER_LAYERS = 144, 4, 4, 2
HEAD_WIDTH = WIDTH // HEADS
POSITIONS = 1500
"""Encoder positions of 20 ms; faster-whisper always gives 30 s."""
GUIDED_HEADS = (0, 1)
"""Of the last decoder layer: they look where the word is, and become the alignment heads."""
LOCAL_OFFSETS = ((-2, 2, -5, 5), (-4, 4, -1, 1), (-8, 8, -3, 3), (-12, 12, None, None))
"""Per encoder layer and head: how many positions away a head looks at first."""


class TinyWhisper:
    """The Whisper network with its CTC head; `net` holds both as one torch module."""

    def __init__(self, tokens: Tokens) -> None:
        from transformers import WhisperConfig, WhisperForConditionalGeneration

        config = WhisperConfig(
            vocab_size=tokens.count,
            num_mel_bins=80,
            d_model=WIDTH,
            encoder_layers=ENCODER_LAYERS,
            decoder_layers=DECODER_LAYERS,
            encoder_attention_heads=HEADS,
            decoder_attention_heads=HEADS,
            encoder_ffn_dim=4 * WIDTH,
            decoder_ffn_dim=4 * WIDTH,
            max_source_positions=POSITIONS,
            max_target_positions=448,
            dropout=0.0,
            pad_token_id=tokens.end,
            bos_token_id=tokens.end,
            eos_token_id=tokens.end,
            decoder_start_token_id=tokens.start,
            suppress_tokens=[],
            begin_suppress_tokens=[tokens.number(SPACE)],
        )
        self.whisper: Part = WhisperForConditionalGeneration(config)
        self.letters: Part = torch.nn.Linear(WIDTH, len(CTC_LETTERS) + 1)
        self.net: Part = torch.nn.ModuleDict({"whisper": self.whisper, "letters": self.letters})
        with torch.no_grad():
            self._start(tokens.first_timestamp)

    @property
    def training(self) -> bool:
        """Whether dropout is on."""
        return bool(self.net.training)

    @property
    def encoder(self) -> Part:
        """The encoder of the network."""
        return self.whisper.model.encoder

    @property
    def decoder(self) -> Part:
        """The decoder of the network."""
        return self.whisper.model.decoder

    def _start(self, first_timestamp: int) -> None:
        for module in self.net.modules():
            if isinstance(module, torch.nn.Linear) and module is not self.whisper.proj_out:
                torch.nn.init.xavier_uniform_(module.weight)
        for conv in (self.encoder.conv1, self.encoder.conv2):
            torch.nn.init.normal_(conv.weight, std=math.sqrt(2.0 / (conv.weight.shape[1] * 3)))
        sinusoids = self.encoder.embed_positions.weight
        embedding = self.decoder.embed_tokens.weight
        embedding.normal_(std=0.06)
        embedding[first_timestamp:] = 0.08 * sinusoids[torch.arange(TIMESTAMPS).clamp(max=POSITIONS - 1)]
        self.decoder.embed_positions.weight.normal_(std=0.06)
        for block in (*self.encoder.layers, *self.decoder.layers):
            outputs = [block.self_attn.out_proj, block.fc2]
            if hasattr(block, "encoder_attn"):
                outputs.append(block.encoder_attn.out_proj)
            for linear in outputs:
                linear.weight *= 0.5
        for block, offsets in zip(self.encoder.layers, LOCAL_OFFSETS, strict=True):
            for head, offset in enumerate(offsets):
                if offset is not None:
                    look_aside(block.self_attn, head, offset)


def look_aside(attention: Part, head: int, offset: int) -> None:
    """Let a head start by attending `offset` positions away.

    Query and key each read the sine and cosine of the lowest frequencies; the key is rotated by the offset, so that
    their product is largest where the positions differ by it.
    """
    half = WIDTH // 2
    rows = slice(head * HEAD_WIDTH, (head + 1) * HEAD_WIDTH)
    query, key = attention.q_proj.weight, attention.k_proj.weight
    query[rows] *= 0.2
    key[rows] *= 0.2
    for index in range(HEAD_WIDTH // 2):
        angle = offset * math.exp(-math.log(10000) / (half - 1) * index)
        row = head * HEAD_WIDTH + 2 * index
        query[row, index] += 1.0
        query[row + 1, index + half] += 1.0
        key[row, index] += math.cos(angle)
        key[row, index + half] -= math.sin(angle)
        key[row + 1, index] += math.sin(angle)
        key[row + 1, index + half] += math.cos(angle)


def flat(model: TinyWhisper) -> Tensor:
    """A copy of all trained weights in one row."""
    weights = [weight for weight in model.net.parameters() if weight.requires_grad]
    return torch.cat([weight.detach().reshape(-1) for weight in weights])


def averaged(checkpoint: Path, tokens: Tokens) -> TinyWhisper:
    """The averaged weights of a checkpoint, ready to be used."""
    model = TinyWhisper(tokens)
    model.net.load_state_dict(torch.load(checkpoint)["ema"])
    model.net.eval()
    return model
