"""Chapter s4 against NumPy, SciPy and PyTorch's complex autograd."""
import numpy as np
import scipy.linalg
import scipy.signal
import scipy.special
import torch

from check import run


def array(x):
    return x.detach().numpy()


def number(x):
    return float(x.detach())


def legs(n):
    """The paper's matrix (HiPPO, theorem 2) with its sign turned, from tril and diag."""
    root = np.sqrt(2 * np.arange(n) + 1)
    return -np.tril(np.outer(root, root), -1) - np.diag(np.arange(n) + 1.0), root


def hippo_legs(given):
    a, b = legs(int(given["n"]))
    return {"a": a, "b": b}


def hippo_legt(given):
    n, theta = int(given["n"]), number(given["theta"])
    q = np.arange(n)
    # nengo's LMU: (2i + 1) / theta times -1 above the diagonal, (-1)^(i - j + 1) else
    a = np.where(q[:, None] < q, -1.0, (-1.0) ** (q[:, None] - q + 1)) * (2 * q[:, None] + 1) / theta
    return {"a": a, "b": (-1.0) ** q * (2 * q + 1) / theta}


def hippo_lagt(given):
    n = int(given["n"])
    return {"a": np.eye(n) / 2 - np.tril(np.ones((n, n))), "b": np.ones(n)}


def legs_states(given):
    f, n = array(given["f"]), int(given["n"])
    a, b = legs(n)

    def states(c, samples):
        out = []
        for t, sample in enumerate(samples, 1):
            c = scipy.linalg.solve_triangular(np.eye(n) - a / (2 * t), (np.eye(n) + a / (2 * t)) @ c + b * sample / t,
                                              lower=True)
            out.append(c)
        return out

    first = f[0] * np.eye(n)[0]
    return {"a": a, "b": b, "from_zero": np.array(states(np.zeros(n), f)), "from_first": np.array([first] + states(first, f[1:]))}


def reconstruct(given):
    c, x = array(given["c"]), array(given["x"])
    n = np.arange(len(c))[:, None]
    basis = {"legs": np.sqrt(2 * n + 1) * scipy.special.eval_legendre(n, 2 * x - 1),
             "legt": scipy.special.eval_legendre(n, 1 - 2 * x),
             "lagt": scipy.special.eval_laguerre(n, x) * np.exp(-x / 2)}
    return {**{f"basis_{way}": g.T for way, g in basis.items()}, **{way: c @ g for way, g in basis.items()}}


def discretise(a, b, dt, rule):
    alpha = {"forward": 0, "backward": 1, "bilinear": 0.5, "zoh": None}[rule]
    n = len(b)
    system = a, b[:, None], np.eye(n), np.zeros((n, 1))
    abar, bbar = scipy.signal.cont2discrete(system, dt, method="zoh" if alpha is None else "gbt", alpha=alpha)[:2]
    return abar, bbar[:, 0]


def discretisation(given, rule):
    abar, bbar = discretise(array(given["a"]), array(given["b"]), number(given["dt"]), rule)
    return {"abar": abar, "bbar": bbar}


def normal(n):
    """Eigenvalues and vectors of LegS's A + P P^T by a solver for any matrix, by ascending imaginary part."""
    a, b = legs(n)
    p = np.sqrt(np.arange(n) + 0.5)
    value, v = np.linalg.eig(a + np.outer(p, p))
    order = np.argsort(value.imag)
    return value[order], v[:, order], p, b


def parts(name, x):
    return {name + "_re": x.real, name + "_im": x.imag}


def nplr(given):
    a, _ = legs(int(given["n"]))
    value, v, p, b = normal(int(given["n"]))
    p, b, c = v.conj().T @ p, v.conj().T @ b, array(given["c"]) @ v
    return {"a": a, "b": legs(len(a))[1], **parts("lambda", value), "pp": abs(p) ** 2, "bp": (b * p.conj()).real,
            **parts("cb", c * b), **parts("cp", c * p)}


def powers(abar, bbar, c, length):
    return np.array([c @ np.linalg.matrix_power(abar, l) @ bbar for l in range(length)])


def diagonal_khat(value, b, c, dt, z):
    """2 sum_n c_n b_n / D_n."""
    return 2 * (c * b / (2 / dt * (1 - z[:, None]) - (1 + z[:, None]) * value)).sum(1)


def kernel_dplr(given):
    c, dt, length = array(given["c"]), number(given["dt"]), int(given["length"])
    a, b = legs(len(c))
    abar, bbar = discretise(a, b, dt, "bilinear")
    k = powers(abar, bbar, c, length)
    ctilde = c @ (np.eye(len(c)) - np.linalg.matrix_power(abar, length))
    value, v, _, _ = normal(len(c))
    z = np.exp(-2j * np.pi * np.arange(length) / length)
    return {"a": a, "b": b, "abar": abar, "bbar": bbar, "k": k, **parts("khat", np.fft.fft(k)), "ctilde": ctilde,
            **parts("khat_diagonal", diagonal_khat(value, v.conj().T @ b, ctilde @ v, dt, z))}


def kernel_s4d(given):
    dt, length = number(given["dt"]), int(given["length"])
    c, m = array(given["c_re"]) + 1j * array(given["c_im"]), len(given["c_re"])
    n = np.arange(m)

    def kernel(value, b, c):
        """2 Re of the recurrence of each mode."""
        z = np.exp(dt * value)
        return 2 * np.array([(c * b * (z - 1) / value * z ** l).sum() for l in range(length)]).real

    lin, inv = -0.5 + 1j * np.pi * n, -0.5 + 1j * (2 * m / np.pi) * (2 * m / (2 * n + 1) - 1)
    value, v, _, b = normal(2 * m)
    b, in_modes = (v.conj().T @ b)[m:] / 2, (array(given["c"]) @ v)[m:]
    return {**parts("lambda_lin", lin), "k_lin": kernel(lin, 1, c), **parts("lambda_inv", inv), "k_inv": kernel(inv, 1, c),
            **parts("lambda_legs", value[m:]), **parts("cb_legs", in_modes * b), "k_legs": kernel(value[m:], b, in_modes)}


def convolution(given):
    u, k = array(given["u"]), array(given["k"])
    khat, uhat, yhat = (np.fft.fft(x, 2 * len(k)) for x in (k, u, np.convolve(u, k)))
    return {**parts("khat", khat), **parts("uhat", uhat), **parts("yhat", yhat), "y": np.convolve(u, k)[:len(u)]}


def recurrence(given):
    c, d, u = array(given["c"]), number(given["d"]), array(given["u"])
    abar, bbar = discretise(array(given["a"]), array(given["b"]), number(given["dt"]), "bilinear")
    x, states = np.zeros(len(c)), []
    for value in u:
        x = abar @ x + bbar * value
        states.append(x)
    return {"abar": abar, "bbar": bbar, "x": np.array(states), "k": powers(abar, bbar, c, len(u)), "y": np.array(states) @ c + d * u}


def recurrence_s4d(given):
    value, b, c = (array(given[n + "_re"]) + 1j * array(given[n + "_im"]) for n in ("lambda", "b", "c"))
    u, d = array(given["u"]), number(given["d"])
    abar = np.exp(number(given["dt"]) * value)
    bbar = (abar - 1) / value * b
    x, states = np.zeros(len(b), complex), []
    for sample in u:
        x = abar * x + bbar * sample
        states.append(x)
    k = 2 * np.array([(c * bbar * abar ** l).sum() for l in range(len(u))]).real
    return {**parts("abar", abar), **parts("bbar", bbar), **parts("x", np.array(states)), "y": np.convolve(k, u)[:len(u)] + d * u}


def gradients(given):
    parts = {n: torch.complex(given[n + "_re"], given[n + "_im"]) for n in ("lambda", "b", "c")}
    value, u = parts["lambda"], given["u"]
    length = len(u)
    z = torch.exp(given["dt"] * value)
    k = 2 * (parts["c"] * parts["b"] * (z - 1) / value * z ** torch.arange(length)[:, None]).sum(1).real
    y = torch.stack([(k[:l + 1] * u[:l + 1].flip(0)).sum() for l in range(length)])
    loss = (y * given["loss_weight"]).sum()
    names = ["dt"] + [n + part for n in ("lambda", "b", "c") for part in ("_re", "_im")]
    found = torch.autograd.grad(loss, [k] + [given[n] for n in names])
    return {"k": k, "y": y, "loss": loss, "dk": found[0], **{"d" + n: g for n, g in zip(names, found[1:])}}


def gradients_dplr(given):
    """The dense resolvent of diag(lambda) - p p^*, without Woodbury and Cauchy sums."""
    value, p, b, c = (torch.complex(given[n + "_re"], given[n + "_im"]) for n in ("lambda", "p", "b", "c"))
    length = len(given["loss_weight"])
    eye = torch.eye(len(value), dtype=value.dtype)
    a = torch.diag(value) - torch.outer(p, p.conj())
    left, right = torch.linalg.inv(eye - given["dt"] / 2 * a), eye + given["dt"] / 2 * a
    z = torch.exp(-2j * torch.pi * torch.arange(length, dtype=torch.float64) / length)
    # a sum in place of @: the complex dot product of Debian's PyTorch 1.13 returns 0
    khat = torch.stack([(c * (torch.linalg.inv(eye - node * (left @ right)) @ left @ (given["dt"] * b))).sum() for node in z])
    k = torch.fft.ifft(khat).real
    diagonal = diagonal_khat(array(value), array(b), array(c), number(given["dt"]), array(z))
    loss = (k * given["loss_weight"]).sum()
    names = ["dt"] + [n + part for n in ("lambda", "p", "b", "c") for part in ("_re", "_im")]
    found = torch.autograd.grad(loss, [given[n] for n in names])
    return {**parts("khat_diagonal", diagonal), **parts("khat", array(khat)), "k": k, "loss": loss,
            **{"d" + n: g for n, g in zip(names, found)}}


def linear_algebra(given):
    a, b = array(given["a"]), array(given["b"])
    q, r = scipy.linalg.qr(b, mode="economic")
    sign = np.sign(np.diag(r))
    symmetric, v = scipy.linalg.eigh(a + a.T)
    hermitian, w = scipy.linalg.eigh((a + a.T) + 1j * (a - a.T))
    return {"q": q * sign, "r": sign[:, None] * r, "x": scipy.linalg.solve(a, b), "expm": scipy.linalg.expm(a),
            "symmetric": symmetric, "symmetric_projectors": np.einsum("ji,ki->ijk", v, v),
            "hermitian": hermitian, "hermitian_projectors": np.einsum("ji,ki->ijk", w, w.conj()).real}


run("s4", "NumPy, SciPy's linalg, signal and special; complex autograd", {
    "hippo_legs": hippo_legs,
    "hippo_legt": hippo_legt,
    "hippo_lagt": hippo_lagt,
    "legs_states": legs_states,
    "reconstruct": reconstruct,
    "forward": lambda given: discretisation(given, "forward"),
    "backward": lambda given: discretisation(given, "backward"),
    "bilinear": lambda given: discretisation(given, "bilinear"),
    "zoh": lambda given: discretisation(given, "zoh"),
    "nplr": nplr,
    "kernel_dplr": kernel_dplr,
    "kernel_s4d": kernel_s4d,
    "convolution": convolution,
    "recurrence": recurrence,
    "recurrence_s4d": recurrence_s4d,
    "gradients": gradients,
    "gradients_dplr": gradients_dplr,
    "linear_algebra": linear_algebra,
})
