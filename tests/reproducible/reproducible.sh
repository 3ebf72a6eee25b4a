#!/usr/bin/env bash
# The same bits everywhere: `make reproducible` runs this at the top of the checkout, `make reproducible-short` with
# "short". It builds the book with other compilers, optimisation and instruction sets, runs it with other numbers of
# threads, and for arm64 under qemu, and compares hashes. The table of the long form goes to tests/reproducible.tsv.
#
# short   the units' hashes of four builds, arm64 among them
# long    1. units: gcc and clang, -O0 to -O3, every instruction set that this machine has, 1, 2 and 3 threads; arm64
#         2. all chapters with --quick, eight builds that have every value once
#         3. all chapters in full: gcc -O2 with AVX2, clang -O3 with all that the machine has, and for chapters of
#            plain double arithmetic a build without FMA instructions
set -euo pipefail
chapters=$1 level=${2:-long}
at=build/reproducible table=build/reproducible/table.tsv failed=0
mkdir -p $at
printf 'level\tbuild\tthreads\thash\tsame\n' >$table

has() { grep -m1 '^flags' /proc/cpuinfo | tr ' ' '\n' | grep -qx "$1"; }
sets="x86-64"
if has avx2; then sets+=" x86-64-v3"; fi
if has avx512vl; then sets+=" x86-64-v4"; fi
sets+=" native"
widest=$(echo $sets | awk '{ print $(NF - 1) }')

# build COMPILER OPT SET TARGETS...: makes them in a folder of their own, whose path it prints.
build() {
    local cc=$1 opt=$2 set=$3 folder="$at/$1$2-$3" march
    shift 3
    march=$([ "$set" = arm64 ] || echo "-march=$set")
    make -s BUILD="$folder" CC="$cc" OPT="$opt" MARCH="$march" "${@/#/$folder/}" >"$folder.log" 2>&1 ||
        { tail -5 "$folder.log" >&2; exit 1; }
    echo "$folder"
}

# run SET COMMAND...: under qemu where the set is arm64.
run() {
    local set=$1
    shift
    if [ "$set" = arm64 ]; then qemu-aarch64 -L /usr/aarch64-linux-gnu "$@"; else "$@"; fi
}

# note LEVEL BUILD THREADS FILE: a row with the hash of the file; the first of a level is what the others must equal.
note() {
    local hash same=yes first="$at/first-$1"
    hash=$(sha256sum <"$4" | cut -c1-16)
    [ -e "$first" ] || cp "$4" "$first"
    if ! cmp -s "$first" "$4"; then
        same=no failed=1
        echo "$2, $3 threads: differs first in:" >&2
        diff "$first" "$4" | sed -n 2p >&2 || true
    fi
    printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$hash" $same | tee -a $table
}

units() { # COMPILER OPT SET THREADS...
    local folder cc=$1 opt=$2 set=$3
    folder=$(build "$1" "$2" "$3" tests/reproducible/units)
    shift 3
    for threads; do
        run "$set" "$folder/tests/reproducible/units" "$threads" >"$folder.units"
        note units "$cc $opt $set" "$threads" "$folder.units"
    done
    fused "$folder" "$set"
}

# No fused instruction that the source did not ask for: none in double, none with alternating signs.
fused() {
    local dump=objdump
    [ "$2" = arm64 ] && return
    if $dump -d "$1"/tests/reproducible/units "$1"/*/*[a-z] 2>/dev/null |
        grep -E 'vfn?m(add|sub)[0-9]+(pd|sd)|fmaddsub|fmsubadd' | head -1 | grep .; then
        echo "$1: a fused instruction that the source does not have" >&2
        failed=1
    fi
}

quick() { # COMPILER OPT SET THREADS
    local folder names=$chapters
    [ "$3" = arm64 ] && ! [ -e /usr/lib/aarch64-linux-gnu/libjansson.so ] && names=${names/map/}
    folder=$(build "$1" "$2" "$3" $(for c in $names; do echo "$c/$c"; done))
    for c in $names; do
        rm -rf "$folder.out"
        run "$3" "$folder/$c/$c" --quick --threads "$4" --out "$folder.out" >/dev/null
        (cd "$folder.out" && find . -type f ! -name '*.timing.tsv' | sort | xargs sha256sum) >"$folder.hashes"
        note "quick $c" "$1 $2 $3" "$4" "$folder.hashes"
    done
    fused "$folder" "$3"
}

full() { # COMPILER OPT SET THREADS CHAPTERS...
    local folder build="$1 $2 $3" threads=$4
    folder=$(build "$1" "$2" "$3" $(for c in "${@:5}"; do echo "$c/$c"; done))
    for c in "${@:5}"; do
        rm -rf "$folder.out"
        "$folder/$c/$c" --threads "$threads" --out "$folder.out" >/dev/null
        # The reference has the known mistakes, too, which the program alone does not write.
        (cd "$folder.out" && find . -type f ! -name '*.timing.tsv' ! -name manifest.tsv | sort | xargs sha256sum) >"$folder.hashes"
        sed 's/.*  //' "$folder.hashes" | (cd "chapters/$c/reference" && xargs sha256sum) >"$at/first-full $c"
        note "full $c" "$build" "$threads" "$folder.hashes"
    done
}

rm -f $at/first-*
if [ "$level" = short ]; then
    units gcc -O3 "$widest" 2
    units clang -O2 x86-64 1
    units gcc -O0 "$(echo $sets | awk '{ print $((NF > 2) ? 2 : 1) }')" 3
    units aarch64-linux-gnu-gcc -O2 arm64 1
else
    for cc in gcc clang; do
        for opt in -O0 -O1 -O2 -O3; do
            for set in $sets; do units $cc $opt "$set" 1 2 3; done
        done
    done
    for opt in -O0 -O2 -O3; do units aarch64-linux-gnu-gcc $opt arm64 1; done
    quick gcc -O2 x86-64-v3 1
    quick gcc -O3 "$widest" 2
    quick clang -O3 x86-64-v3 2
    quick clang -O1 native 3
    quick clang -O0 "$widest" 2
    quick gcc -O0 x86-64 1
    quick gcc -O1 x86-64 2
    quick aarch64-linux-gnu-gcc -O2 arm64 2
    full gcc -O2 x86-64-v3 2 $chapters
    full clang -O3 native 2 $chapters
    full gcc -O3 x86-64 2 $(for c in td map; do case " $chapters " in *" $c "*) echo $c ;; esac; done)
fi
[ $failed = 0 ] || { echo "not the same bits everywhere" >&2; exit 1; }
[ "$level" = short ] || cp $table tests/reproducible.tsv
echo "$(($(wc -l <$table) - 1)) results, the same bits in all"
