"""Σφ of frames on a GPU, and its gradient, by two Triton kernels that keep the layers of φ in registers.

Plain torch writes every layer at every velocity to the memory of the GPU, and reads it again: at D = 64 a gigabyte a
step of 512 pairs of 1000 disks. Here a program goes through the disks of a frame a tile at a time, and what leaves it
is the sum. The gradient computes the layers anew.
"""

from __future__ import annotations

from typing import Any, Final

import torch
import triton
import triton.language as tl

_PROGRAMS: Final = 1024
"""Programs among which the frames of a gradient are shared: a number of its own, so that sums have the same order on
every GPU."""

_PRECISION: Final = "tf32x3"
"""How Triton multiplies float32 matrices: three products of rounded halves on the tensor cores, which lose no more than
float32 does. Its default, tf32, would keep 11 bits."""


@triton.jit
def _first_layer(velocities, disk, there, unit, inside, weight, bias):
    x = tl.load(velocities + 2 * disk, mask=there, other=0.0)[:, None]
    y = tl.load(velocities + 2 * disk + 1, mask=there, other=0.0)[:, None]
    across = tl.load(weight + 2 * unit, mask=inside, other=0.0)[None, :]
    up = tl.load(weight + 2 * unit + 1, mask=inside, other=0.0)[None, :]
    return x, y, x * across + y * up + tl.load(bias + unit, mask=inside, other=0.0)[None, :]


@triton.jit
def _sums_kernel(
    velocities, frames, weight1, bias1, weight2, bias2, sums, n, width,
    UNITS: tl.constexpr, DISKS: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Sum φ over one frame; units from `width` to UNITS, a power of 2, are there for the tiles only and give 0."""
    frame = tl.program_id(0)
    first = tl.load(frames + frame) * n
    unit = tl.arange(0, UNITS)
    inside = unit < width
    both = inside[:, None] & inside[None, :]
    forwards = tl.load(weight2 + unit[None, :] * width + unit[:, None], mask=both, other=0.0)  # (in, out)
    bias = tl.load(bias2 + unit, mask=inside, other=0.0)[None, :]
    total = tl.zeros([UNITS], dtype=tl.float32)
    for done in range(0, n, DISKS):
        at = done + tl.arange(0, DISKS)
        there = at < n
        _, _, z1 = _first_layer(velocities, first + at, there, unit, inside, weight1, bias1)
        z2 = tl.dot(tl.maximum(z1, 0.0), forwards, input_precision=PRECISION) + bias
        total += tl.sum(tl.where(there[:, None], tl.maximum(z2, 0.0), 0.0), axis=0)
    tl.store(sums + frame * width + unit, total, mask=inside)


@triton.jit
def _gradient_kernel(
    velocities, frames, slopes, weight1, bias1, weight2, bias2, parts, count, n, width,
    UNITS: tl.constexpr, DISKS: tl.constexpr, PRECISION: tl.constexpr,
):  # fmt: skip
    """Sum over a program's share of the frames what their slopes, of the loss by Σφ, say of the weights of φ."""
    program = tl.program_id(0)
    unit = tl.arange(0, UNITS)
    inside = unit < width
    both = inside[:, None] & inside[None, :]
    forwards = tl.load(weight2 + unit[None, :] * width + unit[:, None], mask=both, other=0.0)  # (in, out)
    backwards = tl.load(weight2 + unit[:, None] * width + unit[None, :], mask=both, other=0.0)  # (out, in)
    bias = tl.load(bias2 + unit, mask=inside, other=0.0)[None, :]
    by_across = tl.zeros([UNITS], dtype=tl.float32)
    by_up = tl.zeros([UNITS], dtype=tl.float32)
    by_bias1 = tl.zeros([UNITS], dtype=tl.float32)
    by_weight2 = tl.zeros([UNITS, UNITS], dtype=tl.float32)  # (in, out)
    by_bias2 = tl.zeros([UNITS], dtype=tl.float32)
    for frame in range(program, count, tl.num_programs(0)):
        first = tl.load(frames + frame) * n
        slope = tl.load(slopes + frame * width + unit, mask=inside, other=0.0)[None, :]
        for done in range(0, n, DISKS):
            at = done + tl.arange(0, DISKS)
            there = at < n
            x, y, z1 = _first_layer(velocities, first + at, there, unit, inside, weight1, bias1)
            h1 = tl.maximum(z1, 0.0)
            z2 = tl.dot(h1, forwards, input_precision=PRECISION) + bias
            by_z2 = tl.where((z2 > 0.0) & there[:, None], slope, 0.0)
            by_bias2 += tl.sum(by_z2, axis=0)
            by_weight2 += tl.dot(tl.trans(h1), by_z2, input_precision=PRECISION)
            by_z1 = tl.where(z1 > 0.0, tl.dot(by_z2, backwards, input_precision=PRECISION), 0.0)
            by_bias1 += tl.sum(by_z1, axis=0)
            by_across += tl.sum(by_z1 * x, axis=0)
            by_up += tl.sum(by_z1 * y, axis=0)
    part = parts + program.to(tl.int64) * (width * width + 4 * width)
    tl.store(part + 2 * unit, by_across, mask=inside)
    tl.store(part + 2 * unit + 1, by_up, mask=inside)
    part += 2 * width
    tl.store(part + unit, by_bias1, mask=inside)
    part += width
    tl.store(part + unit[None, :] * width + unit[:, None], by_weight2, mask=both)
    part += width * width
    tl.store(part + unit, by_bias2, mask=inside)


class _PhiSums(torch.autograd.Function):
    """Weights of φ to Σφ of every frame, for autograd."""

    @staticmethod
    def forward(ctx: Any, velocities: torch.Tensor, frames: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        n, width = velocities.shape[1], len(weights[1])
        sums = velocities.new_empty(len(frames), width)
        _sums_kernel[(len(frames),)](velocities, frames, *weights, sums, n, width, **_shape(width, 8192))
        ctx.save_for_backward(velocities, frames, *weights)
        return sums

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        velocities, frames, *weights = ctx.saved_tensors
        n, width, count = velocities.shape[1], len(weights[1]), len(frames)
        programs = min(count, _PROGRAMS)
        parts = velocities.new_empty(programs, sum(weight.numel() for weight in weights))
        _gradient_kernel[(programs,)](
            velocities, frames, slopes[0].contiguous(), *weights, parts, count, n, width, **_shape(width, 2048)
        )
        gradient = parts.sum(dim=0, dtype=torch.float64).to(parts.dtype)
        pieces = gradient.split([weight.numel() for weight in weights])
        return None, None, *(piece.view_as(weight) for piece, weight in zip(pieces, weights, strict=True))


def _shape(width: int, most: int) -> dict[str, int | str]:
    """Units and disks of a tile, about `most` numbers of a layer, and how it is multiplied.

    What was fastest on an H200 for 512 pairs of 1000 disks at D = 64, 32 and 16: 0.14, 0.05 and 0.04 ms for the sums,
    0.74, 0.36 and 0.16 for the gradient, which has more to keep in registers. Eight warps took up to twice as long.
    """
    units = max(16, triton.next_power_of_2(width))  # tl.dot takes no fewer
    return {"UNITS": units, "DISKS": min(128, most // units), "PRECISION": _PRECISION, "num_warps": 4}


def phi_sums(velocities: torch.Tensor, frames: torch.Tensor, phi: torch.nn.Sequential) -> torch.Tensor:
    """Sum φ over the disks of frames, so that autograd finds the gradient of its weights.

    Parameters
    ----------
    velocities : (all frames, n, 2) float32 tensor
        On the GPU, box sides per unit time.
    frames : (frames,) int64 tensor
        Which of them, on the same GPU.
    phi : torch.nn.Sequential
        Linear, ReLU, Linear, ReLU, as `hthm.deepsets.DeepSets` has it, in float32 on that GPU.

    Returns
    -------
    (frames, D) float32 tensor
        The same bits for the same frames, on GPUs of one kind.
    """
    weights = [weight.contiguous() for weight in phi.parameters()]
    return _PhiSums.apply(velocities, frames, *weights)  # type: ignore[no-any-return, no-untyped-call]  # torch's
