#!/usr/bin/env bash
# The mappers and reducers on what is bad for them, as a user would meet it: empty input, no newline at the end, keys of
# a megabyte, a gigabyte in constant memory, a full disk, a closed pipe, unsorted input.
set -euo pipefail
bin=$1/many_machines
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
die() { echo "streams.sh: $*" >&2; exit 1; }
count() { "$bin/wc_map" | LC_ALL=C sort -S 256M -T "$folder" | "$bin/wc_reduce"; }

[ -z "$(: | count)" ] || die "empty input gives something"
[ "$(printf 'b a\nb' | count)" = $'a\t1\nb\t2' ] || die "no newline at the end"

# Held against tr, sort and uniq on a text: the book's own.
cat chapters/*/*.md >"$folder/text"
count <"$folder/text" >"$folder/ours"
tr -s ' \t\n\v\f\r' '\n' <"$folder/text" | grep . | LC_ALL=C sort | LC_ALL=C uniq -c | sed -E 's/^ *([0-9]+) (.*)$/\2\t\1/' | LC_ALL=C sort >"$folder/theirs"
LC_ALL=C sort "$folder/ours" | cmp - "$folder/theirs" || die "other counts than sort and uniq"
echo "the counts of $(wc -w <"$folder/text") words are those of sort and uniq -c"
# The reducer is its own combiner, however the text is split.
split -n l/7 "$folder/text" "$folder/split-"
for f in "$folder"/split-*; do count <"$f"; done | LC_ALL=C sort | "$bin/wc_reduce" | cmp - "$folder/ours" || die "combined: other counts"

head -c 1000000 /dev/zero | tr '\0' x >"$folder/key"
(cat "$folder/key"; echo; cat "$folder/key") | count >"$folder/long"
[ "$(wc -c <"$folder/long")" = 1000003 ] && [ "$(tail -c 3 "$folder/long")" = $'\t2' ] || die "a key of a megabyte"
echo "a key of 1 MB is counted twice"

# A gigabyte through mapper and reducer: the most memory that either takes.
peak() { grep -o '[0-9]*$' "$1"; }
{ yes "the quick brown fox jumps over the lazy dog" || true; } | head -c "${GIGABYTE:-1000000000}" >"$folder/big"
/usr/bin/env python3 - "$bin" "$folder/big" <<'PYTHON'
import os, resource, subprocess, sys
folder, big = sys.argv[1:]
size = os.path.getsize(big)
def most(command, feed):
    """The peak memory of a child in MB that reads what `feed` gives."""
    pid = os.fork()
    if pid == 0:
        with open(os.devnull, "wb") as null:
            subprocess.run(command, stdin=feed, stdout=null, check=True)
        print(f"{os.path.basename(command[0])}: at most {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.1f} MB for {size / 1e6:.0f} MB", flush=True)
        os._exit(0 if resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 16 * 1024 else 1)
    if os.waitpid(pid, 0)[1]:
        sys.exit(f"streams.sh: {command[0]} takes more than 16 MB")
most([f"{folder}/wc_map"], open(big, "rb"))
lines = subprocess.Popen(["sh", "-c", f"yes 'key\t1' | head -c {size}; echo"], stdout=subprocess.PIPE)
cut = subprocess.Popen(["sed", "/^key\t1$/!d"], stdin=lines.stdout, stdout=subprocess.PIPE)
most([f"{folder}/wc_reduce"], cut.stdout)
PYTHON
rm "$folder/big"

# A full disk, and errors: a line on stderr, status 2.
refused() { # EXPECTED COMMAND...
    local expected=$1 status=0; shift
    bash -c "$*" >"$folder/out" 2>"$folder/error" || status=$?
    [ "$status" = 2 ] && grep -qF -- "$expected" "$folder/error" && [ "$(wc -l <"$folder/error")" = 1 ] || die "$*: status $status, $(cat "$folder/error")"
}
refused "No space left on device" "yes word | head -c 10000000 | $bin/wc_map >/dev/full"
refused "No space left on device" "printf 'a\t1\n' | $bin/wc_reduce >/dev/full"
refused "No space left on device" "printf 'a\001b\n' | $bin/explode --column 2 >/dev/full"
refused "stdin:2: a key that stands before the one above it" "printf 'ab\t1\na-b\t12\nab\t2\n' | $bin/wc_reduce"
refused "stdin:1: expected a key, a tab and a count" "echo key | $bin/wc_reduce"
refused "stdin:2: the row has fewer than 2 columns" "printf '1\001a\n2\n' | $bin/explode --column 2"
refused "--column K is missing" "$bin/explode </dev/null"
refused "expected a whole number from 1" "$bin/explode --column 0 </dev/null"
refused "unknown option --posex" "$bin/explode --column 1 --posex </dev/null"
refused "it reads stdin and has no options" "$bin/wc_map FILE"
refused "cannot be opened" "$bin/many_machines --text $folder/none --out $folder/o"
refused "--splits is for --text" "$bin/many_machines --splits 3 --out $folder/o"
refused "expected a whole number from 1" "$bin/many_machines --text $folder/text --splits 0 --out $folder/o"

# The job in one process, on the same text: its parts together are the definition.
"$bin/many_machines" --text "$folder/text" --splits 13 --reducers 3 --out "$folder/job"
LC_ALL=C sort "$folder"/job/part-* | cmp - "$folder/theirs" || die "the job's parts are not the definition"
echo "all that is bad was told in a line, status 2"
