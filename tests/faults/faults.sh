#!/usr/bin/env bash
# What goes wrong on real machines, made to go wrong: `make faults` runs this at the top of the checkout. A run that is
# cut off leaves no half file, and the next one is whole; a disk that is full, a folder that cannot be written and memory
# that ends are told in a line, with status 2; folders, locales and settings of other people change no bit.
#
#     bash tests/faults/faults.sh BUILD "CHAPTERS" [PART...]    exit status 1 where something did not hold
set -uo pipefail
build=$1 chapters=$2 at=$1/faults failed=0
shift 2
program=$build/td/td right=$at/right
rm -rf "$at"
mkdir -p "$at"

say() { printf '%-52s %s\n' "$1" "$2"; }
wrong() {
    say "$1" "WRONG: $2"
    failed=1
}

# The same files with the same bytes, timings apart.
same() { diff -rq -x '*.svg' -x '*.timing.tsv' "$1" "$2" >"$at/difference"; }

# ---- A program that is ended ----
programs() {
    local cut=0 signal files out=$at/ended pid file
    for signal in KILL INT TERM HUP QUIT; do
        for files in 1 5 20 40 60 80; do
            rm -rf "$out"
            $program --quick --out "$out" >/dev/null 2>&1 &
            pid=$!
            while kill -0 $pid 2>/dev/null && [ "$(find "$out" -type f 2>/dev/null | wc -l)" -lt $files ]; do :; done
            kill -$signal $pid 2>/dev/null && cut=$((cut + 1))
            { wait $pid; } 2>/dev/null
            for file in $(cd "$out" 2>/dev/null && find . -type f ! -name '*.part' ! -name '*.timing.tsv'); do
                cmp -s "$out/$file" "$right/$file" || wrong "SIG$signal after $files files" "$file is half"
            done
            [ $signal = KILL ] || [ -z "$(find "$out" -name '*.part' 2>/dev/null)" ] || wrong "SIG$signal after $files files" "leaves a .part"
            $program --quick --out "$out" >/dev/null || wrong "after SIG$signal" "the next run fails"
            find "$out" -name '*.part' -delete
            same "$right" "$out" || wrong "after SIG$signal" "$(head -1 "$at/difference")"
        done
    done
    [ $cut -ge 20 ] || wrong "programs ended" "only $cut of 30 were ended before their end"
    say "30 programs ended by five signals ($cut in time)" "no half file, the next run is whole"
}

# ---- A build that is interrupted ----
# map has every step: objects, a run, mistakes (three of them), publish. Each round begins with some of it gone, and the
# stamps of the round before in place, which must not pass for its own; it is killed at another place: ten times after a
# part of its time, ten times when it has written a part of its files.
builds() {
    local copy=$at/checkout begin span round pid all
    local inner=$copy/build
    again() { rm -rf "$inner"/map/out "$inner"/chapters/map/{map,cases}.o "$inner"/map/mistakes/coco-*/{done,out}; }
    outer_make() { exec setsid make -s -C "$copy" BUILD=build OPT=-O1 RUN=--quick build/map/published; }
    inner_make() { (outer_make) >"$at/log" 2>&1; }
    mkdir -p "$copy"
    git ls-files -z | xargs -0 cp --parents -t "$copy"
    sed -n '1p; /^coco-crowd-[tuo]/p' chapters/map/mistakes.tsv >"$copy/chapters/map/mistakes.tsv"
    [ "$(wc -l <"$copy/chapters/map/mistakes.tsv")" = 4 ] || { wrong "a build of map" "has other mistakes than three"; return; }
    inner_make || { wrong "a build of map" "$(tail -1 "$at/log")"; return; }
    cp -r "$inner/map/out" "$at/published"
    all=$(find "$at/published" -type f | wc -l)
    [ -n "$(find "$at/published" -name mistakes.tsv)" ] || wrong "a build of map" "publishes no mistakes"
    begin=$(date +%s%N)
    again
    inner_make
    span=$((($(date +%s%N) - begin) / 1000000))
    for round in $(seq 20); do
        again
        (outer_make) >/dev/null 2>&1 &
        pid=$!
        if [ $round -le 10 ]; then sleep "$(echo "$span $round" | awk '{ print $1 * $2 / 11000 }')"
        else while kill -0 $pid 2>/dev/null && [ "$(find "$inner/map/out" -type f 2>/dev/null | wc -l)" -le $((all * (round - 11) / 10)) ]; do :; done; fi
        { kill -KILL -- -$pid && wait $pid; } 2>/dev/null
        if ! inner_make; then
            say "make after kill $round of 20" "ends with an error: $(tail -1 "$at/log")"
        elif ! same "$at/published" "$inner/map/out"; then
            wrong "make after kill $round of 20" "$(head -1 "$at/difference")"
        fi
    done
    say "a build killed at 20 places, $span ms long" "the next make gives all that an undisturbed one gives"
    # What lies there is a quick run: it is not taken for the whole one.
    if make -s -C "$copy" BUILD=build OPT=-O1 map >"$at/log" 2>&1; then wrong "make map over a quick run" "draws its figures"
    elif ! grep -q 'holds another run than the whole one' "$at/log"; then wrong "make map over a quick run" "$(tail -1 "$at/log")"
    else say "make map over a quick run" "is refused"; fi
}

# ---- Other machines ----
# What the Makefile says of them; what they compute is in make reproducible.
machines() {
    local v2="sse4_2 ssse3 avx" v3="avx2 bmi1 bmi2 f16c fma abm movbe" v4="avx512f avx512bw avx512cd avx512dq avx512vl" without
    refused "a compiler for 32 bits" 'compiles for 32 bits, .*needs a 64-bit machine' make CC="gcc -m32" BUILD="$at/none" "$at/none/libcommon.a"
    arch() { # FLAGS EXPECTED
        local got
        got=$(make -pn CPU=x86_64 FLAGS="$1" BUILD="$at/none" help 2>/dev/null | sed -n 's/^ARCH := //p')
        [ "$got" = "$2" ] || wrong "a machine with $1" "is taken for ${got:-nothing}, not $2"
    }
    arch "$v2" x86-64
    arch "$v2 $v3" x86-64-v3
    arch "$v2 $v3 $v4" x86-64-v4
    for without in $v3; do arch "$v2 $(echo $v3 $v4 | sed "s/\b$without\b//")" x86-64; done
    for without in $v4; do arch "$v2 $v3 $(echo $v4 | sed "s/\b$without\b//")" x86-64-v3; done
    say "machines that lack one of the 13 flags of a level" "get the level below"
}

# ---- Nowhere to write ----
# refused WHAT PATTERN COMMAND...: status 2, and one line that fits the pattern.
refused() {
    local what=$1 pattern=$2 status
    shift 2
    "$@" >"$at/stdout" 2>"$at/stderr"
    status=$?
    if [ $status != 2 ]; then wrong "$what" "status $status"
    elif ! grep -qE "$pattern" "$at/stderr" || [ "$(grep -c . "$at/stderr")" != 1 ]; then wrong "$what" "$(head -2 "$at/stderr")"
    else say "$what" "$(sed 's/^[a-z]*: //' "$at/stderr" | cut -c1-90)"; fi
}
nowhere() {
    refused "standard output is full" 'No space left' bash -c "$program --quick --out $at/x >/dev/full"
    refused "the pipe behind standard output is closed" 'Broken pipe' bash -c "{ sleep 1; $program --help; } | true; exit \${PIPESTATUS[0]}"
    refused "the output is under a file" 'Not a directory' $program --quick --out Makefile/x
    refused "the output is in /proc" 'No such file|cannot be made' $program --quick --out /proc/x
    refused "files of at most 1 kB" 'File too large' bash -c "ulimit -f 1; exec $program --quick --out $at/y"
    refused "four files open at most" 'Too many open files' bash -c "ulimit -n 4; exec $program --quick --out $at/z"
    if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
        mkdir -p "$at/disk"
        refused "a disk of 100 kB" 'No space left' unshare -m bash -c "mount -t tmpfs -o size=100k none $at/disk && exec $program --quick --out $at/disk/out"
        refused "a disk that is read-only" 'Read-only' unshare -m bash -c "mount -t tmpfs -o ro none $at/disk && exec $program --quick --out $at/disk/out"
    else
        say "full and read-only disks" "left out: mounting one needs root"
    fi
}

# ---- Memory that ends ----
ends() { # NAME COMMAND...
    local name=$1 n status told=0
    shift
    for n in $(seq 0 199); do
        rm -rf "$at/short"
        MEMORY_ENDS=$n LD_PRELOAD=$at/memory_ends.so "$@" >"$at/stdout" 2>"$at/stderr"
        status=$?
        [ $status = 0 ] && continue
        # What OpenMP's library takes for itself and its threads ends the program in its own way.
        if [ $status = 1 ] && grep -qE '^libgomp: (Out of memory|Thread creation failed)' "$at/stderr"; then told=$((told + 1))
        elif [ $status != 2 ]; then wrong "$name, allocation $n fails" "status $status: $(head -1 "$at/stderr")"
        elif ! tail -1 "$at/stderr" | grep -qiE 'memory|alloc'; then wrong "$name, allocation $n fails" "$(head -1 "$at/stderr")"
        else told=$((told + 1)); fi
    done
    [ $told -ge 20 ] || wrong "$name: memory ends at 200 places" "only $told were told"
    say "$name: memory ends at 200 places" "$told told in a line, $((200 - told)) go on"
}
memory() {
    local case=chapters/rnn/reference/lstm
    gcc -shared -fPIC -O1 -o "$at/memory_ends.so" tests/faults/memory_ends.c -ldl || { wrong memory "no gcc"; return; }
    ends compare "$build/compare" $case $case
    ends td $program --quick --cases --threads 1 --out "$at/short"
    ends map "$build/map/map" --gt tests/faults/truth.json --dt tests/faults/found.json --out "$at/short"
}

# ---- Other people's folders, settings and texts ----
# In a folder that no shell likes, a build, the cases of a chapter and its known mistakes.
folders() {
    local what="in a folder with a blank, a quote, #, \$ and an umlaut" folder="$at/a b'c#d \$x ü" case
    mkdir -p "$folder"
    git ls-files -z | xargs -0 cp --parents -t "$folder"
    if ! (cd "$folder" && make -s BUILD=build OPT=-O1 RUN=--cases build/map/published) >"$folder/log" 2>&1; then
        wrong "$what" "$(tail -1 "$folder/log")"
        return
    fi
    for case in chapters/map/reference/*/; do
        same "$case" "$folder/build/map/out/$(basename "$case")" || wrong "$what" "$(head -1 "$at/difference")"
    done
    say "$what" "the reference's cases and mistakes"
}

# setting WHAT COMMAND...: the same bits.
setting() {
    local what=$1
    shift
    rm -rf "$at/set"
    if "$@" >/dev/null 2>"$at/stderr" && same "$right" "$at/set"; then say "$what" "the same bits"
    else wrong "$what" "$(head -1 "$at/stderr" "$at/difference" | head -4)"; fi
}
# Every program with small stacks, whose arrays must not be larger.
small_stacks() {
    local name right
    for name in $chapters; do
        right=$at/right-$name
        "$build/$name/$name" --quick --out "$right" >/dev/null || wrong "$name --quick" "fails"
        setting "$name: a stack of 256 kB, 64 kB a thread" bash -c "ulimit -s 256; OMP_STACKSIZE=64k exec $build/$name/$name --quick --out $at/set"
    done
}
settings() {
    local run="$program --quick --out $at/set" each
    if locale -a | grep -qi '^de_DE.utf-*8'; then setting "a German locale" env LC_ALL=de_DE.UTF-8 $run
    else say "a German locale" "left out: there is none here (locales: de_DE.UTF-8)"; fi
    for each in OMP_NUM_THREADS=7 OMP_THREAD_LIMIT=1 OMP_DYNAMIC=true OMP_SCHEDULE=dynamic OMP_STACKSIZE=64k OMP_STACKSIZE=1m MALLOC_PERTURB_=165 TZ=Asia/Tokyo; do
        setting "$each" env $each $run
    done
    small_stacks
    setting "umask 0077" bash -c "umask 0077; $run"
    setting "standard input closed" bash -c "$run <&-"
    setting "standard output closed" bash -c "$run >&-"
    setting "both outputs closed" bash -c "$run >&- 2>&-"
}

# A text and a path that would clear the screen: what reaches the terminal has no such byte.
texts() {
    local text=$at/$'a\033[2J\r.txt' name
    yes $'\033[2J\r one \xc3\xa9 \xff' | head -600 >"$text"
    for name in rnn transformer; do
        if ! "$build/$name/$name" --quick --text "$text" --out "$at/"$'o\033X' >"$at/stdout" 2>&1; then
            wrong "$name reads a text of escapes" "$(tail -1 "$at/stdout" | cat -v)"
        elif LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f-\x9f]' "$at/stdout"; then
            wrong "$name reads a text of escapes" "$(LC_ALL=C grep -m1 -P '[\x00-\x09\x0b-\x1f\x7f-\x9f]' "$at/stdout" | cat -v)"
        else say "$name reads a text of escapes" "none reaches the terminal"; fi
    done
    # With core.autocrlf, too, a checkout has every file as it was committed.
    name=$(git ls-files -z | xargs -0 git check-attr text -- | grep -v ': text: unset$' | head -1)
    if [ -n "$name" ]; then wrong "ends of lines in a checkout" "git may change them: $name"
    else say "ends of lines in a checkout" "git changes none"; fi
}

parts="programs builds machines nowhere memory folders settings texts"
[ $# != 0 ] || set -- $parts
for part; do
    case " $parts " in *" $part "*) ;; *) echo "make faults has no part $part; it has $parts" >&2; exit 2 ;; esac
done
$program --quick --out "$right" >/dev/null || { echo "$program --quick fails"; exit 1; }
for part; do $part; done
[ $failed = 0 ] && echo "faults: all of them are told or change nothing; $((SECONDS / 60)) min $((SECONDS % 60)) s"
exit $failed
