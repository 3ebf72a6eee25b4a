"""Changes one line at a time of what the reader touches (files, frame, checker, press) and runs the suites that
hold it: a change that no test notices is listed, and is either a missing test or a line that could go.

    python3 tests/broken_lines.py [--build build/sanitize] [--only PATH] [--every K] [--jobs N]

The build is the one of `make sanitize`, so that a byte too far, or memory that is not given back, is noticed.

broken_lines.tsv has the changes that were looked at and cannot be seen by a test, with the reason. Exit status 1
where others survive.
"""

import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

# Each source and the suites that hold it.
SUITES = {
    "common/files/fail.c": ["file"],
    "common/files/file.c": ["file"],
    "common/files/memory.c": ["file"],
    "common/files/npy.c": ["npy"],
    "common/files/table.c": ["table"],
    "common/frame/program.c": ["frame"],
    "common/frame/progress.c": ["frame"],
    "common/frame/parallel.c": ["frame"],
    "common/frame/training.c": ["frame"],
    "common/frame/timing.c": ["frame"],
    "common/frame/claims.c": ["frame"],
    "common/frame/case.c": ["frame"],
    "common/frame/case_tensor.c": ["frame"],
    "common/checker/likeness.c": ["likeness", "compare"],
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
    """All (line number from 0, new line) of a source: the pieces above, and every plain statement left out."""
    lines = open(path).read().split("\n")
    comment = "--" if path.endswith(".lua") else "//"
    for n, line in enumerate(lines):
        code = code_of(line, comment)
        if not code.strip() or code.startswith(("#", "static const", "enum", "typedef")) or code.endswith("\\"):
            continue
        seen = set()
        buffers = re.match(r"\s*(static )?(_Thread_local )?char \w+\[", code)
        for pattern, to in SWAPS:
            if buffers and to is None: # a buffer's size
                continue
            for m in re.finditer(pattern, code):
                if pattern.startswith("if") and path.endswith(".lua"):
                    continue
                new = str(int(m.group()) + 1) if to is None else to
                changed = line[:m.start()] + new + line[m.end():]
                if changed not in seen and changed != line:
                    seen.add(changed)
                    yield n, changed
        whole = code.strip()
        statement = re.match(r"[\w.>\[\]*-]+(\(.*\)| [-+|*]?= .*);$", whole) and not whole.startswith("return")
        if statement and not re.match(r"(const|static|int|long|char|double|float|size_t|bool|table|npy|tensor)\b", whole):
            yield n, line[:len(line) - len(line.lstrip())] + ";"


class Bench:
    """A copy of the sources and objects in a folder of its own, where a changed source is built and tested."""

    def __init__(self, build, path):
        self.path, self.folder = path, tempfile.mkdtemp(prefix="broken-")
        self.source = os.path.join(self.folder, os.path.basename(path))
        self.build = build
        flags = open(os.path.join(build, "compiled-with")).read().split()
        at = flags.index("-std=gnu11")
        self.flags = [f for f in flags[at:] if f not in ("-Werror", "-MMD", "-MP")] + ["-w"]
        self.link_flags = ["-fopenmp"] + [f for f in flags if f.startswith("-fsanitize")]

    def run(self, *command, **options):
        """The command's status; one that does not end within a minute is stopped with all that it started."""
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, start_new_session=True, **quiet, **options)
        try:
            return process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            return "endless"
        finally:
            # Check gives each test a process group of its own; the session is one.
            subprocess.run(["pkill", "-KILL", "-s", str(process.pid)])
            process.wait()

    def link(self, out, first):
        check = subprocess.run(["pkg-config", "--libs", "check"], capture_output=True, text=True).stdout.split()
        return self.run("gcc", *self.link_flags, *first, os.path.join(self.build, "libcommon.a"), *check, "-lm", "-o", out)

    def verdict(self, n, new):
        """'killed', 'survives' or 'no program'."""
        lines = open(self.path).read().split("\n")
        lines[n] = new
        open(self.source, "w").write("\n".join(lines))
        environment = dict(os.environ, BUILD=self.folder, CK_DEFAULT_TIMEOUT="20",
                           ASAN_OPTIONS="allocator_may_return_null=1")
        if self.path.endswith(".lua"):
            environment["WEAVE"] = self.source
        else:
            changed = self.source[:-2] + ".o"
            if self.run("gcc", *self.flags, "-c", self.source, "-o", changed):
                return "no program"
            own = os.path.basename(self.path)[:-2]
            for tool in TOOLS:
                main = changed if own == tool else f"{self.build}/common/checker/{tool}.o"
                extra = [] if own in TOOLS else [changed]
                if self.link(f"{self.folder}/{tool}", [main] + extra):
                    return "no program"
        for suite in SUITES[self.path]:
            program = os.path.join(self.folder, suite + ".test")
            objects = [f"{self.build}/tests/{suite}.o"]
            if not self.path.endswith(".lua") and os.path.basename(self.path)[:-2] not in TOOLS:
                objects.append(self.source[:-2] + ".o")
            if self.link(program, objects):
                return "no program"
            if self.run(program, env=environment):
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
    parser.add_argument("--only", default="", help="sources whose path has this in it")
    parser.add_argument("--every", type=int, default=1, help="every K-th change only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    known, count = looked_at(), {"killed": 0, "survives": 0, "no program": 0, "cannot be seen": 0}
    work = [(path, n, new) for path in SUITES if options.only in path for n, new in changes(path)][::options.every]

    def one(job):
        path, n, new = job
        old = open(path).read().split("\n")[n]
        if (path, old.strip(), new.strip()) in known:
            return job, old, "cannot be seen"
        bench = Bench(options.build, path)
        try:
            return job, old, bench.verdict(n, new)
        finally:
            bench.close()

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for (path, n, new), old, verdict in pool.map(one, work):
            count[verdict] += 1
            if verdict == "survives":
                print(f"{path}:{n + 1}\t{old.strip()}\t{new.strip()}", flush=True)
    print(", ".join(f"{number} {verdict}" for verdict, number in count.items()))
    return 1 if count["survives"] else 0


if __name__ == "__main__":
    sys.exit(main())
