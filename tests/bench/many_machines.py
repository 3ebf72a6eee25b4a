"""The word count of chapter many_machines beside what the shell has, in turns in one run:

    make many_machines && python3 tests/bench/many_machines.py

A text of 2.75 MB, 600 000 words by Zipf's law: wc_map | sort | wc_reduce; tr | sort | uniq -c; mawk with its hash.
Seconds are the wall clock's of the whole pipe; medians of the turns go to many_machines.tsv. All must count the same.
"""
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BIN = HERE.parents[1] / "build/many_machines"
TURNS, WORDS, V = int(sys.argv[1]) if len(sys.argv) > 1 else 7, 600_000, 20_000


def main():
    draw = random.Random(1)
    text = " ".join(f"w{k}" for k in draw.choices(range(1, V + 1), [1 / k for k in range(1, V + 1)], k=WORDS)) + "\n"
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "text"
        path.write_text(text)
        sort = "LC_ALL=C sort"
        pipes = {
            "ours": f"'{BIN}/wc_map' <'{path}' | {sort} | '{BIN}/wc_reduce'",
            "tr, sort, uniq": rf"tr -s ' \t' '\n' <'{path}' | {sort} | LC_ALL=C uniq -c | awk '{{ print $2 \"\t\" $1 }}'".replace('\\"', '"'),
            "mawk": f"""mawk '{{ for (i = 1; i <= NF; i++) n[$i]++ }} END {{ for (w in n) print w "\t" n[w] }}' '{path}' | {sort}""",
        }
        seconds, counts = {who: [] for who in pipes}, {}
        for _ in range(TURNS):
            for who, pipe in pipes.items():
                start = time.monotonic()
                out = subprocess.run(pipe, shell=True, capture_output=True, check=True).stdout
                seconds[who].append(time.monotonic() - start)
                counts[who] = sorted(out.split(b"\n"))
        assert all(c == counts["ours"] for c in counts.values()), "other counts"
        ours = statistics.median(seconds["ours"])
        with open(HERE / "many_machines.tsv", "w") as f:
            f.write("run\tmegabytes\tseconds\tseconds_over_ours\n")
            for who, s in seconds.items():
                median = statistics.median(s)
                f.write(f"{who}\t{len(text) / 1e6:.2f}\t{median:.3f}\t{median / ours:.3g}\n")
                print(f"{who:16} {median:.3f} s, {median / ours:.2f} of ours'")


if __name__ == "__main__":
    main()
