"""The tokenizer of chapter bpe beside tiktoken and Hugging Face's tokenizers, in turns in one run, one thread each:

    make build/tests/bench/bpe build/bpe/bpe && build/venv/bin/python tests/bench/bpe.py

Two texts of 10 MB: what this machine has in /usr/share/doc and in Python's library (UTF-8 only), and the agglutinative
language. Seconds are the processor's, so that what else runs counts little; medians of the turns go to bpe.tsv. All must give
the same ids, and the same merges. Training is from the bytes, counting the pieces included. It needs tiktoken and tokenizers.
"""
import base64
import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import tempfile
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
import tiktoken  # noqa: E402
import tokenizers  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[1] / "build"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
V, TURNS, PART = 8192, 7, 2_000_000  # tokenizers encodes this part only: it is slow


def files():
    for top, kinds in (("/usr/share/doc", ("", ".txt", ".html", ".md")), (os.path.dirname(os.__file__), (".py",))):
        size = 0
        for path in sorted(pathlib.Path(top).rglob("*")):
            if size < 5_000_000 and path.suffix in kinds and path.is_file():
                try:
                    text = path.read_bytes()
                    text.decode()
                except (OSError, UnicodeDecodeError):
                    continue
                size += len(text)
                yield text


def seconds(f, *arguments):
    start = time.process_time()
    value = f(*arguments)
    return time.process_time() - start, value


class Ours:
    def __init__(self, text, ranks):
        self.process = subprocess.Popen([BUILD / "tests/bench/bpe", text, ranks], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        return float(answer[0]), (int(answer[1]), int(answer[2]))


def trainer(text):
    theirs = tokenizers.Tokenizer(tokenizers.models.BPE())
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    theirs.train_from_iterator([text], tokenizers.trainers.BpeTrainer(
        vocab_size=V, min_frequency=0, show_progress=False, initial_alphabet=sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())))
    return theirs


def measure(name, path, folder, out):
    ranks = folder / "ranks"
    subprocess.run([BUILD / "bpe/bpe", "--train", path, "--vocabulary", str(V), "--save", ranks], check=True, stdout=subprocess.DEVNULL)
    table = {base64.b64decode(a): int(b) for a, b in map(bytes.split, ranks.read_bytes().splitlines())}
    enc = tiktoken.Encoding("ours", pat_str=GPT2, mergeable_ranks=table, special_tokens={})
    text = path.read_bytes().decode()
    size, part = len(text.encode()) / 1e6, text[:PART]
    ours, times = Ours(path, ranks), {}
    for turn in range(TURNS):
        answers = {"ours": ours("encode"), "ours, no cache": ours("plain"), "tiktoken": seconds(enc.encode_ordinary, text)}
        ids = answers["tiktoken"][1]
        assert answers["ours"][1] == answers["ours, no cache"][1] == (len(ids), sum(ids)), "other ids"
        for who, (s, _) in answers.items():
            times.setdefault(("encode", who), []).append(s / size)
        if turn < 3:
            s, theirs = seconds(trainer, text)
            t, mine = ours(f"train {V}")
            merges = json.loads(theirs.to_str())["model"]
            number = {n: i for n, i in merges["vocab"].items()}
            assert mine == (len(merges["merges"]), sum(number[a] + number[b] for a, b in merges["merges"])), "other merges"
            times.setdefault(("train", "tokenizers"), []).append(s / size)
            times.setdefault(("train", "ours"), []).append(t / size)
        if turn < 2:
            s, encoded = seconds(theirs.encode, part)
            assert encoded.ids == enc.encode_ordinary(part)
            times.setdefault(("encode", "tokenizers"), []).append(s / (len(part.encode()) / 1e6))
    for (what, who), all_times in times.items():
        mb = 1 / statistics.median(all_times)
        ratio = statistics.median(all_times) / statistics.median(times[what, "ours"])
        out.append((f"{name}/{what}/{who}", f"{mb:.3g}", f"{ratio:.3g}"))
        print(f"{name:14} {what:7} {who:16} {mb:8.2f} MB/s   {ratio:6.2f} times ours' seconds")


def main():
    out = []
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    print(cpu[1] if cpu else platform.machine(), "tiktoken", tiktoken.__version__, "tokenizers", tokenizers.__version__)
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        (folder / "machine").write_bytes(b"".join(files()))
        subprocess.run([BUILD / "tests/bench/bpe", "language", folder / "language"], check=True)
        measure("docs and code", folder / "machine", folder, out)
        measure("agglutinative", folder / "language", folder, out)
    with open(HERE / "bpe.tsv", "w") as f:
        f.write("run\tmb_per_second\tseconds_over_ours\n")
        f.writelines("\t".join(row) + "\n" for row in out)


if __name__ == "__main__":
    main()
