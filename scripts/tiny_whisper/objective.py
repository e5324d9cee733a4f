"""What training minimizes, and how good a model is while it trains.

Three losses: cross-entropy of the tokens; guidance, minus the log of the attention that the guided heads put on the
word being spoken; and CTC over letters on the encoder. Nothing here changes a weight.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from scripts.tiny_whisper.data import NO_LOSS, Batch, batches, collate
from scripts.tiny_whisper.layers import PADDING, decode, encode
from scripts.tiny_whisper.model import GUIDED_HEADS, TinyWhisper
from scripts.tiny_whisper.synth import Clip
from scripts.tiny_whisper.tokenizer import Tokens


@dataclass(frozen=True, slots=True)
class Losses:
    """Of one batch."""

    tokens: Tensor
    """cross-entropy"""
    guide: Tensor
    letters: Tensor
    """CTC"""
    accuracy: Tensor
    """share of tokens that would be right, 0-1"""
    letter_logs: Tensor
    """(L, clips with text, letters + 1) log-probabilities"""
    spoken: list[int]
    """which clips of the batch have text"""

    def total(self, guide: float, letters: float) -> Tensor:
        """The weighted sum."""
        return self.tokens + guide * self.guide + letters * self.letters

    def figures(self) -> list[float]:
        """For the log: tokens, guide, letters, accuracy."""
        return [float(x.detach()) for x in (self.tokens, self.guide, self.letters, self.accuracy)]


def guide_loss(probabilities: Tensor, guide: Tensor, keep: Tensor) -> Tensor:
    """How far the guided heads look away from the words."""
    wide = F.pad(guide, (0, PADDING))
    mass = (probabilities[:, list(GUIDED_HEADS)] * wide[:, None]).sum(-1)
    return -(mass + 1e-4).log().mean(1)[(wide.sum(-1) > 0) & keep].mean()


def letter_loss(logs: Tensor, batch: Batch, spoken: Sequence[int]) -> Tensor:
    """CTC of the clips that have text."""
    if not spoken:
        return logs.sum() * 0
    symbols = torch.tensor([symbol for b in spoken for symbol in batch.letters[b]])
    lengths = torch.tensor([batch.lengths[b] for b in spoken])
    sizes = torch.tensor([len(batch.letters[b]) for b in spoken])
    return F.ctc_loss(logs, symbols, lengths, sizes, zero_infinity=True)


def losses(model: TinyWhisper, batch: Batch, drop: float) -> Losses:
    """Run the network on a batch."""
    targets = torch.from_numpy(batch.targets)
    sound, bias = encode(model, torch.from_numpy(batch.mel), drop)
    states, probabilities = decode(model, torch.from_numpy(batch.ids), sound, bias, drop)
    keep = targets != NO_LOSS
    logits = states[keep] @ model.decoder.embed_tokens.weight.T
    smoothing = 0.02 if model.training else 0.0
    spoken = [b for b, letters in enumerate(batch.letters) if letters]
    logs = F.log_softmax(model.letters(sound[spoken, :-PADDING]).float(), -1).transpose(0, 1)
    return Losses(
        tokens=F.cross_entropy(logits, targets[keep], label_smoothing=smoothing),
        guide=guide_loss(probabilities, torch.from_numpy(batch.guide), keep),
        letters=letter_loss(logs, batch, spoken),
        accuracy=(logits.argmax(-1) == targets[keep]).float().mean(),
        letter_logs=logs,
        spoken=spoken,
    )


def edit_distance(a: Sequence[int], b: Sequence[int]) -> int:
    """Insertions, deletions and substitutions."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]


def letter_errors(result: Losses, batch: Batch) -> tuple[int, int]:
    """(errors, letters) of the CTC head, decoded greedily."""
    best = result.letter_logs.argmax(-1).T.tolist()
    errors = total = 0
    for path, b in zip(best, result.spoken, strict=True):
        heard = path[: batch.lengths[b]]
        merged = [s for k, s in enumerate(heard) if s and (k == 0 or heard[k - 1] != s)]
        errors += edit_distance(merged, batch.letters[b])
        total += len(batch.letters[b])
    return errors, total


def validate(model: TinyWhisper, tokens: Tokens, clips: Sequence[Clip]) -> str:
    """One line of figures on clips that are not trained."""
    model.net.eval()
    rng = random.Random(0)
    figures: list[list[float]] = []
    errors = total = 0
    for chosen in batches(clips, rng, 6000):
        batch = collate(tokens, chosen, rng, train=False)
        with torch.no_grad():
            result = losses(model, batch, 0.0)
        figures.append(result.figures())
        wrong, letters = letter_errors(result, batch)
        errors, total = errors + wrong, total + letters
    model.net.train()
    mean = np.mean(figures, 0)
    rate = errors / max(1, total)
    return (
        f"tokens {mean[0]:.3f} guide {mean[1]:.3f} letters {mean[2]:.3f} "
        f"accuracy {mean[3]:.4f} letter errors {rate:.4f}"
    )
