"""Training: several single-threaded workers that share one set of weights and never wait for each other.

    python -m scripts.tiny_whisper.train STEPS [--minutes M] [--resume FILE] ...

Each worker copies the shared weights, makes a gradient on a batch of its own and applies it with AdamW under a lock.
There is no barrier, so a busy machine only slows the worker whose core is taken; and no two runs are bit-equal. The
learning rate warms up, then falls with a half cosine over the steps (or the minutes). Checkpoints hold the averaged
weights ("ema") and everything needed to go on ("shared").
"""

from __future__ import annotations

import argparse
import math
import random
import time
from multiprocessing.synchronize import Lock
from pathlib import Path

import numpy as np
import torch
import torch.multiprocessing as mp
from torch import Tensor

from scripts.tiny_whisper.data import batches, collate, load
from scripts.tiny_whisper.model import TinyWhisper, flat
from scripts.tiny_whisper.objective import Losses, losses, validate
from scripts.tiny_whisper.synth import Clip
from scripts.tiny_whisper.tokenizer import Tokens

Shared = dict[str, Tensor]
"""weights, momentum, variance, ema: one row each; step, seen: counters. All in shared memory."""


def fresh(model: TinyWhisper) -> Shared:
    """The state of step 0."""
    weights = flat(model)
    return {
        "weights": weights,
        "momentum": torch.zeros_like(weights),
        "variance": torch.zeros_like(weights),
        "ema": weights.clone(),
        "step": torch.zeros((), dtype=torch.long),
        "seen": torch.zeros((), dtype=torch.long),
    }


class Worker:
    """One process of the training; number 0 also validates, reports and saves."""

    def __init__(
        self, number: int, args: argparse.Namespace, model: TinyWhisper, shared: Shared, lock: Lock
    ) -> None:
        torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        torch.manual_seed(args.seed * 10 + number)
        self._rng = random.Random(args.seed * 10 + number)
        self._args, self._model, self._shared, self._lock = args, model, shared, lock
        self._tokens = Tokens(args.tokenizer)
        self._weights = [weight for weight in model.net.parameters() if weight.requires_grad]
        decays = [torch.full((w.numel(),), args.decay if w.dim() > 1 else 0.0) for w in self._weights]
        self._decay = torch.cat(decays)
        self._leads = number == 0
        self._held = load(args.validation, 200) if self._leads else []
        self._started = time.monotonic()
        self._log: list[list[float]] = []
        self._validated = int(shared["step"])

    def run(self, clips: list[Clip]) -> None:
        """Train until the learning rate has come down."""
        self._model.net.train()
        while self._progress() < 1:
            for chosen in batches(clips, self._rng, self._args.frames):
                if self._progress() >= 1:
                    break
                self._step(chosen)
        if self._leads:
            self._take("weights")
            print("last weights:", validate(self._model, self._tokens, self._held), flush=True)
            self._save()

    def _progress(self) -> float:
        """0 at the start, 1 at the end."""
        if self._args.minutes:
            return float((time.monotonic() - self._started) / (60 * self._args.minutes))
        return int(self._shared["step"]) / float(self._args.steps)

    def _take(self, name: str) -> None:
        """Copy a shared row into the network."""
        offset = 0
        with torch.no_grad():
            for weight in self._weights:
                weight.copy_(self._shared[name][offset : offset + weight.numel()].view_as(weight))
                offset += weight.numel()

    def _gradient(self, result: Losses) -> Tensor:
        for weight in self._weights:
            weight.grad = None
        result.total(self._args.guide, self._args.letters).backward()
        rows = [torch.zeros(w.numel()) if w.grad is None else w.grad.reshape(-1) for w in self._weights]
        return torch.cat(rows)

    def _step(self, chosen: list[Clip]) -> None:
        self._take("weights")
        batch = collate(self._tokens, chosen, self._rng, train=True)
        result = losses(self._model, batch, self._args.drop)
        gradient = self._gradient(result)
        norm = float(gradient.norm())
        if math.isnan(norm):
            return
        gradient *= min(1.0, 1.0 / (norm + 1e-6))
        with self._lock:
            step = self._apply(gradient)
            self._shared["seen"].add_(len(chosen))
        self._log.append(result.figures())
        if self._leads:
            self._report(step)

    def _apply(self, gradient: Tensor) -> int:
        """AdamW with betas 0.9 and 0.98 on the shared state, and the average of the weights."""
        shared, args = self._shared, self._args
        step = int(shared["step"].add_(1))
        shape = 0.5 * (1 + math.cos(math.pi * min(1.0, self._progress())))
        rate = args.rate * min(1.0, step / args.warmup) * max(0.01, shape)
        shared["momentum"].mul_(0.9).add_(gradient, alpha=0.1)
        shared["variance"].mul_(0.98).addcmul_(gradient, gradient, value=0.02)
        scale = (shared["variance"] / (1 - 0.98**step)).sqrt_().add_(1e-8)
        shared["weights"].mul_(1 - rate * self._decay)
        shared["weights"].addcdiv_(shared["momentum"], scale, value=-rate / (1 - 0.9**step))
        shared["ema"].lerp_(shared["weights"], 1 - min(args.ema, (1 + step) / (10 + step)))
        return step

    def _report(self, step: int) -> None:
        if len(self._log) == 50:
            elapsed = time.monotonic() - self._started
            mean = np.mean(self._log, 0)
            print(
                f"step {step} {elapsed:.0f} s  tokens {mean[0]:.3f} guide {mean[1]:.3f} "
                f"letters {mean[2]:.3f} accuracy {mean[3]:.3f}, {int(self._shared['seen'])} clips seen",
                flush=True,
            )
            self._log = []
        if step - self._validated >= self._args.every:
            self._validated = step
            self._save()

    def _save(self) -> None:
        self._take("ema")
        print("averaged weights:", validate(self._model, self._tokens, self._held), flush=True)
        out: Path = self._args.out
        unfinished = out.with_suffix(".tmp")
        torch.save({"ema": self._model.net.state_dict(), "shared": self._shared}, unfinished)
        unfinished.rename(out)


def work(
    number: int,
    args: argparse.Namespace,
    model: TinyWhisper,
    shared: Shared,
    lock: Lock,
    clips: list[Clip],
) -> None:
    """The whole life of one process."""
    Worker(number, args, model, shared, lock).run(clips)


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Train the tiny model.")
    parser.add_argument("steps", type=int)
    parser.add_argument("--minutes", type=float, help="let the learning rate end after this time instead")
    parser.add_argument("--data", default="data/train/*.pkl")
    parser.add_argument("--validation", default="data/val/*.pkl")
    parser.add_argument("--tokenizer", type=Path, default=Path("hf/tokenizer.json"))
    parser.add_argument("--out", type=Path, default=Path("ckpt/last.pt"))
    parser.add_argument("--resume", type=Path, help="go on from this checkpoint")
    parser.add_argument("--limit", type=int, help="use only so many clips")
    parser.add_argument("--frames", type=int, default=5000, help="mel frames per batch")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--warmup", type=int, default=200, help="steps")
    parser.add_argument("--drop", type=float, default=0.05, help="dropout")
    parser.add_argument("--guide", type=float, default=0.3, help="weight of the guidance loss")
    parser.add_argument("--letters", type=float, default=0.5, help="weight of the CTC loss")
    parser.add_argument("--ema", type=float, default=0.998, help="decay of the averaged weights")
    parser.add_argument("--decay", type=float, default=0.02, help="weight decay")
    parser.add_argument("--every", type=int, default=500, help="steps between validations")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Start the workers and wait for them."""
    args = parse()
    torch.set_num_threads(1)
    torch.manual_seed(args.seed)
    model = TinyWhisper(Tokens(args.tokenizer))
    shared: Shared = torch.load(args.resume)["shared"] if args.resume else fresh(model)
    for row in shared.values():
        row.share_memory_()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    clips = load(args.data, args.limit)
    print(f"{len(shared['weights']) / 1e6:.2f} M weights, {len(clips)} clips", flush=True)
    context = mp.get_context("fork")  # the clips are not copied
    lock = context.Lock()
    processes = [
        context.Process(target=work, args=(number, args, model, shared, lock, clips))
        for number in range(args.workers)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise SystemExit("A worker failed: its error stands above.")


if __name__ == "__main__":
    main()
