"""Runs the programs that book.md shows on the way from an empty file to "all agrees"."""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
text = (ROOT / "book.md").read_text()


def fence(language):
    return re.search(rf"^```{language}\n(.*?)^```$", text, re.S | re.M).group(1)


# README shows the same answer with lines left out.
shown = re.search(r"^```text\n(3 of .*?)^```$", (ROOT / "README.md").read_text(), re.S | re.M).group(1)
for line in shown.splitlines():
    if line.strip() != "..." and line not in fence("text").splitlines():
        sys.exit(f'README.md shows "{line}" of the checker\'s answer; book.md has another one')


def compare(folder):
    case = "chapters/transformer/reference/attention"
    return subprocess.run([ROOT / "build/compare", case, folder / "mine"], cwd=folder, capture_output=True, text=True)


def rounded(said):
    """The reader's number in six digits: another NumPy adds in another order."""
    return re.sub(r"got (\S+)", lambda m: f"got {float(m[1]):.6g}", said)


def expect(what, said, status):
    if said.returncode != status:
        sys.exit(f"book.md, {what}: status {said.returncode}, expected {status}\n{said.stdout}{said.stderr}")


with tempfile.TemporaryDirectory() as name:
    here = pathlib.Path(name)
    (here / "chapters").symlink_to(ROOT / "chapters")
    python = fence("python")
    for wrong in (True, False):
        program = python if wrong else python.replace("q.shape[1] * q.shape[3]", "q.shape[3]")
        subprocess.run([sys.executable, "-c", program], cwd=here, check=True)
        said = compare(here)
        expect("Python", said, int(wrong))
        if wrong and rounded(said.stdout) != rounded(fence("text")):
            sys.exit(f"book.md shows another answer of the checker; it is now\n{said.stdout}")
    for language, command in (("c", ["cc", "-O1", "-o", "a", "a.c", "-lm"]),
                              ("rust", ["rustc", "--edition", "2021", "-O", "-o", "a", "a.rs"])):
        if not shutil.which(command[0]):
            print(f"{command[0]} is not installed: book.md's program in {language} was not run")
            continue
        (here / ("a.c" if language == "c" else "a.rs")).write_text(fence(language))
        shutil.rmtree(here / "mine")
        (here / "mine").mkdir()
        subprocess.run(command, cwd=here, check=True, capture_output=True)
        subprocess.run([here / "a"], cwd=here, check=True)
        expect(language, compare(here), 0)
