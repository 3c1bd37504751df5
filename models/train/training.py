# SPDX-License-Identifier: MIT
# Copyright (c) the gst-chatterbox authors
"""The loop every training step shares: time budget, learning rate, checkpoints, progress."""
import argparse
import json
import time
from collections import defaultdict
from pathlib import Path

import torch
from torch import nn

WARM_UP_STEPS = 60
REPORT_STEPS = 50
SAVE_SECONDS = 60
LOWEST = 0.03   # share of the learning rate left at the end


def arguments(description, minutes, rate):
    """Options common to all steps."""
    parser = argparse.ArgumentParser(description=description.split("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="data and checkpoints")
    parser.add_argument("--minutes", type=float, default=minutes, help="time budget of this call")
    parser.add_argument("--rate", type=float, default=rate, help="peak learning rate")
    parser.add_argument("--decay", type=float, default=0.6,
                        help="last share of the time in which the rate falls; 0 keeps it flat")
    parser.add_argument("--shards", type=int, help="use only the first shards")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", help="cpu or cuda; otherwise a GPU where there is one")
    parser.add_argument("--larger", type=int, help="batches so many times as large; 16 on a GPU")
    parser.add_argument("--seed", type=int, default=0)
    return parser


def ready(args):
    """Sets torch up as the arguments say. Everything without a device of its own is then made
    where training computes."""
    args.device = args.device or ("cuda" if torch.cuda.is_available() else "cpu")
    args.larger = args.larger or (16 if args.device.startswith("cuda") else 1)
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)   # ten times as fast in the vocoder
    torch.set_default_device(args.device)
    torch.manual_seed(args.seed)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    return args


class Trainer:
    """Yields steps until the time is spent; resumes from `work/NAME.pt` when that exists."""

    def __init__(self, name, model, args, betas=(0.9, 0.95), weight_decay=0.05, clip=1.0):
        self.path = args.work / f"{name}.pt"
        self.model, self.args, self.clip = model, args, clip
        matrices = [p for p in model.parameters() if p.dim() >= 2]
        vectors = [p for p in model.parameters() if p.dim() < 2]
        on_gpu = args.device.startswith("cuda")   # there the rate is read while steps replay
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": weight_decay},
             {"params": vectors, "weight_decay": 0.0}],
            torch.tensor(args.rate) if on_gpu else args.rate, betas=betas,
            fused=on_gpu, capturable=on_gpu)
        self.step = self.earlier = 0
        if self.path.exists():
            state = torch.load(self.path, weights_only=False, map_location=args.device)
            restored = "optimizer" not in state   # by restore.py, without what export leaves out
            missing = model.load_state_dict(state["model"], strict=not restored).missing_keys
            if restored:
                print(f"{name}: from a model directory; anew: {', '.join(missing) or 'nothing'}")
            elif state["optimizer"]:
                self.optimizer.load_state_dict(state["optimizer"])
            self.step = self.earlier = state["step"]
            print(f"{name}: resumed at step {self.step}")
        size = sum(p.numel() for p in model.parameters())
        print(f"{name}: {size / 1e6:.2f} M parameters", flush=True)

    def rate(self, progress):
        warm = min(1.0, (self.step - self.earlier + 1) / WARM_UP_STEPS)
        left = (1 - progress) / self.args.decay if self.args.decay else 1.0
        return self.args.rate * warm * max(LOWEST, min(1.0, left))

    def __iter__(self):
        budget = self.args.minutes * 60
        begin = saved = time.time()
        sums = defaultdict(float)   # on the device: reading them would wait for it
        while (elapsed := time.time() - begin) < budget:
            for group in self.optimizer.param_groups:
                rate = self.rate(elapsed / budget)
                group["lr"] = group["lr"].fill_(rate) if torch.is_tensor(group["lr"]) else rate
            self.reported = None
            yield self.step
            for key, value in (self.reported or {}).items():
                sums[key] = sums[key] + (value.detach() if torch.is_tensor(value) else value)
            if self.step % REPORT_STEPS == 0:
                means = " ".join(f"{k} {float(v) / REPORT_STEPS:.4f}" for k, v in sums.items())
                print(f"step {self.step} {elapsed:.0f} s {means}", flush=True)
                sums.clear()
            if time.time() - saved > SAVE_SECONDS:
                self.save()
                saved = time.time()
        self.save()

    def update(self, loss, /, **reported):
        """One optimiser step; `reported` values are averaged into the progress line."""
        self.learn(loss)
        self.count(**reported)

    def learn(self, loss):
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
        self.optimizer.step()

    def count(self, **reported):
        self.step += 1
        self.reported = reported

    def save(self):
        weights = {name: value.cpu() for name, value in self.model.state_dict().items()}
        state = {"model": weights, "optimizer": self.optimizer.state_dict(),
                 "step": self.step}
        part = self.path.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.path)


class Replayed:
    """`step(key)`, on a GPU as one recording of all its kernels for each key: launching them one
    by one takes several times as long as they do. What it returns holds until the next call."""

    def __init__(self, step):
        self._step, self._recorded = step, {}

    def __call__(self, key):
        if torch.get_default_device().type != "cuda":
            return self._step(key)
        if key not in self._recorded:
            self._recorded[key] = self._record(key)
        graph, result = self._recorded[key]
        graph.replay()
        return result

    def _record(self, key):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):   # what is made once must be there before
            for _ in range(3):
                self._step(key)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        pool = next((earlier.pool() for earlier, _ in self._recorded.values()), None)
        with torch.cuda.graph(graph, pool=pool):
            result = self._step(key)
        return graph, {name: value.detach() for name, value in result.items()}


def names(path, find):
    """A list of names; kept in a file, so that a model's outputs keep their meaning."""
    if not path.exists():
        path.write_text(json.dumps(find()))
    return json.loads(path.read_text())


def _fast_bfloat16():
    """Whether the processor multiplies bfloat16 itself; libtorch crawls where it does not."""
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return "avx512_bf16" in flags or "amx_bf16" in flags


def half():
    """Matrix products in bfloat16, where the machine has it; weights stay float32."""
    device = torch.get_default_device().type
    return torch.autocast(device, torch.bfloat16, enabled=device == "cuda" or _fast_bfloat16())


def load_weights(work, name, model):
    """Weights of a finished step into `model`, ready for inference."""
    state = torch.load(work / f"{name}.pt", weights_only=False,
                       map_location=torch.get_default_device())
    # A restored part lacks the heads that only training needs.
    model.load_state_dict(state["model"], strict="optimizer" in state)
    return model.eval().requires_grad_(False)
