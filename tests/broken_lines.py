"""Changes one line at a time of what the reader touches (files, frame, checker, press) and runs the suites that
hold it: a change that no test notices is listed, and is either a missing test or a line that could go.

    python3 tests/broken_lines.py [--build build/sanitize] [--quick BUILD] [--only PATH] [--every K] [--from I] [--jobs N]

`make broken-lines` makes the build that it needs: the one of `make sanitize`, so that a byte too far, or memory that
is not given back, is noticed. With --quick a change is tried in that build before (one of OPT=-O0): only what
nothing notices there is tried again. Each suite first passes on the unchanged source, without which no failure means anything.

broken_lines.tsv has the changes that were looked at and cannot be seen by a test, with the reason. Exit status 1
where others survive.
"""

import argparse
import collections
import concurrent.futures
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time

# Each source and the suites that hold it.
SUITES = {
    "common/files/escape.c": ["escape"],
    "common/files/fail.c": ["file"],
    "common/files/file.c": ["file"],
    "common/files/from.c": ["frame", "compare"],
    "common/files/memory.c": ["file"],
    "common/files/npy.c": ["npy"],
    "common/files/standard.c": ["file"],
    "common/files/table.c": ["table"],
    "common/frame/program.c": ["frame", "progress"],
    "common/frame/progress.c": ["progress"],
    "common/frame/parallel.c": ["frame"],
    "common/frame/stack.c": ["frame"],
    "common/frame/training.c": ["frame", "progress"],
    "common/frame/timing.c": ["progress"],
    "common/frame/claims.c": ["frame"],
    "common/frame/case.c": ["frame"],
    "common/frame/case_tensor.c": ["frame"],
    "common/checker/likeness.c": ["likeness", "measures", "compare"],
    "common/checker/axes.c": ["measures", "compare"],
    "common/checker/beside.c": ["measures", "compare"],
    "common/checker/fit.c": ["measures"],
    "common/checker/overlap.c": ["measures", "compare"],
    "common/checker/product.c": ["measures", "compare"],
    "common/checker/recurrence.c": ["compare"],
    "common/checker/update.c": ["compare"],
    "common/checker/resembles.c": ["compare"],
    "common/checker/place.c": ["compare"],
    "common/checker/reference.c": ["compare"],
    "common/checker/known.c": ["compare"],
    "common/checker/report.c": ["compare"],
    "common/checker/compare.c": ["compare"],
    "common/checker/mistakes.c": ["compare"],
    "common/press/weave.lua": ["weave"],
}
TOOLS = ["compare", "mistakes"]

# What a line's piece becomes.
SWAPS = [
    (r"(?<![<>=!-])<(?![<=])", "<="), (r"<=", "<"), (r"(?<![->])>(?![>=])", ">="), (r"(?<!>)>=", ">"),
    (r"==", "!="), (r"!=", "=="), (r"~=", "=="), (r"&&", "||"), (r"\|\|", "&&"),
    (r"\band\b", "or"), (r"\bor\b", "and"), (r" \+ ", " - "), (r" - ", " + "), (r"\btrue\b", "false"),
    (r"\bfalse\b", "true"), (r"\+\+", "--"), (r" \* ", " / "), (r"(?<![\w.%])(\d+)(?![\w.])", None),
    (r"if \((.+)\)$", "if (0)"), (r"if \((.+)\)$", "if (1)"), (r"\breturn (?!NULL;|false;|true;)([^;]+);", "return 0;"),
]


def code_of(line, comment):
    """The line with its strings and comment blanked, in the same places."""
    line = re.sub(r'"(?:[^"\\]|\\.)*"' + "|'(?:[^'\\\\]|\\\\.)*'", lambda m: "\x01" * len(m.group()), line)
    at = line.find(comment)
    return line if at < 0 else line[:at] + " " * (len(line) - at)


def changes(path):
    """All (line number from 0, line, new line) of a source: the pieces above, and every plain statement left out."""
    lines = open(path).read().split("\n")
    comment = "--" if path.endswith(".lua") else "//"
    for n, line in enumerate(lines):
        code = code_of(line, comment)
        if not code.strip() or code.startswith(("#", "static const", "enum", "typedef")) or code.endswith("\\"):
            continue
        seen = set()
        buffers = re.match(r"\s*(static )?(_Thread_local )?char \w+\[", code)
        for pattern, to in SWAPS:
            to = "~=" if to == "!=" and path.endswith(".lua") else to
            if buffers and to is None: # a buffer's size
                continue
            for m in re.finditer(pattern, code):
                if pattern.startswith("if") and path.endswith(".lua"):
                    continue
                new = str(int(m.group()) + 1) if to is None else to
                changed = line[:m.start()] + new + line[m.end():]
                if changed not in seen and changed != line:
                    seen.add(changed)
                    yield n, line, changed
        whole = code.strip()
        statement = re.match(r"[\w.>\[\]*-]+(\(.*\)| [-+|*]?= .*);$", whole) and not whole.startswith("return")
        if statement and not re.match(r"(const|static|int|long|char|double|float|size_t|bool|table|npy|tensor)\b", whole):
            yield n, line, line[:len(line) - len(line.lstrip())] + ";"


class Bench:
    """A folder of its own, where a changed source is compiled, linked and tested."""

    def __init__(self, build):
        self.folder, self.build, self.limits = tempfile.mkdtemp(prefix="broken-"), build, {}
        self.killers = collections.Counter() # (suite, its test): how many changes it noticed
        flags = open(os.path.join(build, "compiled-with")).read().split()
        at = flags.index("-std=gnu11")
        self.flags = [f for f in flags[at:] if f not in ("-Werror", "-MMD", "-MP")] + ["-w", "-g0"]
        self.link_flags = ["-fopenmp"] + [f for f in flags if f.startswith("-fsanitize")]
        self.check = subprocess.run(["pkg-config", "--libs", "check"], capture_output=True, text=True).stdout.split()

    def run(self, *command, limit=60, out=subprocess.DEVNULL, **options):
        """The command's status; one that does not end in time is stopped with all that it started."""
        quiet = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, start_new_session=True, **quiet, **options)
        try:
            return process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            return "endless"
        finally:
            # Check gives each test a process group of its own; the session is one.
            subprocess.run(["pkill", "-KILL", "-s", str(process.pid)])
            process.wait()

    def link(self, out, objects):
        library = os.path.join(self.build, "libcommon.a")
        return self.run("gcc", *self.link_flags, *objects, library, *self.check, "-lm", "-o", f"{self.folder}/{out}")

    def link_suite(self, suite, changed):
        """The suite's program, and what else it runs, with the object files `changed`; False: there is none."""
        own = [os.path.basename(path)[:-2] for path in changed]
        for tool in TOOLS if suite == "compare" else []:
            main = [] if tool in own else [f"{self.build}/common/checker/{tool}.o"]
            if self.link(tool, main + [c for c, name in zip(changed, own) if name not in TOOLS or name == tool]):
                return False
        objects = [c for c, name in zip(changed, own) if name not in TOOLS]
        return self.link(suite + ".test", [f"{self.build}/tests/{suite}.o"] + objects) == 0

    def test(self, suite, **environment):
        asan = "allocator_may_return_null=1:exitcode=99" # compare itself ends with 1
        settings = {**os.environ, "BUILD": self.folder, "ASAN_OPTIONS": asan, **environment}
        program, limit, said = f"{self.folder}/{suite}.test", self.limits.get(suite, 60), f"{self.folder}/said"
        # First the tests that notice most, alone.
        for (of, name), _ in self.killers.most_common(5):
            if of == suite and self.run(program, limit=limit, env={**settings, "CK_RUN_CASE": name}):
                self.killers[of, name] += 1
                return 1
        with open(said, "w") as out:
            status = self.run(program, limit=limit, out=out, env={**settings, "UNTIL_FAILED": "1"})
        failed = re.search(r":[FE]:(\w+):\1:", open(said, errors="replace").read())
        if status and failed:
            self.killers[suite, failed.group(1)] += 1
        return status

    def prepare(self, suite):
        """The suite passes on the sources as they are; on a changed one it may take ten times as long."""
        if suite not in self.limits:
            begin = time.time()
            if not self.link_suite(suite, []) or self.test(suite):
                raise SystemExit(f"{suite}.test does not pass on the sources as they are: it can judge no change")
            if suite == "weave" and not self.test(suite, WEAVE="/dev/null"):
                raise SystemExit("weave.test does not notice an empty weaver: it is older than its source")
            self.limits[suite] = 10 + 10 * (time.time() - begin)

    def verdict(self, path, n, new):
        """'killed', 'survives' or 'no program'."""
        lines = open(path).read().split("\n")
        lines[n] = new
        source = os.path.join(self.folder, os.path.basename(path))
        open(source, "w").write("\n".join(lines))
        for suite in SUITES[path]:
            self.prepare(suite)
        if path.endswith(".c"):
            environment, changed = {}, [source[:-2] + ".o"]
            if self.run("gcc", *self.flags, "-c", source, "-o", changed[0]):
                return "no program"
        else:
            environment, changed = {"WEAVE": source}, []
            if self.run("lua5.4", "-e", f"assert(loadfile('{source}'))"):
                return "no program"
        for suite in SUITES[path]:
            if changed and not self.link_suite(suite, changed):
                return "no program"
            if self.test(suite, **environment):
                return "killed"
        return "survives"

    def close(self):
        shutil.rmtree(self.folder)


def looked_at():
    path = os.path.join(os.path.dirname(__file__), "broken_lines.tsv")
    rows = [line.split("\t") for line in open(path).read().splitlines()[1:]]
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", default="build/sanitize")
    parser.add_argument("--quick", help="a quicker build, where each change is tried before")
    parser.add_argument("--only", default="", help="sources whose path has this in it")
    parser.add_argument("--every", type=int, default=1, help="every K-th change only")
    parser.add_argument("--from", type=int, default=0, dest="first", help="from the I-th change on: another sample")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    known, verdicts = looked_at(), ["killed", "cannot be seen", "survives", "no program"]
    paths = [path for path in SUITES if options.only in path]
    if not paths:
        raise SystemExit(f"--only {options.only}: no source has this in its path; there are {', '.join(SUITES)}")
    work = [(path, n, old, new) for path in paths for n, old, new in changes(path)]
    possible = {(path, old.strip(), new.strip()) for path, _, old, new in work}
    for path, old, new in [row for row in known if row[0] in paths and row not in possible]:
        raise SystemExit(f"broken_lines.tsv: {path} has no line\t{old}\tthat would become\t{new}")
    count = {path: dict.fromkeys(verdicts, 0) for path in paths}
    benches = queue.SimpleQueue()
    for _ in range(options.jobs):
        benches.put([Bench(build) for build in (options.quick, options.build) if build])

    def one(job):
        path, n, old, new = job
        if (path, old.strip(), new.strip()) in known:
            return job, "cannot be seen"
        pair = benches.get()
        try:
            verdicts = (bench.verdict(path, n, new) for bench in pair)
            return job, next((v for v in verdicts if v != "survives"), "survives")
        finally:
            benches.put(pair)

    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for (path, n, old, new), verdict in pool.map(one, work[options.first::options.every]):
                count[path][verdict] += 1
                if verdict == "survives":
                    print(f"{path}:{n + 1}\t{old.strip()}\t{new.strip()}", flush=True)
    finally:
        while not benches.empty():
            for bench in benches.get():
                bench.close()
    count["all"] = {verdict: sum(row[verdict] for row in count.values()) for verdict in verdicts}
    print("source", *verdicts, sep="\t")
    for path, row in count.items():
        print(path, *row.values(), sep="\t")
    return 1 if count["all"]["survives"] else 0


if __name__ == "__main__":
    sys.exit(main())
