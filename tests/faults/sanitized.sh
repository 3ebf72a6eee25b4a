#!/usr/bin/env bash
# Under the sanitizers nothing is found, and every bit stays: `make sanitize` runs this at the top of the checkout after
# the tests.
#
#     bash tests/faults/sanitized.sh BUILD "CHAPTERS" PART...   exit status 1 where something was found, or a bit is another one
#
# chapters  each with --quick and the sanitizers of addresses and undefined behaviour, which BUILD/sanitize has
# races     rnn, transformer and the building blocks with the sanitizer of threads and Archer, which tells it what OpenMP orders
set -euo pipefail
build=$1 chapters=$2 at=$1/sanitized failed=0
shift 2
rm -rf "$at"
mkdir -p "$at"

# as_ever NAME THREADS COMMAND...: chapter NAME's --quick with this program ends well, and with the same bits.
as_ever() {
    local name=$1 threads=$2 begin
    shift 2
    [ -e "$at/$name" ] || "$build/$name/$name" --quick --threads 1 --out "$at/$name" >/dev/null
    rm -rf "$at/other"
    begin=$SECONDS
    if ! "$@" --quick --threads $threads --out "$at/other" >/dev/null 2>"$at/found"; then
        grep -m3 -E 'ERROR|WARNING|FATAL|runtime error|: ' "$at/found" || true
    elif diff -rq -x '*.timing.tsv' "$at/$name" "$at/other"; then
        echo "${*: -1} --quick, $threads threads: nothing found, the same bits; $((SECONDS - begin)) s"
        return
    fi
    echo "WRONG: $*"
    failed=1
}

chapters() {
    local name
    make -s $(for name in $chapters; do echo "$build/$name/$name"; done)
    for name in $chapters; do
        as_ever $name 3 "$build/sanitize/$name/$name"
    done
}

races() {
    local threads=$build/threads archer fixed="setarch -R" name
    archer=/usr/lib/llvm-$(clang -dumpversion 2>/dev/null | cut -d. -f1)/lib/libarcher.so
    if ! [ -e "$archer" ]; then
        echo "races of threads: left out (clang libclang-rt-dev libomp-dev)"
        return
    fi
    # What is not built for it (jansson, OpenMP's own library) is not looked at; other addresses at each start are too many for it.
    export OMP_TOOL_LIBRARIES=$archer TSAN_OPTIONS=ignore_noninstrumented_modules=1
    $fixed true 2>/dev/null || fixed=
    clang -g -O1 -fopenmp -fsanitize=thread tests/faults/race.c -o "$at/race"
    if $fixed "$at/race" >/dev/null 2>"$at/found" || ! grep -q 'data race.*race.c:10' "$at/found"; then
        echo "WRONG: tests/faults/race.c has a race, and it is not found: $(head -1 "$at/found")"
        exit 1
    fi
    make -s $build/{rnn/rnn,transformer/transformer,tests/reproducible/units}
    make -s BUILD="$threads" CC=clang OPT=-O1 LDFLAGS=-fsanitize=thread SANITIZE=-fsanitize=thread \
        "$threads"/{rnn/rnn,transformer/transformer,tests/reproducible/units}
    if $fixed "$threads/tests/reproducible/units" 2 >"$at/units" 2>"$at/found" && "$build/tests/reproducible/units" 1 | cmp - "$at/units"; then
        echo "the building blocks, 2 threads: no race, the same bits"
    else
        head -3 "$at/found"
        failed=1
    fi
    for name in rnn transformer; do
        as_ever $name 2 $fixed "$threads/$name/$name"
    done
}

for part; do $part; done
exit $failed
