"""Chapter s4's known mistakes in NumPy, written from the text's formulas."""
import pathlib
import sys

import numpy as np
import scipy.linalg
from numpy.polynomial import laguerre, legendre

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from named import mistake, right, run  # noqa: E402


def parts(**named):
    return {f"{n}_{part}": getattr(x, kind) for n, x in named.items() for part, kind in (("re", "real"), ("im", "imag"))}


# ---- HiPPO ----

def legs(n, below=lambda n, k: np.sqrt((2 * n + 1) * (2 * k + 1)), diagonal=lambda n: n + 1, sign=-1,
         b=lambda n: np.sqrt(2 * n + 1)):
    n = np.arange(n)
    a = sign * (np.tril(below(n[:, None], n[None, :]), -1) + np.diag(diagonal(n)))
    return {"a": a.astype(float), "b": b(n).astype(float)}


def of_n(function, **how):
    return lambda g: function(g["n"], **how)


right("hippo_legs", of_n(legs))
mistake("hippo_legs", "legs-wrong-sign", of_n(legs, sign=1))
mistake("hippo_legs", "legs-diagonal-2n-plus-1", of_n(legs, diagonal=lambda n: 2 * n + 1))
mistake("hippo_legs", "legs-diagonal-n", of_n(legs, diagonal=lambda n: n))
mistake("hippo_legs", "legs-no-root", of_n(legs, below=lambda n, k: (2 * n + 1) * (2 * k + 1)))
mistake("hippo_legs", "legs-not-normalised", of_n(legs, below=lambda n, k: 2 * k + 1 + 0 * n))
mistake("hippo_legs", "legs-transposed", lambda g: {**legs(g["n"]), "a": legs(g["n"])["a"].T})
mistake("hippo_legs", "legs-b-without-root", of_n(legs, b=lambda n: 2 * n + 1))
mistake("hippo_legs", "legs-b-ones", of_n(legs, b=np.ones_like))


def legt(g, factor=lambda n, k: 2 * n + 1, scale=lambda theta: 1 / theta, sign=lambda n, k: np.where(n < k, -1, (-1.0) ** (n - k + 1)),
         b=lambda n: (-1.0) ** n):
    n = np.arange(g["n"])
    row, column = n[:, None], n[None, :]
    return {"a": scale(g["theta"]) * factor(row, column) * sign(row, column),
            "b": scale(g["theta"]) * factor(n, n) * b(n)}


right("hippo_legt", legt)
mistake("hippo_legt", "legt-no-theta", lambda g: legt(g, scale=lambda theta: 1))
mistake("hippo_legt", "legt-times-theta", lambda g: legt(g, scale=lambda theta: theta))
mistake("hippo_legt", "legt-no-factor", lambda g: legt(g, factor=lambda n, k: 1 + 0 * n))
mistake("hippo_legt", "legt-lower-signs", lambda g: legt(g, sign=lambda n, k: np.where(n < k, -1, (-1.0) ** (n - k))))
mistake("hippo_legt", "legt-no-signs", lambda g: legt(g, sign=lambda n, k: -1 + 0 * (n + k)))
mistake("hippo_legt", "legt-b-no-signs", lambda g: legt(g, b=lambda n: 1))


def lagt(n, diagonal=0.5, sign=-1):
    return {"a": sign * (np.tril(np.ones((n, n)), -1) + diagonal * np.eye(n)), "b": np.ones(n)}


right("hippo_lagt", of_n(lagt))
mistake("hippo_lagt", "lagt-diagonal-1", of_n(lagt, diagonal=1))
mistake("hippo_lagt", "lagt-wrong-sign", of_n(lagt, sign=1))
mistake("hippo_lagt", "lagt-diagonal-plus", of_n(lagt, diagonal=-0.5))


def states(g, left=lambda t: 1 / (2 * t), ahead=lambda t: 1 / (2 * t), into=lambda t: 1 / t, late=0):
    n = g["n"]
    system = legs(n)
    a, b = system["a"], system["b"]

    def follow(c, samples, kept):
        for t, f in enumerate(samples, 1 + late):
            c = np.linalg.solve(np.eye(n) - left(t) * a, (np.eye(n) + ahead(t) * a) @ c + into(t) * b * f)
            kept.append(c)
        return np.array(kept)
    begin = g["f"][0] * np.eye(n)[0]
    return {**system, "from_zero": follow(np.zeros(n), g["f"], []), "from_first": follow(begin, g["f"][1:], [begin])}


right("legs_states", states)
mistake("legs_states", "states-no-1-over-t", lambda g: states(g, lambda t: 0.5, lambda t: 0.5, lambda t: 1))
mistake("legs_states", "states-left-t-plus-1", lambda g: states(g, left=lambda t: 1 / (2 * (t + 1))))
mistake("legs_states", "states-forward", lambda g: states(g, lambda t: 0, lambda t: 1 / t))
mistake("legs_states", "states-backward", lambda g: states(g, lambda t: 1 / t, lambda t: 0))
mistake("legs_states", "states-t-one-late", lambda g: states(g, late=1))
mistake("legs_states", "states-input-halved", lambda g: states(g, into=lambda t: 1 / (2 * t)))
mistake("legs_states", "states-input-not-over-t", lambda g: states(g, into=lambda t: 1))


def reconstruct(g, legs_at=lambda x: 2 * x - 1, legt_at=lambda x: 1 - 2 * x, normalise=(True, False), weight=0.5):
    n, x = np.arange(len(g["c"])), g["x"]
    root = np.sqrt(2 * n + 1)
    basis = {"legs": legendre.legvander(legs_at(x), n[-1]) * (root if normalise[0] else 1),
             "legt": legendre.legvander(legt_at(x), n[-1]) * (root if normalise[1] else 1),
             "lagt": laguerre.lagvander(x, n[-1]) * np.exp(-weight * x)[:, None]}
    return {**{f"basis_{way}": b for way, b in basis.items()}, **{way: b @ g["c"] for way, b in basis.items()}}


right("reconstruct", reconstruct)
mistake("reconstruct", "legs-read-backwards", lambda g: reconstruct(g, legs_at=lambda x: 1 - 2 * x))
mistake("reconstruct", "legt-read-backwards", lambda g: reconstruct(g, legt_at=lambda x: 2 * x - 1))
mistake("reconstruct", "legs-not-shifted", lambda g: reconstruct(g, legs_at=lambda x: x))
mistake("reconstruct", "legs-basis-not-normalised", lambda g: reconstruct(g, normalise=(False, False)))
mistake("reconstruct", "legt-basis-normalised", lambda g: reconstruct(g, normalise=(True, True)))
mistake("reconstruct", "lagt-no-weight", lambda g: reconstruct(g, weight=0))
mistake("reconstruct", "lagt-whole-weight", lambda g: reconstruct(g, weight=1))


# ---- Discrete time ----

def gbt(a, b, dt, back, ahead=None, in_b=None, solve_b=True):
    eye = np.eye(len(a))
    left = eye - back * dt * a
    bbar = dt * b if in_b is None else in_b * b
    return {"abar": np.linalg.solve(left, eye + (1 - back if ahead is None else ahead) * dt * a),
            "bbar": np.linalg.solve(left, bbar) if solve_b else bbar}


def hold(a, b, dt):
    abar = scipy.linalg.expm(dt * a)
    return {"abar": abar, "bbar": np.linalg.solve(a, (abar - np.eye(len(a))) @ b)}


RULES = {"forward": lambda *system: gbt(*system, 0), "backward": lambda *system: gbt(*system, 1),
         "bilinear": lambda *system: gbt(*system, 0.5), "zoh": hold}


def discrete(case, ids, function):
    mistake(case, ids, lambda g: function(g["a"], g["b"], g["dt"]))


for case, rule in RULES.items():
    right(case, lambda g, rule=rule: rule(g["a"], g["b"], g["dt"]))
for case, other in (("forward", "backward"), ("forward", "bilinear"), ("backward", "forward"), ("backward", "bilinear"),
                    ("bilinear", "forward"), ("bilinear", "backward"), ("bilinear", "zoh"), ("zoh", "bilinear")):
    discrete(case, f"{case}-is-{other}", RULES[other])
discrete("bilinear", "bilinear-no-half", lambda a, b, dt: gbt(a, b, dt, 1, 1))
discrete("bilinear", "bilinear-b-not-solved", lambda a, b, dt: gbt(a, b, dt, 0.5, solve_b=False))
discrete("bilinear", "bilinear-b-without-dt", lambda a, b, dt: gbt(a, b, dt, 0.5, in_b=1))
discrete("bilinear", "bilinear-b-halved", lambda a, b, dt: gbt(a, b, dt, 0.5, in_b=dt / 2))
discrete("bilinear", "bilinear-b-of-zoh", lambda a, b, dt: {**gbt(a, b, dt, 0.5), "bbar": hold(a, b, dt)["bbar"]})
discrete("bilinear", "bilinear-a-transposed", lambda a, b, dt: gbt(a.T, b, dt, 0.5))
discrete("bilinear", "bilinear-sides-exchanged", lambda a, b, dt: {"abar": gbt(a, b, -dt, 0.5)["abar"], "bbar": -gbt(a, b, -dt, 0.5)["bbar"]})
discrete("backward", "backward-b-not-solved", lambda a, b, dt: gbt(a, b, dt, 1, solve_b=False))
discrete("zoh", "zoh-b-times-dt", lambda a, b, dt: {**hold(a, b, dt), "bbar": dt * b})
discrete("zoh", "zoh-exp-of-entries", lambda a, b, dt: {**hold(a, b, dt), "abar": np.exp(dt * a)})
discrete("zoh", "zoh-b-without-inverse", lambda a, b, dt: {**hold(a, b, dt), "bbar": (hold(a, b, dt)["abar"] - np.eye(len(a))) @ b})
discrete("zoh", "zoh-b-without-minus-i", lambda a, b, dt: {**hold(a, b, dt), "bbar": np.linalg.solve(a, hold(a, b, dt)["abar"] @ b)})


# ---- S4 ----

def modes(n, p=lambda n: np.sqrt(n + 0.5), star=np.conj):
    system = legs(n)
    r = np.sqrt(np.arange(n) + 0.5)
    value, v = np.linalg.eig(system["a"] + np.outer(r, r))
    order = np.argsort(value.imag)
    value, v = value[order], v[:, order]
    largest = np.take_along_axis(v, abs(v).argmax(0)[None], 0)
    v = v * abs(largest) / largest
    return system, value, v, star(v).T @ p(np.arange(n)), star(v).T @ system["b"]


def nplr(g, c_star=False, real=lambda value: value, **how):
    system, value, v, p, b = modes(g["n"], **how)
    c = g["c"] @ (v.conj() if c_star else v)
    return {**system, **parts(**{"lambda": real(value), "cb": c * b, "cp": c * p}), "pp": abs(p) ** 2, "bp": (b * p.conj()).real}


right("nplr", nplr)
mistake("nplr", "nplr-c-conjugated", lambda g: nplr(g, c_star=True))
mistake("nplr", "nplr-p-2n-plus-1", lambda g: nplr(g, p=lambda n: np.sqrt(2 * n + 1)))
mistake("nplr", "nplr-lambda-real-part-0", lambda g: nplr(g, real=lambda value: 1j * value.imag))
mistake("nplr", "nplr-lambda-plus-half", lambda g: nplr(g, real=lambda value: value + 1))


def cauchy(value, p, b, c, dt, L, q=np.conj, factor=2, two=2, above=lambda z: 1 + z, below=lambda z: 1 + z, before=lambda z: 1 + z,
           sign=1, turn=-1, rank_one=1):
    z = np.exp(turn * 2j * np.pi * np.arange(L) / L)[:, None]
    d = two / dt * (1 - z) - before(z) * value

    def k(x, y):
        return (x * y / d).sum(1)
    z = z[:, 0]
    rest = above(z) * k(c, p) * k(q(p), b) / (1 + sign * below(z) * k(q(p), p))
    factor = factor(z) if callable(factor) else factor
    return factor * k(c, b), factor * (k(c, b) - rank_one * rest)


def kernel_dplr(g, tail=lambda power: np.eye(len(power)) - power, power=lambda L: L, inverse=np.fft.ifft, side=lambda c, m: c @ m,
                modes_of=modes, **how):
    n, L, dt = len(g["c"]), g["length"], g["dt"]
    system, value, v, p, b = modes_of(n)
    bars = gbt(system["a"], system["b"], dt, 0.5)
    ctilde = side(g["c"], tail(np.linalg.matrix_power(bars["abar"], power(L))))
    diagonal, khat = cauchy(value, p, b, ctilde @ v, dt, L, **how)
    return {**system, **bars, "ctilde": ctilde, **parts(khat_diagonal=diagonal, khat=khat), "k": inverse(khat).real}


right("kernel_dplr", kernel_dplr)
for what, how in {
        "no-ctilde": {"tail": lambda power: np.eye(len(power))},
        "ctilde-plus": {"tail": lambda power: np.eye(len(power)) + power},
        "ctilde-power-alone": {"tail": lambda power: power},
        "ctilde-half-power": {"power": lambda L: L // 2},
        "ctilde-l-minus-1": {"power": lambda L: L - 1},
        "ctilde-wrong-side": {"side": lambda c, m: m @ c},
        "q-not-conjugated": {"q": lambda p: p},
        "factor-2": {"factor": 1},
        "no-rank-one": {"rank_one": 0},
        "rank-one-added": {"rank_one": -1},
        "no-denominator": {"sign": 0},
        "no-1-plus-z-above": {"above": lambda z: 1},
        "no-1-plus-z-below": {"below": lambda z: 1},
        "no-1-plus-z": {"above": lambda z: 1, "below": lambda z: 1},
        "2-over-1-plus-z-left-out": {"factor": lambda z: 1 + z},
        "p-and-q-exchanged": {"modes_of": lambda n: (lambda s, value, v, p, b: (s, value, v, p.conj(), b))(*modes(n))},
        "p-2n-plus-1": {"modes_of": lambda n: modes(n, p=lambda k: np.sqrt(2 * k + 1))},
        "1-plus-z-left-out": {"before": lambda z: 1},
        "1-over-dt": {"two": 1},
        "nodes-other-way": {"turn": 1},
        "forward-transform": {"inverse": np.fft.fft},
        "not-over-l": {"inverse": lambda khat: np.fft.ifft(khat) * len(khat)}}.items():
    mistake("kernel_dplr", f"dplr-{what}", lambda g, how=how: kernel_dplr(g, **how))


def kernel_s4d(g, factor=2, c_of=lambda c: c, bar=lambda value, dt: (np.exp(dt * value) - 1) / value, first=0, take=np.real,
               z_of=lambda value, dt: np.exp(dt * value), lin=lambda m: np.pi * m, inv=lambda m, N: N / np.pi * (N / (2 * m + 1) - 1),
               half=0.5, real=-0.5, flip=lambda value: value):
    M, L, dt = len(g["c_re"]), g["length"], g["dt"]
    m = np.arange(M)

    def kernel(value, cb):
        z, x = z_of(value, dt), cb * bar(value, dt)
        return np.array([factor * take(x * z ** (l + first)).sum() for l in range(L)])
    _, value, v, _, b = modes(2 * M)
    lambdas = {"lambda_lin": real + 1j * lin(m), "lambda_inv": real + 1j * inv(m, 2 * M), "lambda_legs": flip(value[M:])}
    c = g["c_re"] + 1j * g["c_im"]
    in_modes, b = (g["c"] @ v)[M:], half * b[M:]
    return {**parts(**lambdas), "k_lin": kernel(lambdas["lambda_lin"], c_of(c)), "k_inv": kernel(lambdas["lambda_inv"], c_of(c)),
            **parts(cb_legs=in_modes * b), "k_legs": kernel(lambdas["lambda_legs"], c_of(in_modes) * b)}



right("kernel_s4d", kernel_s4d)
for what, how in {
        "not-doubled": {"factor": 1},
        "c-conjugated": {"c_of": np.conj},
        "b-times-dt": {"bar": lambda value, dt: dt},
        "no-hold": {"bar": lambda value, dt: 1},
        "no-lambda-below": {"bar": lambda value, dt: np.exp(dt * value) - 1},
        "from-z": {"first": 1},
        "imaginary-part": {"take": np.imag},
        "absolute-values": {"take": np.abs},
        "bilinear": {"z_of": lambda value, dt: (1 + dt / 2 * value) / (1 - dt / 2 * value)},
        "lin-from-1": {"lin": lambda m: np.pi * (m + 1)},
        "lin-2-pi": {"lin": lambda m: 2 * np.pi * m},
        "inv-with-m": {"inv": lambda m, N: N / 2 / np.pi * (N / 2 / (2 * m + 1) - 1)},
        "inv-without-minus-1": {"inv": lambda m, N: N / np.pi * N / (2 * m + 1)},
        "real-part-1": {"real": -1},
        "real-part-plus": {"real": 0.5},
        "legs-whole-b": {"half": 1},
        "legs-negative-frequencies": {"flip": np.conj}}.items():
    mistake("kernel_s4d", f"s4d-{what}", lambda g, how=how: kernel_s4d(g, **how))


# ---- Convolution and recurrence ----

def convolution(g, y=lambda k, u, L: np.convolve(k, u)[:L]):
    L = len(g["k"])
    khat, uhat = np.fft.fft(g["k"], 2 * L), np.fft.fft(g["u"], 2 * L)
    return {**parts(khat=khat, uhat=uhat, yhat=khat * uhat), "y": y(g["k"], g["u"], L)}


right("convolution", convolution)
mistake("convolution", "convolution-circular", lambda g: convolution(g, lambda k, u, L: np.fft.ifft(np.fft.fft(k) * np.fft.fft(u)).real))
mistake("convolution", "convolution-is-correlation", lambda g: convolution(g, lambda k, u, L: np.correlate(u, k, "full")[L - 1:]))
mistake("convolution", "convolution-kernel-reversed", lambda g: convolution(g, lambda k, u, L: np.convolve(k[::-1], u)[:L]))
mistake("convolution", "convolution-same", lambda g: convolution(g, lambda k, u, L: np.convolve(k, u, "same")))


def recurrence(g, d=lambda d, u: d * u, early=False, late=False, transpose=False, carry=1, first=0, back=0.5, solve_b=True):
    bars = gbt(g["a"], g["b"], g["dt"], back, solve_b=solve_b)
    abar, bbar = bars["abar"].T if transpose else bars["abar"], bars["bbar"]
    x, all_x, y, k, power = np.zeros(len(bbar)), [], [], [], bbar
    for l, u in enumerate(g["u"]):
        before = x
        x = carry * abar @ x + bbar * ((g["u"][l - 1] if l else 0) if late else u)
        all_x.append(x)
        y.append(g["c"] @ (before if early else x) + d(g["d"], u))
        k.append(0 if l < first else g["c"] @ power)
        power = power if l < first else carry * abar @ power
    return {**bars, "k": np.array(k), "x": np.array(all_x), "y": np.array(y)}


right("recurrence", recurrence)
mistake("recurrence", "recurrence-without-d", lambda g: {n: v for n, v in recurrence(g, lambda d, u: 0).items() if n in "xy"})
mistake("recurrence", "recurrence-y-before-step", lambda g: {n: v for n, v in recurrence(g, early=True).items() if n in "xy"})
mistake("recurrence", "recurrence-input-late", lambda g: {n: v for n, v in recurrence(g, late=True).items() if n in "xy"})
mistake("recurrence", "recurrence-transposed", lambda g: recurrence(g, transpose=True))
mistake("recurrence", "recurrence-euler", lambda g: recurrence(g, back=0))
mistake("recurrence", "recurrence-undiscretised-b", lambda g: recurrence(g, solve_b=False))
mistake("recurrence", "recurrence-kernel-one-late", lambda g: recurrence(g, first=1))


def recurrence_s4d(g, double=2, c=lambda c: c, early=False, carry=1, bbar=None, state=lambda x: x, abar=None, part=np.real):
    value, b, out = g["lambda_re"] + 1j * g["lambda_im"], g["b_re"] + 1j * g["b_im"], c(g["c_re"] + 1j * g["c_im"])
    a = np.exp(g["dt"] * value) if abar is None else abar(g["dt"] * value)
    into = (np.exp(g["dt"] * value) - 1) / value * b if bbar is None else bbar(b, g["dt"])
    x, all_x, y = np.zeros(len(b), complex), [], []
    for u in g["u"]:
        before, x = x, state(carry * a * x + into * u)
        all_x.append(x)
        y.append(double * part(out @ (before if early else x)) + g["d"] * u)
    return {**parts(abar=a, bbar=into, x=np.array(all_x)), "y": np.array(y)}


right("recurrence_s4d", recurrence_s4d)
for what, how in {
        "not-doubled": {"double": 1},
        "c-conjugated": {"c": np.conj},
        "y-before": {"early": True},
        "no-memory": {"carry": 0},
        "b-times-dt": {"bbar": lambda b, dt: dt * b},
        "b-not-discretised": {"bbar": lambda b, dt: b},
        "real-parts-only": {"state": lambda x: x.real + 0j},
        "imaginary-part": {"part": np.imag},
        "bilinear": {"abar": lambda w: (1 + w / 2) / (1 - w / 2)}}.items():
    mistake("recurrence_s4d", f"s4d-step-{what}", lambda g, how=how: recurrence_s4d(g, **how), "x_re x_im y")


# ---- Gradients ----

def gradients(g, turn=np.conj, factor=2, below=True, through=True, powers=True, dt_of=lambda d, dt: d, b_holds=True):
    value, b, c = (g[n + "_re"] + 1j * g[n + "_im"] for n in ("lambda", "b", "c"))
    L, dt, w, u = len(g["u"]), g["dt"], g["loss_weight"], g["u"]
    l = np.arange(L)[:, None]
    z = np.exp(dt * value)
    h = (z - 1) / value
    k = 2 * (c * b * h * z ** l).sum(1).real
    y = np.convolve(k, u)[:L]
    dk = np.array([w[j:] @ u[:L - j] for j in range(L)])
    s0, s1 = dk @ z ** l, dk @ (l * z ** l)
    by_w = c * b * ((z / value * s0 if through else 0) + (h * s1 if powers else 0))
    by_lambda = dt * by_w - (c * b * h / value * s0 if below else 0)
    return {"k": k, "y": y, "loss": y @ w, "dk": dk, **parts(dc=factor * turn(b * h * s0), db=factor * turn(c * (h if b_holds else 1) * s0),
            dlambda=factor * turn(by_lambda)), "ddt": dt_of(2 * (by_w * value).sum().real, dt)}


right("gradients", gradients)
mistake("gradients", "gradients-b-without-hold", lambda g: gradients(g, b_holds=False))
mistake("gradients", "gradients-not-conjugated", lambda g: gradients(g, turn=lambda x: x))
mistake("gradients", "gradients-wirtinger", lambda g: gradients(g, factor=1))
mistake("gradients", "gradients-lambda-without-hold", lambda g: gradients(g, below=False))
mistake("gradients", "gradients-bbar-constant", lambda g: gradients(g, below=False, through=False))
mistake("gradients", "gradients-powers-constant", lambda g: gradients(g, powers=False))
mistake("gradients", "gradients-ddt-of-log", lambda g: gradients(g, dt_of=lambda d, dt: dt * d))


def gradients_dplr(g, q_too=True, p_too=True, turn=np.conj, below=True, diagonal_only=False, over=True, two=2):
    value, p, b, c = (g[n + "_re"] + 1j * g[n + "_im"] for n in ("lambda", "p", "b", "c"))
    dt, w = g["dt"], g["loss_weight"]
    L = len(w)
    diagonal, khat = cauchy(value, p, b, c, dt, L)
    k = np.fft.ifft(khat).real
    z = np.exp(-2j * np.pi * np.arange(L) / L)[:, None]
    o, r, q = 1 + z, 1 / (2 / dt * (1 - z) - (1 + z) * value), p.conj()
    cp, qb, qp = ((r * x * y).sum(1, keepdims=True) for x, y in ((c, p), (q, b), (q, p)))
    go = (np.fft.fft(w).conj() / (L if over else 1))[:, None]
    e = o / (1 + o * qp)
    in_cb, in_cp, in_qb, in_qp = 2 * go, -2 * go * e * qb, -2 * go * e * cp, 2 * go * e * e * cp * qb * below
    in_c, in_q = in_cb * b + in_cp * p, in_qb * b + in_qp * p
    in_d = -r * r * (c * in_c + (0 if diagonal_only else q * in_q))
    by_p = (r * (in_cp * c + in_qp * q)).sum(0).conj() * p_too + (r * in_q).sum(0) * q_too
    return {**parts(khat_diagonal=diagonal, khat=khat), "k": k, "loss": k @ w,
            **parts(dc=turn((r * in_c).sum(0)), db=((r * (in_cb * c + in_qb * q)).sum(0)).conj(), dp=by_p,
                    dlambda=((-o * in_d).sum(0)).conj()), "ddt": (-two / dt ** 2 * (1 - z) * in_d).sum().real}


right("gradients_dplr", gradients_dplr)
mistake("gradients_dplr", "dplr-gradients-p-without-q", lambda g: gradients_dplr(g, q_too=False))
mistake("gradients_dplr", "dplr-gradients-q-alone", lambda g: gradients_dplr(g, p_too=False))
mistake("gradients_dplr", "dplr-gradients-c-not-conjugated", lambda g: gradients_dplr(g, turn=lambda x: x))
mistake("gradients_dplr", "dplr-gradients-lambda-diagonal-only", lambda g: gradients_dplr(g, diagonal_only=True))
mistake("gradients_dplr", "dplr-gradients-not-over-l", lambda g: gradients_dplr(g, over=False))
mistake("gradients_dplr", "dplr-gradients-qp-constant", lambda g: gradients_dplr(g, below=False))
mistake("gradients_dplr", "dplr-gradients-ddt-half", lambda g: gradients_dplr(g, two=1))

run("s4")
