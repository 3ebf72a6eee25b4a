"""Ours beside what a reader would use instead, in one run: the driver of `make bench`.

    make bench                  all of it, about twenty minutes on two idle cores
    make bench ONLY=lstm        what has this in its name; writes no table, but for
    make bench ONLY=attention/  chapter flash_attention, flash_attention.tsv, about six minutes
    make bench ONLY=gau/        chapter gau, gau.tsv, half a minute
    make bench ONLY=clip/       chapter clip, clip.tsv, a minute
    make bench ONLY=adamw/      chapter adamw, adamw.tsv, some seconds
    make bench ONLY=vit/        chapter vit, vit.tsv, half a minute
    make bench ONLY=rows/       chapter speculative, speculative.tsv, about two minutes
    make bench ONLY=conversion/ chapter mixed_precision, mixed_precision.tsv, half a minute
    make bench QUICK=1          only what has a goal and is soon over, a few turns each, about a minute; tells what misses it
    make bench NEWEST=PYTHON    with the packages of this interpreter (build/venv/bin/python)

Beside Debian's libopenblas-dev libsleef-dev libfftw3-dev python3-torch python3-numpy it wants a newer PyTorch and two
evaluations of COCO, gensim and ml_dtypes:

    python3 -m venv build/venv && build/venv/bin/pip install torch numpy pycocotools faster-coco-eval gensim ml_dtypes

Every contestant is a process that takes as many steps as it is told to and answers with the milliseconds of one, of the
wall clock, and with a value (bench.h, contestant.py). The values of an experiment's contestants must agree: a
training's losses from the same weights, AP, a mean error within four standard errors; products, transforms and
functions are compared in their own programs. Then they take turns, ours, theirs, ours, theirs ..., with slices of
about 40 ms, and a ratio is that of two neighbours, theirs / ours: above 1 ours is faster. Medians and quartiles go to
ratios.tsv, the machine to machine.tsv, COCO by size to map.tsv: only when all was there and all is done.

With one thread both have one. With two ours has two, each bound to a core; theirs one, two, or two that are bound,
whichever is fastest: what has threads of another kind than OpenMP's gets no second core from being bound.
"""
import argparse
import dataclasses
import datetime
import functools
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
SLICE = 40           # ms that a contestant has in a turn, in whole steps: so that few are cold
SECONDS = 1          # that a pair takes turns,
LEAST, MOST = 7, 41  # but at least and at most so often
CHECKED = 3          # single steps before, whose values are compared; only one,
SLOW = 2000          # and that is the first turn, where it takes more ms
PAUSE = 0.02         # seconds until the threads of the one before no longer wait for work

# OpenBLAS takes a processor that is newer than itself for one of 2004 and is then a third as fast, and PyTorch 1 leaves
# AVX-512 unused: both are told what the machine has. OpenBLAS's threads are to sleep when they have nothing to do.
FLAGS = set(pathlib.Path("/proc/cpuinfo").read_text().split())
AVX512 = "avx512vl" in FLAGS
TOLD = {"OPENBLAS_THREAD_TIMEOUT": "4"}
# Each thread has a core of its own. Left to the system, the second thread of a process that has slept is often woken on the
# core of the first and waits there for 12 ms, a third of a turn.
BOUND = {"OMP_PROC_BIND": "true", "OMP_PLACES": "cores"}
if "avx2" in FLAGS:
    TOLD["OPENBLAS_CORETYPE"] = "SkylakeX" if AVX512 else "Haswell"
    TOLD["ATEN_CPU_CAPABILITY"] = "avx512" if AVX512 else "avx2"


class Contestant:
    """A process that takes steps. It is warm once it has taken some."""

    def __init__(self, command, threads, told, bound):
        self.command, self.threads, self.values, self.steps = [str(c) for c in command], threads, [], 1
        number = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        if bound:
            number |= BOUND
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        start_new_session=True, env={**os.environ, **TOLD, **number, **told})

    def __call__(self):
        """The milliseconds of one step."""
        try:
            self.process.stdin.write(f"{self.steps}\n")
            self.process.stdin.flush()
            ms, value = map(float, self.process.stdout.readline().split())
        except (ValueError, BrokenPipeError):
            sys.exit(f"this contestant ended: {' '.join(self.command)}")
        self.values.append(value)
        if self.threads > 1:
            time.sleep(PAUSE)
        return ms

    def warm_up(self):
        ms = self()
        while ms < SLOW and len(self.values) < CHECKED:
            ms = self()
        self.steps = max(1, round(SLICE / ms))
        return ms

    def end(self):
        self.process.stdin.close()
        self.process.wait()


@dataclasses.dataclass
class Theirs:
    id: str
    name: str
    command: list
    goal: float = None  # of the ratio, with one thread
    two: float = None   # and with two
    told: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Experiment:
    id: str
    name: str
    ours: list
    theirs: list
    threads: tuple = (1,)
    tolerance: float = 1e-4  # of values, relative; None: their means agree within four standard errors
    least: int = None        # turns; LEAST
    gflop: float = None      # of a step
    peak: float = None       # GF/s of a core
    before: callable = None  # makes what the contestants read


@dataclasses.dataclass
class Ratio:
    """A line of ratios.tsv."""
    id: str
    experiment: str
    against: str
    threads: int
    ours_ms: float
    theirs_ms: float
    ratio: float
    low: float = None  # quartiles
    high: float = None
    turns: int = 0
    goal: float = None
    of_peak: float = None  # the part of the machine's multiply-adds that ours does


def agree(tolerance, ours, theirs):
    if tolerance is None:
        error = sum(statistics.variance(v) / len(v) for v in (ours, theirs)) ** 0.5
        return abs(statistics.mean(ours) - statistics.mean(theirs)) < 4 * error
    return all(abs(a - b) <= tolerance * max(abs(a), 1e-3) for a, b in zip(ours[:CHECKED], theirs[:CHECKED]))


def ratio_of(e, t, threads, turns):
    """The line of what ours and theirs took in their turns."""
    ours, theirs = (statistics.median(column) for column in zip(*turns))
    ratios = [b / a for a, b in turns]
    row = Ratio(f"{e.id}/{t.id}/{threads}", e.name, t.name, threads, ours, theirs, statistics.median(ratios), turns=len(turns))
    if len(turns) > 1:
        row.low, _, row.high = statistics.quantiles(ratios, n=4, method="inclusive")
    row.goal = t.goal if threads == 1 else t.two
    if e.gflop and e.peak:
        row.of_peak = 1e3 * e.gflop / ours / (threads * e.peak)
    return row


def take_turns(e, ours, theirs):
    """The times of each pair, (who, our threads, (their threads, bound)): [(ours, theirs), ...]."""
    warm = {c: c.warm_up() for c in [*ours.values(), *theirs.values()]}
    turns = {(id, n, form): [] for id, form in theirs for n in e.threads if form[0] <= n}
    if max(warm.values()) > SLOW:
        turns = {(id, n, form): [(warm[ours[n]], warm[theirs[id, form]])] for id, n, form in turns}
    until = time.monotonic() + SECONDS * len(turns)
    for _ in range(len(next(iter(turns.values()))), MOST):
        if len(next(iter(turns.values()))) >= (e.least or LEAST) and time.monotonic() > until:
            break
        for (id, n, form), times in turns.items():
            times.append((ours[n](), theirs[id, form]()))
    return turns


def run(e):
    """The lines of one experiment."""
    if e.before:
        e.before()
    ours = {n: Contestant(e.ours, n, {}, bound=n > 1) for n in e.threads}
    forms = [(n, bound) for n in e.threads for bound in (False, True) if n > 1 or not bound]
    theirs = {(t.id, form): Contestant(t.command, form[0], t.told, form[1]) for t in e.theirs for form in forms}
    turns = take_turns(e, ours, theirs)
    for c in [*ours.values(), *theirs.values()]:
        c.end()
        if not agree(e.tolerance, ours[1].values, c.values):
            sys.exit(f"{e.name}: ours gives {ours[1].values[:CHECKED]}, {' '.join(c.command)} {c.values[:CHECKED]}")
    rows = []
    for t in e.theirs:
        for n in e.threads:
            of_n = [times for (id, a, _), times in turns.items() if (id, a) == (t.id, n)]
            rows.append(ratio_of(e, t, n, min(of_n, key=lambda times: statistics.median(b for _, b in times))))
    return rows


# ---- The experiments ----


def output(*command):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout.strip()


class Machine:
    """What there is to compare with. `missing` has what is not there, by what would install it."""

    def __init__(self, build, pythons):
        self.programs, self.missing = build / "tests/bench", []
        found = [(p, self.packages(p)) for p in pythons]
        torches = sorted(((self.number(has["torch"]), has["torch"], p) for p, has in found if "torch" in has), key=lambda t: t[0])
        self.torches = list({version: (version, p) for _, version, p in torches}.values())
        if not self.torches:
            self.missing.append("PyTorch (python3-torch)")
        elif len(self.torches) == 1:
            self.missing.append(f"a PyTorch beside {self.torches[0][0]} (python3-torch; pip install torch)")
        self.numpy, self.pycocotools, self.faster_coco_eval, self.gensim, self.ml_dtypes = (
            next(((has[name], p) for p, has in found if name in has), None)
            for name in ("numpy", "pycocotools", "faster_coco_eval", "gensim", "ml_dtypes"))
        for name, package in ("numpy", "python3-numpy"), ("pycocotools", "pip install pycocotools"), \
                ("faster_coco_eval", "pip install faster-coco-eval"), ("gensim", "pip install gensim"), \
                ("ml_dtypes", "pip install ml_dtypes"):
            if not getattr(self, name):
                self.missing.append(f"{name} ({package})")
        for name, package in ("matmul", "libopenblas-dev"), ("functions", "libsleef-dev"), ("fft", "libfftw3-dev"):
            if not self.has(name):
                self.missing.append(package)
        self.avx2 = build / "avx2/tests/bench"  # the same programs for AVX2 on a machine with more
        self.peak = {p: float(output(p / "matmul", "peak")) for p in (self.programs, self.avx2) if (p / "matmul").exists()}

    @staticmethod
    def packages(python):
        """The versions of those packages that the interpreter can import."""
        try:
            return json.loads(output(python, "-W", "ignore", "-c", """
import importlib, importlib.metadata, json
has = {}
for name in "torch", "numpy", "pycocotools", "faster_coco_eval", "gensim", "ml_dtypes":
    try:
        importlib.import_module(name)
        has[name] = importlib.metadata.version(name)
    except ImportError:
        pass
print(json.dumps(has))"""))
        except (OSError, subprocess.CalledProcessError):
            return {}

    @staticmethod
    def number(version):
        return tuple(int(n) for n in re.findall(r"\d+", version)[:3])

    def has(self, program):
        return (self.programs / program).exists()

    def table(self, load):
        """machine.tsv: item, value."""
        cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
        with open(self.programs.parents[1] / "compiled-with") as f:
            compiler, version, *flags = f.read().split()
        yield "processor", cpu[1] if cpu else platform.machine()
        yield "cores", os.cpu_count()
        yield "kernel", f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}"
        yield "compiler", f"{compiler} {version}"
        yield "instruction set", next((f[7:] for f in flags if f.startswith("-march=")), platform.machine())
        for name, package in ("OpenBLAS", "openblas"), ("SLEEF", "sleef"), ("FFTW", "fftw3"):
            yield name, output("pkg-config", "--modversion", package)
        yield from (("PyTorch", ".".join(map(str, self.number(version)))) for version, _ in self.torches)
        yield "NumPy", self.numpy[0]
        yield "pycocotools", self.pycocotools[0]
        yield "faster-coco-eval", self.faster_coco_eval[0]
        yield "gensim", self.gensim[0]
        yield "ml_dtypes", self.ml_dtypes[0]
        yield "peak of one core, GF/s", f"{self.peak[self.programs]:.4g}"
        if self.avx2 in self.peak:
            yield "the same with AVX2", f"{self.peak[self.avx2]:.4g}"
        yield "load before", f"{load:.2f}"
        yield "date", datetime.date.today()


def products(m):
    """Of square matrices; with AVX2 alone, too, where the machine has more."""
    for programs, peak in m.peak.items():
        own = programs == m.programs
        told = {} if own else {"OPENBLAS_CORETYPE": "Haswell"}
        for n in 64, 128, 256, 512, 1024:
            yield Experiment(f"matmul/{n}" + "_avx2" * (not own), f"matrix product, {n}" + " (AVX2)" * (not own),
                             [programs / "matmul", "ours", n],
                             [Theirs("openblas", "OpenBLAS", [programs / "matmul", "openblas", n], 0.97, told=told)],
                             threads=(1, 2), gflop=2e-9 * n ** 3, peak=peak)
        # Of one row to eight, as a language model's next token needs them.
        for n in 1, 2, 4, 8:
            sizes = n, 768, 256
            yield Experiment(f"matmul/{n}_rows" + "_avx2" * (not own), f"{n} row{'s' * (n > 1)} x (256, 768)" + " (AVX2)" * (not own),
                             [programs / "matmul", "ours", *sizes],
                             [Theirs("openblas", "OpenBLAS", [programs / "matmul", "openblas", *sizes], 1 / 1.2, told=told)],
                             gflop=2e-9 * n * 768 * 256, peak=peak)


def functions(m):
    for name in "exp32", "log32", "tanh32", "erf32", "exp64", "log64", "sin64", "cos64":
        goal = 1 if name[:3] in ("exp", "log", "tan") else None
        shown = f"{name[:-2]}, {'float' if name.endswith('32') else 'double'}"
        yield Experiment("function/" + name, shown, [m.programs / "functions", "ours", name],
                         [Theirs("sleef", "SLEEF", [m.programs / "functions", "sleef", name], goal),
                          Theirs("libm", "libm", [m.programs / "functions", "libm", name])])


def transforms(m):
    for n in 1024, 2048, 4096, 8192, 16384:
        yield Experiment(f"fft/{n}", f"Fourier transform, {n}", [m.programs / "fft", "ours", n],
                         [Theirs("fftw", "FFTW", [m.programs / "fft", "fftw", n], 1 / 1.5 if n > 1024 else None)])


# name, in words, SIZE, its counterparts in steps.py with what tells them apart and the goals with one thread and with two,
# 10^9 operations of a step.
# Of products only, backward twice as many as forward: of a layer's T B (I + H) G H, whose inputs want no gradient (so
# 2.5 in place of 3), and of a Transformer's tokens times its matrices and pairs times 2 D.
RECURRENT = 2.5 * 2e-9 * 100 * 32 * 2 * 128 * 128
TRANSFORMER = {D: 3 * 2e-9 * 16 * D * (D // 32 * (12 * D * D + 2 * D * D) + 64 * D) for D in (64, 128)}
TRAININGS = [
    ("rnn", "RNN, width 32", 32, [("rnn_loop", ", loop", 10, None)], None),
    ("rnn", "RNN, width 128", 128, [("rnn", "", None, None), ("rnn_loop", ", loop", None, None)], RECURRENT),
    ("lstm", "LSTM, width 32", 32, [("lstm_loop", ", loop", 10, None)], None),
    ("lstm", "LSTM, width 128", 128, [("lstm", "", 1.4, 1.1), ("lstm_loop", ", loop", None, None)], 4 * RECURRENT),
    ("gru", "GRU, width 128", 128, [("gru", "", None, None)], 3 * RECURRENT),
    ("transformer", "Transformer, width 64", 64, [("transformer", "", None, None), ("transformer_fused", ", fused", 1.4, 1.1)], TRANSFORMER[64]),
    ("transformer", "Transformer, width 128", 128, [("transformer", "", None, None), ("transformer_fused", ", fused", 1.2, 1.1)], TRANSFORMER[128]),
    ("linear_attention", "linear attention", 0, [("linear_attention", "", None, 1.3), ("linear_attention_loop", ", loop", 10, None)], None),
    ("performer", "Performer", 64, [("performer", "", None, None)], None),
    ("s4d", "S4D", 64, [("s4d", "", None, 1.3)], None),
    ("additions", "1000 additions of 4 numbers", 1000, [("additions", "", None, None)], None),
]


def trainings(m, folder):
    for name, words, size, counterparts, gflop in TRAININGS:
        id = f"training/{name}" + f"_{size}" * words.endswith(f"width {size}")
        numbers = folder / id.replace("/", "_")
        theirs = []
        for version, python in m.torches:
            for script, apart, *goals in counterparts:
                if script.endswith("fused") and m.number(version) < (2,):
                    continue  # without scaled_dot_product_attention
                which = "newest" if version == m.torches[-1][0] else "debian"
                theirs.append(Theirs(which + script[len(name):], f"PyTorch {'.'.join(map(str, m.number(version)[:2]))}{apart}",
                                     [python, HERE / "steps.py", script, size, numbers], *goals))
        yield Experiment(id, words, [m.programs / "steps", name, size], theirs, (1, 2) if gflop or name in ("linear_attention", "performer", "s4d") else (1,),
                         gflop=gflop, peak=m.peak.get(m.programs),
                         before=functools.partial(output, m.programs / "steps", name, size, numbers))


def attentions(m, folder):
    """Attention by chapter flash_attention: two heads of width 64, forward, and with backward; and a training step of a
    language model of width 128, 4 layers, 2048 tokens. Beside chapter 2's and the newest PyTorch's, fused and not."""
    version, python = m.torches[-1]
    if m.number(version) < (2,):
        return
    torch = f"PyTorch {'.'.join(map(str, m.number(version)[:2]))}"
    program, script = m.programs / "flash_attention", HERE / "flash_attention.py"
    for what, words in ("forward", "attention"), ("both", "attention and backward"), ("step", "training step"):
        for causal in (0, 1) if what != "step" else (1,):
            for n in (512, 1024, 2048, 4096) if what != "step" else (128, 256, 512, 1024, 2048):
                id = f"attention/{what}{'_causal' * (causal and what != 'step')}_{n}"
                numbers = folder / id.replace("/", "_")
                task = [what, n, causal]
                goal = None if what == "step" else 1.7 if causal else 1.2
                yield Experiment(id, f"{words}{', causal' * (causal and what != 'step')}, {n}", [program, *task, "ours"],
                                 [Theirs("chapter_2", "chapter 2", [program, *task, "unfused"], goal),
                                  Theirs("flash", f"{torch}, fused", [python, script, *task, "flash", numbers], 0.5 if what != "step" else None),
                                  Theirs("math", f"{torch}, explicit", [python, script, *task, "math", numbers])],
                                 (1, 2), tolerance=1e-3, before=functools.partial(output, program, *task, "write", numbers))


def few_rows(m, folder):
    """Chapter speculative's product of few rows, one core: rows of width D times weights (4 D, D)."""
    version, python = m.torches[-1]
    program = m.programs / "speculative"
    for D in (64, 256, 1024, 2048):
        for n in (1, 2, 3, 4, 5, 6, 8):
            numbers = folder / f"rows_{n}_{D}"
            yield Experiment(f"rows/{D}_{n}", f"rows, {n} of width {D}", [program, n, D, "ours"],
                             [Theirs("torch", f"PyTorch {'.'.join(map(str, m.number(version)[:2]))}, linear", [python, HERE / "speculative.py", n, D, numbers], 0.77),
                              Theirs("packed", "weights that are copied first", [program, n, D, "packed"])],
                             tolerance=1e-3, before=functools.partial(output, program, n, D, "write", numbers))


TABLE_HEADER = "id experiment against threads ours_ms theirs_ms ratio low high turns goal".split()


# What has a table of its own, by how its experiments' names begin.
TABLES = {"adamw/": "adamw.tsv", "attention/": "flash_attention.tsv", "checkpointing/": "checkpointing.tsv",
          "clip/": "clip.tsv", "conversion/": "mixed_precision.tsv", "gau/": "gau.tsv", "rows/": "speculative.tsv",
          "vit/": "vit.tsv"}


def table_of(beginning, rows):
    return [[getattr(row, name) for name in TABLE_HEADER] for row in rows if row.id.startswith(beginning)]


def units(m, folder):
    """Chapter gau: FLASH beside the unit with all pairs, two of these beside chapter 2's layer, and both beside PyTorch."""
    program, (version, python) = m.programs / "gau", m.torches[-1]
    torch = f"PyTorch {'.'.join(map(str, m.number(version)[:2]))}"
    for n in 256, 512, 1024, 2048:
        yield Experiment(f"gau/flash_{n}", f"FLASH, {n}", [program, "flash", n, "cost"],
                         [Theirs("quadratic", "all pairs", [program, "quadratic", n, "cost"], 1 if n >= 512 else None)])
        yield Experiment(f"gau/units_{n}", f"two gated units, {n}", [program, "units", n, "cost"],
                         [Theirs("layer", "chapter 2's layer", [program, "layer", n, "cost"], 1)])
        for what in "quadratic", "flash":
            numbers = folder / f"gau_{what}_{n}"
            yield Experiment(f"gau/{what}_torch_{n}", f"{'FLASH' if what == 'flash' else 'gated unit'}, {n}",
                             [program, what, n, "ours"], [Theirs("torch", torch, [python, HERE / "gau.py", what, n, numbers], 0.67)],
                             tolerance=1e-3, before=functools.partial(output, program, what, n, "write", numbers))


def pairs(m, folder):
    """Chapter clip: a training step, and CLIP's loss with its gradients, with its table of scores and in blocks, beside PyTorch."""
    program, (version, python) = m.programs / "clip", m.torches[-1]
    torch = f"PyTorch {'.'.join(map(str, m.number(version)[:2]))}"
    for n in 64, 256, 1024, 4096:
        numbers = folder / f"clip_{n}"
        for what, goal in ("whole", 1), ("blocks", 2 if n == 4096 else None):
            yield Experiment(f"clip/{what}_{n}", f"CLIP's loss, {'in blocks' if what == 'blocks' else 'its table'}, {n}",
                             [program, what, n, "ours"], [Theirs("torch", torch, [python, HERE / "clip.py", "loss", n, numbers], goal)],
                             tolerance=1e-3, before=functools.partial(output, program, what, n, "write", numbers))
    for n in 64, 256:
        numbers = folder / f"clip_step_{n}"
        yield Experiment(f"clip/step_{n}", f"CLIP, a training step, {n}", [program, "step", n, "ours"],
                         [Theirs("torch", torch, [python, HERE / "clip.py", "step", n, numbers], 1)],
                         tolerance=1e-3, before=functools.partial(output, program, "step", n, "write", numbers))


def optimisers(m, folder):
    """A step of AdamW on 4 million values, beside the newest PyTorch's three ways."""
    version, python = m.torches[-1]
    if m.number(version) < (2,):
        return
    torch, program, numbers = f"PyTorch {'.'.join(map(str, m.number(version)[:2]))}", m.programs / "adamw", folder / "adamw"
    yield Experiment("adamw/step", "AdamW, 4 million values", [program, "ours"],
                     [Theirs(how, f"{torch}, {how}", [python, HERE / "adamw.py", how, numbers], 1 / 1.1 if how == "fused" else None)
                      for how in ("fused", "foreach", "loop")], before=functools.partial(output, program, "write", numbers))


def conversions(m, folder):
    """Chapter mixed_precision: 4 million floats to patterns of 16 bits, or rounded and still floats."""
    torch = "torch", f"PyTorch {'.'.join(map(str, m.number(m.torches[-1][0])[:2]))}", m.torches[-1][1]
    program, numbers = m.programs / "mixed_precision", folder / "conversion"
    numpy, ml_dtypes = ((name, f"{shown} {has[0]}", has[1]) for name, shown, has in (("numpy", "NumPy", m.numpy), ("ml_dtypes", "ml_dtypes", m.ml_dtypes)))
    for what, name, others in ("patterns", "fp16", (torch, numpy)), ("patterns", "bf16", (torch, ml_dtypes)), \
            ("round", "fp16", (torch,)), ("round", "bf16", (torch,)), ("round", "E4M3", (ml_dtypes,)):
        apart = "" if what == "patterns" else ", there alone" if name == "E4M3" else ", there and back"
        yield Experiment(f"conversion/{what}_{name}", f"{'to patterns of' if what == 'patterns' else 'rounded to'} {name}", [program, what, name],
                         [Theirs(other, shown + apart, [python, HERE / "mixed_precision.py", what, name, other, numbers], 0.5 if other == "torch" else None)
                          for other, shown, python in others], before=functools.partial(output, program, "write", numbers))


def checkpoints(m, folder):
    """A training step of a language model with every layer computed again, beside our plain tape and PyTorch's checkpoint
    and plain step. The goal: at most 5 % more than one forward of four, the formula."""
    version, python = m.torches[-1]
    torch = f"PyTorch {'.'.join(map(str, m.number(version)[:2]))}"
    program, script = m.programs / "checkpointing", HERE / "checkpointing.py"
    for n in (128, 512, 1024):
        numbers = folder / f"checkpointing_{n}"
        yield Experiment(f"checkpointing/step_{n}", f"training step, layers again, {n}", [program, n, "again"],
                         [Theirs("plain", "our plain tape", [program, n, "plain"], 0.71),
                          Theirs("checkpoint", f"{torch}, checkpoint", [python, script, n, "again", numbers]),
                          Theirs("torch_plain", f"{torch}, plain", [python, script, n, "plain", numbers])],
                         (1,), tolerance=1e-3, before=functools.partial(output, program, n, "write", numbers))


def pictures(m, folder):
    """Chapter vit: a training step of its two nets on 64 pictures, and a convolution, beside the newest PyTorch's (oneDNN's)."""
    program, (version, python) = m.programs / "vit", m.torches[-1]
    torch = f"PyTorch {'.'.join(map(str, m.number(version)[:2]))}"
    for what, side, name, goal in ("vit", 16, "ViT, a training step", 1), ("net", 16, "net of convolutions, a training step", 1), \
            ("convolution", 8, "convolution, 8 x 8", 0.5), ("convolution", 16, "convolution, 16 x 16", 0.5), \
            ("convolution", 32, "convolution, 32 x 32", 0.5):
        numbers = folder / f"vit_{what}_{side}"
        yield Experiment(f"vit/{what}_{side}", name, [program, what, side],
                         [Theirs("torch", torch, [python, HERE / "vit.py", what, side, numbers], goal)],
                         before=functools.partial(output, program, what, side, numbers))


def walks(m):
    yield Experiment("td/random_walk", "TD(0) on a random walk", [m.programs / "td"],
                     [Theirs("numpy", "NumPy, arrays", [m.numpy[1], HERE / "td.py", "arrays"]),
                      Theirs("numpy_loop", "NumPy, loop", [m.numpy[1], HERE / "td.py", "loop"], 10)], tolerance=None)


def word_vectors(m, folder):
    """One epoch on 60,000 words, 28,489 different ones; vectors of 100, window 5, 5 negatives."""
    text = folder / "words.txt"
    for method, goal in ("skip-gram", 1.2), ("cbow", 1), ("tree", 1):
        theirs = [Theirs(how, f"gensim {m.gensim[0]}, {how}", [m.gensim[1], "-W", "ignore", HERE / "word2vec.py", method, how, text], goal)
                  for how in ("lists", "file")]
        yield Experiment(f"word2vec/{method}", f"word vectors, {method}", [m.programs / "word2vec", method, text], theirs,
                         before=functools.partial(output, m.programs / "word2vec", "write", text))


COCO_SETS = 10, 40, 160, 1000, 5000  # images


def evaluations(m, folder, counts):
    """COCO: evaluation, and the reading of its JSON. counts: of ground truths and detections, for map.tsv."""

    def write(images, of):
        if images not in counts:
            of.mkdir()
            counts[images] = [int(n) for n in output(m.programs / "map", "write", of, images).split()]

    for images in COCO_SETS:
        of = folder / str(images)
        for what, name in ("evaluate", "COCO evaluation"), ("read", "reading COCO's JSON"):
            theirs = []
            for package in "pycocotools", "faster_coco_eval":
                if getattr(m, package):
                    goal = {"evaluate": 80, "read": 3}[what] if (images, package) == (5000, "pycocotools") else None
                    theirs.append(Theirs(package, package.replace("_", "-"),
                                         [getattr(m, package)[1], HERE / "map.py", package, what, of], goal))
            yield Experiment(f"coco/{what}_{images}", f"{name}, {images} images", [m.programs / "map", what, of], theirs,
                             tolerance=1e-12, least=1 if images == 5000 else 3,
                             before=functools.partial(write, images, of))


def all_experiments(m, folder, counts):
    if m.has("matmul"):
        yield from products(m)
    if m.has("functions"):
        yield from functions(m)
    if m.has("fft"):
        yield from transforms(m)
    if m.torches:
        yield from trainings(m, folder)
        yield from attentions(m, folder)
        yield from units(m, folder)
        yield from pairs(m, folder)
        if m.has("adamw"):
            yield from optimisers(m, folder)
        if m.has("speculative"):
            yield from few_rows(m, folder)
        if m.ml_dtypes and m.has("mixed_precision"):
            yield from conversions(m, folder)
        if m.has("checkpointing"):
            yield from checkpoints(m, folder)
        if m.has("vit"):
            yield from pictures(m, folder)
    if m.numpy:
        yield from walks(m)
    if m.gensim and m.has("word2vec"):
        yield from word_vectors(m, folder)
    if m.pycocotools or m.faster_coco_eval:
        yield from evaluations(m, folder, counts)


# What a quick run leaves out, beside what has no goal: by how their names begin.
LONG = ("attention/", "coco/", "gau/", "matmul/1024", "rows/", "word2vec/")


def is_quick(e):
    return not e.id.startswith(LONG) and any(t.goal or t.two for t in e.theirs)


# ---- The tables ----


def is_listed(row):
    """Whether ratios.tsv has the line: COCO by size stands in map.tsv, and TABLES have their own."""
    return not row.id.startswith(("coco/", *TABLES)) or row.id.split("/")[1] in ("evaluate_1000", "evaluate_5000", "read_5000")


def coco_table(rows, counts):
    """map.tsv: seconds of ours and theirs for each set."""
    by = {row.id: row for row in rows}
    for images, (truths, detections) in counts.items():
        read, evaluate = (by[f"coco/{what}_{images}/pycocotools/1"] for what in ("read", "evaluate"))
        fast = by[f"coco/evaluate_{images}/faster_coco_eval/1"]
        yield (images, truths, detections, read.ours_ms / 1e3, evaluate.ours_ms / 1e3, read.theirs_ms / 1e3,
               evaluate.theirs_ms / 1e3, fast.theirs_ms / 1e3, evaluate.ratio,
               (read.theirs_ms + evaluate.theirs_ms) / (read.ours_ms + evaluate.ours_ms))


COCO_HEADER = ("images ground_truths detections read_seconds evaluate_seconds pycocotools_read_seconds pycocotools_seconds "
               "faster_coco_eval_seconds evaluation_ratio whole_ratio").split()


def text(value):
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def write(name, header, lines):
    part = HERE / (name + ".part")
    part.write_text("".join("\t".join(map(text, line)) + "\n" for line in [header, *lines]))
    part.rename(HERE / name)


def with_two_threads(rows):
    """The pairs of lines, with one thread and with two, where ours takes longer with two (by more than a twentieth)."""
    one = {(row.experiment, row.against): row for row in rows if row.threads == 1}
    told = set()
    for two in (row for row in rows if row.threads == 2):
        before = one[two.experiment, two.against]
        if two.experiment not in told and two.ours_ms > 1.05 * before.ours_ms:
            told.add(two.experiment)
            yield before, two


def tell(row):
    spread = f"({row.low:.2f} to {row.high:.2f})" if row.low else ""
    goal = f"goal {row.goal:g}" + " missed" * (row.ratio < row.goal) if row.goal else ""
    print(f"{row.experiment:32} {row.against:20} {row.threads} {row.ours_ms:10.4g} {row.theirs_ms:10.4g} {row.ratio:8.2f} {spread:18} {goal}",
          flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--build", type=pathlib.Path, default="build", help="where the programs are built")
    arguments.add_argument("--only", default="", help="experiments that have this in their name; no table is written")
    arguments.add_argument("--quick", action="store_true", help="what has a goal, a few turns each; tells what misses it")
    arguments.add_argument("pythons", nargs="*", default=["python3"], help="interpreters, asked in this order for what they have")
    options = arguments.parse_args()
    if options.quick:
        global SECONDS, LEAST
        SECONDS, LEAST = 0.3, 3
    load = os.getloadavg()[0]
    m = Machine(options.build, options.pythons)
    if m.missing:
        print(f"left out, since these are missing: {', '.join(m.missing)}")
    print(f"{'':32} {'against':20} threads, ms of ours and theirs, ratio (quartiles)")
    rows, counts = [], {}
    with tempfile.TemporaryDirectory() as folder:
        for e in all_experiments(m, pathlib.Path(folder), counts):
            if (options.only in e.id or options.only in e.name) and (not options.quick or is_quick(e)):
                for row in run(e):
                    rows.append(row)
                    if not options.quick or row.goal and row.ratio < row.goal:
                        tell(row)
    for one, two in with_two_threads(rows):
        print(f"{one.experiment:32} with two threads {two.ours_ms:.4g} ms, with one {one.ours_ms:.4g}: slower")
    missed = sum(row.ratio < row.goal for row in rows if row.goal)
    print(f"{sum(row.goal is not None for row in rows)} goals, {missed} missed; load before the run {load:.2f}")
    if options.only in TABLES and rows and not options.quick:
        write(TABLES[options.only], TABLE_HEADER, table_of(options.only, rows))
        return
    if m.missing or options.only or options.quick:
        print("That was not all of it: the tables stay as they are.")
        return
    write("ratios.tsv", [f.name for f in dataclasses.fields(Ratio)], [dataclasses.astuple(r) for r in rows if is_listed(r)])
    write("machine.tsv", ["item", "value"], m.table(load))
    write("map.tsv", COCO_HEADER, coco_table(rows, counts))
    for beginning, name in TABLES.items():
        write(name, TABLE_HEADER, table_of(beginning, rows))


try:
    main()
except KeyboardInterrupt:
    sys.exit("\ninterrupted: the tables stay as they are")
