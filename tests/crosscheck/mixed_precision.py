"""Chapter mixed_precision against numpy's float16, ml_dtypes' bfloat16, float8_e4m3fn and float8_e5m2, and against PyTorch: its
GradScaler, AdamW, autograd. (build/venv/bin/python -m pip install ml_dtypes; with NumPy 1: ml_dtypes==0.5.1)"""
import sys

try:
    import ml_dtypes
except ImportError:
    sys.exit("the cross-check of chapter mixed_precision needs ml_dtypes: python3 -m pip install ml_dtypes (with NumPy 1: ml_dtypes==0.5.1)")
import numpy as np
import torch

from check import run

HALF, BFLOAT = np.float16, ml_dtypes.bfloat16
E4M3, E5M2 = ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e5m2
ZERO, SUBNORMAL, NORMAL, INFINITE, NOT_A_NUMBER = range(5)


np.seterr(over="ignore", invalid="ignore")  # ml_dtypes: of NaN, too


def rounded(x, dtype=HALF):
    """x, of any precision, as the numbers of the format; NumPy and ml_dtypes round a double once."""
    a = x.detach().numpy() if isinstance(x, torch.Tensor) else np.asarray(x)
    return torch.from_numpy(a.astype(dtype).astype(a.dtype))


def bits_of(values):
    """The float32 patterns, -1 for NaN."""
    single = values.astype(np.float32)
    return np.where(np.isnan(single), -1, single.view(np.int32))


def decode(dtype):
    def case(given):
        side = given["side"].item()
        pattern = np.arange(side * side, dtype=np.uint16 if side == 256 else np.uint8)
        value = pattern.view(dtype).astype(np.float64).reshape(side, side)
        smallest = float(ml_dtypes.finfo(dtype).smallest_normal)
        kind = np.select([np.isnan(value), np.isinf(value), value == 0, abs(value) < smallest],
                         [NOT_A_NUMBER, INFINITE, ZERO, SUBNORMAL], NORMAL)
        return {"kind": kind, **({"float_bits": bits_of(value)} if dtype == BFLOAT else {"value": value})}
    return case


def rounding(dtype, saturates=False):
    def case(given):
        x = given["x_bits"].numpy().astype(np.int32).view(np.float32)
        if saturates:  # ml_dtypes gives NaN beyond; torch from 2.15 on saturates, and is asked, too, where it has the format
            largest = float(ml_dtypes.finfo(dtype).max)
            y = np.where(np.isnan(x), x, np.clip(x, -largest, largest)).astype(dtype)
        else:
            y = x.astype(dtype)
        value = y.astype(np.float64)
        pattern = np.where(np.isnan(value), -1, y.view(np.uint16 if y.itemsize == 2 else np.uint8).astype(np.int32))
        check_torch(x, value, dtype, saturates)
        return {"pattern": pattern, **({"float_bits": bits_of(value)} if dtype == BFLOAT else {"value": value})}
    return case


def check_torch(x, value, dtype, saturates):
    """PyTorch's own conversions must agree; for E4M3 they saturated from some version on."""
    theirs = {HALF: "float16", BFLOAT: "bfloat16", E4M3: "float8_e4m3fn", E5M2: "float8_e5m2"}[dtype]
    if not hasattr(torch, theirs):
        return
    y = torch.from_numpy(x.copy()).to(getattr(torch, theirs)).double().numpy()
    if dtype == E4M3:
        new = torch.tensor([1000.]).to(torch.float8_e4m3fn).float().item() == 448
        if new != saturates:
            return
    assert np.array_equal(y, value, equal_nan=True), theirs


def double_rounding(given):
    return {"half": rounded(given["x"].detach().double())}


def stochastic(given):
    """Neighbours by the formats' own order: the pattern of the number towards zero, and the next."""
    x, u = given["x"].detach().numpy(), given["u"].detach().numpy()
    result = {}
    for name, dtype in (("half", HALF), ("bfloat", BFLOAT)):
        near = np.abs(x).astype(dtype)
        lower = (near.view(np.uint16) - (near.astype(x.dtype) > np.abs(x))).astype(np.uint16)
        low, high = (p.astype(np.uint16).view(dtype).astype(np.float64) for p in (lower, lower + 1))
        part = (np.abs(x) - low) / (high - low)
        result |= {name + "_lower": np.copysign(low, x), name + "_part": part, name: np.copysign(np.where(u < part, high, low), x)}
    return result


def sums(given):
    x, result = given["x"].detach().numpy(), {}
    for name, dtype in (("half", HALF), ("bfloat", BFLOAT)):
        total, all_sums = dtype(0), []
        for term in x.astype(dtype):
            total = dtype(total + term)
            all_sums.append(float(total))
        result[name + "_sums"] = np.array(all_sums)
    terms = x.astype(BFLOAT).astype(x.dtype)
    return result | {"x_bfloat": terms, "float_sums": np.cumsum(terms, dtype=x.dtype)}


def stuck(given):
    w, d = given["w"].detach().numpy().astype(np.float32), np.float32(given["d"].item())
    result = {}
    for name, dtype in (("half", HALF), ("bfloat", BFLOAT)):
        now, steps = w.astype(dtype), []
        for _ in range(8):
            now = (now.astype(np.float32) + d).astype(dtype)
            steps.append(now.astype(np.float64))
        keep = np.float32(1) - given["decay"].detach().numpy().astype(np.float32)
        decayed = (keep[:, None] * w[None]).astype(dtype).astype(np.float64)
        result |= {name + "_w": np.stack(steps), name + "_moves": (steps[0] != w).astype(int), name + "_decayed": decayed}
    return result


def scaler_of(start, growth, backoff, interval):
    return torch.amp.GradScaler("cpu", init_scale=start, growth_factor=growth, backoff_factor=backoff, growth_interval=interval)


def loss_scale(given):
    """PyTorch's GradScaler itself where it runs on a processor, and the kernel that it calls before (version 1)."""
    interval = given["interval"].item()
    scale, good, scales, counts = torch.tensor(given["scale_0"].item(), dtype=torch.float32), torch.tensor(0, dtype=torch.int32), [], []
    real = scaler_of(given["scale_0"].item(), given["growth"].item(), given["backoff"].item(), interval) if hasattr(torch, "amp") and hasattr(torch.amp, "GradScaler") else None
    w = torch.nn.Parameter(torch.zeros(1))
    sgd = torch.optim.SGD([w], lr=0.1)
    for found in given["found"].tolist():
        if real:
            real.scale(torch.zeros(()))
            w.grad = torch.tensor([np.inf if found else 1.0])
            real.step(sgd), real.update()
            scales.append(real.get_scale()), counts.append(real._growth_tracker.item())
        else:
            if found:
                scale, good = scale * given["backoff"].item(), torch.tensor(0)
            else:
                good = good + 1
                if good == interval:
                    scale, good = scale * given["growth"].item(), torch.tensor(0)
            scales.append(scale.item()), counts.append(int(good))
    return {"scale": np.array(scales), "good": np.array(counts)}


def scaled_steps(given):
    """PyTorch's AdamW and clip_grad_norm_; the norm is divided by without its 1e-6."""
    number = {n: given[n].item() for n in ("scale_0", "interval", "beta1", "beta2", "eps", "rate", "decay", "theta")}
    start = given["w_0"].detach()
    parts = [torch.nn.Parameter(start[:3].clone()), torch.nn.Parameter(start[3:].clone())]
    adam = torch.optim.AdamW(parts, lr=number["rate"], betas=(number["beta1"], number["beta2"]), eps=number["eps"], weight_decay=number["decay"])
    all_scaled = torch.from_numpy(given["scaled_bits"].numpy().astype(np.uint16).view(np.float16).astype(start.numpy().dtype))
    scale, good, kept = number["scale_0"], 0, {n: [] for n in ("scale", "scaled", "norm", "taken", "g", "m", "v", "w", "half")}
    for scaled in all_scaled:
        g, finite = scaled / scale, bool(torch.isfinite(scaled).all())
        norm = torch.linalg.vector_norm(g)
        kept["scale"].append(torch.tensor(scale)), kept["scaled"].append(scaled), kept["norm"].append(norm)
        kept["taken"].append(torch.tensor(int(finite)))
        if finite:
            if norm > number["theta"]:
                g = g * (number["theta"] / norm)
            parts[0].grad, parts[1].grad = g[:3].clone(), g[3:].clone()
            adam.step()
        kept["g"].append(g)
        state = [adam.state.get(p, {}) for p in parts]
        for name, key in (("m", "exp_avg"), ("v", "exp_avg_sq")):
            kept[name].append(torch.cat([s[key].clone() if key in s else torch.zeros_like(p) for s, p in zip(state, parts)]))
        kept["w"].append(torch.cat([p.detach().clone() for p in parts]))
        kept["half"].append(rounded(kept["w"][-1]))
        good = good + 1 if finite else 0
        scale = scale / 2 if not finite else scale * 2 if good == number["interval"] else scale
        good = 0 if good == number["interval"] else good
    return {n: torch.stack([x if isinstance(x, torch.Tensor) else torch.tensor(x) for x in v]) for n, v in kept.items()}


class Half(torch.autograd.Function):
    """A tensor as fp16, and its gradient as fp16."""

    @staticmethod
    def forward(context, x):
        return rounded(x)

    @staticmethod
    def backward(context, gradient):
        return rounded(gradient)


def mixed_step(given):
    names, seen = ("w1", "b1", "w2", "b2"), {}

    def keep(name, x):
        x.retain_grad()
        seen[name] = x
        return x

    def half(name, x):
        return keep(name + "_half", Half.apply(x))

    a = keep("a", given["x"] @ half("w1", given["w1"]).T + half("b1", given["b1"]))
    h = keep("h", torch.tanh(half("a", a)))
    logits = keep("logits", half("h", h) @ half("w2", given["w2"]).T + half("b2", given["b2"]))
    loss = torch.nn.functional.cross_entropy(half("logits", logits), given["target"])
    (given["scale"].detach() * loss).backward()
    result = {n: x for n, x in seen.items()} | {"loss": loss}
    for n in ("logits", "h", "a"):  # what comes to the rounded tensor, and what the rounding hands on
        result["d" + n], result[f"d{n}_half"] = seen[n + "_half"].grad, seen[n].grad
    for n in names:
        result[f"d{n}_sum"], result[f"d{n}_half"] = seen[n + "_half"].grad, given[n].grad
    divided = {n: given[n].grad / given["scale"].detach() for n in names}
    norm = torch.sqrt(sum((g ** 2).sum() for g in divided.values()))
    factor = min(1.0, (given["theta"].detach() / norm).item())
    parts = [torch.nn.Parameter(given[n].detach().clone()) for n in names]
    for p, n in zip(parts, names):
        p.grad = divided[n] * factor
    torch.optim.Adam(parts, lr=given["rate"].item(), betas=(given["beta1"].item(), given["beta2"].item()), eps=given["eps"].item()).step()
    result["norm"] = norm
    for p, n in zip(parts, names):
        result |= {"d" + n: p.grad, n + "_new": p, n + "_new_half": rounded(p)}
    return result


run("mixed_precision", "numpy, ml_dtypes, torch", {
    "half_decode": decode(HALF),
    "bfloat_decode": decode(BFLOAT),
    "e4m3_decode": decode(E4M3),
    "e5m2_decode": decode(E5M2),
    "half_round": rounding(HALF),
    "bfloat_round": rounding(BFLOAT),
    "e4m3_round": rounding(E4M3, saturates=True),
    "e4m3_round_nan": rounding(E4M3),
    "e5m2_round": rounding(E5M2),
    "double_rounding": double_rounding,
    "stochastic": stochastic,
    "sums": sums,
    "stuck": stuck,
    "loss_scale": loss_scale,
    "scaled_steps": scaled_steps,
    "mixed_step": mixed_step,
})
