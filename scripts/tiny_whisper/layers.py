"""The forward pass of training: the same arithmetic as Whisper's, at the cost of the short clips only.

faster-whisper pads every clip to 3000 mel frames, so the full 1500 encoder positions must be learned. But every
position after the clip holds the same convolution output (the padding is exactly zero), so a batch gets its own L
positions plus `PADDING` positions drawn, one per stratum, from the rest, each with the attention bias
log(rest / PADDING): in the mean the sum over all padding positions. Shapes: B clips, U tokens.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from scripts.tiny_whisper.model import HEAD_WIDTH, HEADS, POSITIONS, WIDTH, Part, TinyWhisper

PADDING = 12
"""Padding positions that stand for all."""


def _heads(attention: Part, query: Tensor, memory: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(B, heads, positions, head width) of query, key and value."""
    batch = len(query)

    def split(x: Tensor) -> Tensor:
        return x.view(batch, -1, HEADS, HEAD_WIDTH).transpose(1, 2)

    projected = attention.q_proj(query), attention.k_proj(memory), attention.v_proj(memory)
    return split(projected[0]), split(projected[1]), split(projected[2])


def _join(attention: Part, heads: Tensor) -> Tensor:
    joined: Tensor = attention.out_proj(heads.transpose(1, 2).reshape(len(heads), -1, WIDTH))
    return joined


def attend_self(attention: Part, x: Tensor, bias: Tensor | None) -> Tensor:
    """Self-attention; without a bias it is causal."""
    query, key, value = _heads(attention, x, x)
    out = F.scaled_dot_product_attention(query, key, value, attn_mask=bias, is_causal=bias is None)
    return _join(attention, out)


def attend_sound(attention: Part, x: Tensor, sound: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-attention -> (output, its probabilities (B, heads, U, L + PADDING))."""
    query, key, value = _heads(attention, x, sound)
    scores = query @ key.transpose(-1, -2) * HEAD_WIDTH**-0.5 + bias
    probabilities = scores.softmax(-1)
    return _join(attention, probabilities @ value), probabilities


def _feed_forward(layer: Part, x: Tensor) -> Tensor:
    out: Tensor = layer.fc2(F.gelu(layer.fc1(layer.final_layer_norm(x))))
    return out


def encode(model: TinyWhisper, mel: Tensor, drop: float) -> tuple[Tensor, Tensor]:
    """(B, 80, 2L) features -> states (B, L + PADDING, width), attention bias (1, 1, 1, L + PADDING)."""
    encoder = model.encoder
    length = mel.shape[2] // 2
    rest = POSITIONS - length

    def convolve(x: Tensor) -> Tensor:
        out: Tensor = F.gelu(encoder.conv2(F.gelu(encoder.conv1(x)))).transpose(1, 2)
        return out

    positions = encoder.embed_positions.weight
    drawn = ((torch.arange(PADDING) + torch.rand(PADDING)) * (rest / PADDING)).long()
    quiet = convolve(torch.zeros(1, 80, 12))[:, 2:3] + positions[length + drawn.clamp(max=rest - 1)][None]
    x = torch.cat([convolve(mel) + positions[:length], quiet.expand(len(mel), -1, -1)], 1)
    bias = torch.zeros(1, 1, 1, length + PADDING)
    bias[..., length:] = math.log(rest / PADDING)
    x = F.dropout(x, drop, model.training)
    for layer in encoder.layers:
        seen = attend_self(layer.self_attn, layer.self_attn_layer_norm(x), bias)
        x = x + F.dropout(seen, drop, model.training)
        x = x + F.dropout(_feed_forward(layer, x), drop, model.training)
    return encoder.layer_norm(x), bias


def decode(
    model: TinyWhisper, ids: Tensor, sound: Tensor, bias: Tensor, drop: float
) -> tuple[Tensor, Tensor]:
    """(B, U) tokens -> states (B, U, width) and the last layer's cross-attention probabilities."""
    decoder = model.decoder
    x = decoder.embed_tokens(ids) + decoder.embed_positions.weight[: ids.shape[1]]
    x = F.dropout(x, drop, model.training)
    probabilities = torch.empty(0)
    for layer in decoder.layers:
        said = attend_self(layer.self_attn, layer.self_attn_layer_norm(x), None)
        x = x + F.dropout(said, drop, model.training)
        query = layer.encoder_attn_layer_norm(x)
        heard, probabilities = attend_sound(layer.encoder_attn, query, sound, bias)
        x = x + F.dropout(heard, drop, model.training)
        x = x + F.dropout(_feed_forward(layer, x), drop, model.training)
    return decoder.layer_norm(x), probabilities
