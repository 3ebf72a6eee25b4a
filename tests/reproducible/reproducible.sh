#!/usr/bin/env bash
# The same bits everywhere: `make reproducible` runs this at the top of the checkout, `make reproducible-short` with
# "short". It builds the book with other compilers, optimisation and instruction sets, runs it with other numbers of
# threads, and for arm64, s390x (big-endian) and riscv64 under qemu, and compares hashes. Two tables say what came out, in build/reproducible/: what.tsv, a
# row for the building blocks (units) and for each chapter, and builds.tsv, a row for each build with the threads that it
# ran with. Those of the long form go to tests/reproducible.tsv and tests/reproducible/builds.tsv.
#
# short   units: five builds, arm64 and wasm32 among them
# long    units: gcc and clang, -O0 to -O3, every instruction set that this machine has, 1, 2 and 3 threads; arm64;
#         s390x, riscv64 and wasm32, with rnn's cases and td --quick; where they are installed other versions of gcc and clang
#         (rnn's cases, too), ppc64le, and musl's libc; link-time optimisation
# needed  only whether all is installed that long needs
#         quick: all chapters with --quick, eight builds that have every value once
#         full: all chapters: gcc -O2 with AVX2, clang -O3 with all that the machine has, and for chapters of plain
#         double arithmetic a build without FMA instructions; they must equal the reference
# Both look through all programs for fused instructions that the source did not ask for.
set -euo pipefail
chapters=$1 level=$2
at=build/reproducible failed=0 compared=0
mkdir -p $at

missing=
for needed in clang:clang aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu qemu-aarch64:qemu-user; do
    command -v "${needed%:*}" >/dev/null || missing+=" ${needed#*:}"
done
echo '#include <omp.h>' | clang -fopenmp -fsyntax-only -xc - 2>/dev/null || missing+=" libomp-dev"
echo '#include <stdio.h>' | aarch64-linux-gnu-gcc -fsyntax-only -xc - 2>/dev/null || missing+=" libc6-dev-arm64-cross"
if [ "$level" != short ]; then
    for machine in s390x riscv64; do
        command -v $machine-linux-gnu-gcc >/dev/null || missing+=" gcc-$machine-linux-gnu libc6-dev-$machine-cross"
    done
fi
if [ "$level" != short ] && ! [ -e /usr/lib/aarch64-linux-gnu/libjansson.so ]; then
    missing+=" libjansson-dev:arm64 (after sudo dpkg --add-architecture arm64 && sudo apt-get update)"
fi
if [ -n "$missing" ]; then
    echo "the builds for other machines need: sudo apt-get install$missing" >&2
    exit 1
fi
[ "$level" != needed ] || exit 0

has() { grep -m1 '^flags' /proc/cpuinfo | tr ' ' '\n' | grep -qx "$1"; }
sets="x86-64"
if has avx2; then sets+=" x86-64-v3"; fi
if has avx512vl; then sets+=" x86-64-v4"; fi
widest=${sets##* }
sets+=" native"

# build COMPILER OPT SET TARGETS...: makes them in a folder of their own, whose path it prints. musl has no OpenMP.
build() {
    local cc=$1 opt=$2 set=$3 folder="$at/$1${2// /}-$3${ASKED:+-$ASKED}" march more=()
    shift 3
    case "$set" in
        arm64 | s390x | riscv64 | ppc64le) march= ;;
        musl) march=-march=$widest more=(SANITIZE=-fno-openmp LDFLAGS=-static LDLIBS="tests/reproducible/one_thread.c -lm") ;;
        *) march=-march=$set ;;
    esac
    make -s BUILD="$folder" CC="$cc" OPT="$opt" MARCH="$march" ASKED="${ASKED:+-D$ASKED}" "${more[@]}" "${@/#/$folder/}" >"$folder.log" 2>&1 ||
        { tail -5 "$folder.log" >&2; exit 1; }
    echo "$folder"
}

# run SET COMMAND...: under qemu where the set is another machine's. The path keeps the loader and the library of the cross
# compiler together where another libc for arm64 is installed, too: with that one the second thread never starts.
run() {
    local set=$1 machine
    shift
    case "$set" in
        arm64) machine=aarch64 ;;
        ppc64le) machine=powerpc64le ;;
        s390x | riscv64) machine=$set ;;
        *) "$@"; return ;;
    esac
    "qemu-${machine/powerpc/ppc}" -E LD_LIBRARY_PATH=/lib -L /usr/$machine-linux-gnu "$@"
}

# note LEVEL WHAT BUILD THREADS FILE: compares with the first of its kind, and keeps for the tables what came out.
declare -A hash=() results=() builds=() differ=() seen=() ran=()
order=() # of the builds
note() {
    local first="$at/first-$1 $2" mark
    [ -e "$first" ] || cp "$5" "$first"
    hash[$1 $2]="#$(sha256sum <"$first" | cut -c1-6)" # no number by chance
    compared=$((compared + 1)) results[$2]=$((${results[$2]-0} + 1))
    printf '%-24s %-34s %s threads  %s\n' "$1 $2" "$3" "$4" "$(sha256sum <"$5" | cut -c1-6)"
    if ! cmp -s "$first" "$5"; then
        failed=1 differ[$2]+="${differ[$2]+, }$1 $3 (threads: $4)"
        echo "  differs from the first build, first in:" >&2
        { diff "$first" "$5" || true; } | awk '/^[<>]/ && n++ < 2' >&2
    fi
    [ -n "${seen[$3]-}" ] || order+=("$3")
    [ -n "${seen[$3 $2]-}" ] || builds[$2]=$((${builds[$2]-0} + 1))
    [ -n "${seen[$3 $1 $4]-}" ] || ran[$3 $1]+="${ran[$3 $1]+ }$4"
    for mark in "" " $2" " $1 $4"; do seen[$3$mark]=1; done
}

# Writes the two tables from what note has kept.
tables() {
    local what build
    {
        printf 'what\tresults\tbuilds\tquick\tfull\tdiffers_in\n'
        for what in units $chapters; do
            printf '%s\t%d\t%d\t%s\t%s\t%s\n' $what ${results[$what]-0} ${builds[$what]-0} ${hash[quick $what]--} \
                ${hash[full $what]-${hash[units $what]--}} "${differ[$what]-nowhere}"
        done
        printf 'all\t%d\t%d\t-\t-\t%s\n' $compared ${#order[@]} "$([ ${#differ[@]} = 0 ] && echo nowhere || echo "${!differ[@]}")"
    } >$at/what.tsv
    {
        printf 'build\tunits\tquick\tcases\tfull\n'
        for build in "${order[@]}"; do
            printf '%s\t%s\t%s\t%s\t%s\n' "$build" "${ran[$build units]--}" "${ran[$build quick]--}" "${ran[$build cases]--}" \
                "${ran[$build full]--}"
        done
    } >$at/builds.tsv
}

units() { # COMPILER OPT SET THREADS...
    local folder cc=$1 opt=$2 set=$3
    folder=$(build "$1" "$2" "$3" tests/reproducible/units)
    shift 3
    for threads; do
        run "$set" "$folder/tests/reproducible/units" "$threads" >"$folder.units"
        note units units "${cc##*-linux-gnu-} $opt $set" "$threads" "$folder.units"
    done
}

# hashes FOLDER: of all files but those of times.
hashes() { (cd "$1" && find . -type f ! -name '*.timing.tsv' | sort | xargs sha256sum); }

quick() { # COMPILER OPT SET THREADS [OPTION CHAPTERS]
    local folder c option=${5---quick} of=${6-$chapters} level
    level=${option#--}
    folder=$(build "$1" "$2" "$3" $(for c in $of; do echo "$c/$c"; done))
    for c in $of; do
        rm -rf "$folder.out"
        run "$3" "$folder/$c/$c" "$option" --threads "$4" --out "$folder.out" >/dev/null
        hashes "$folder.out" >"$folder.hashes"
        note "$level" "$c" "${1##*-linux-gnu-} $2 $3" "$4" "$folder.hashes"
    done
}

full() { # COMPILER OPT SET THREADS CHAPTERS...
    local folder c
    folder=$(build "$1" "$2" "$3" $(for c in "${@:5}"; do echo "$c/$c"; done))
    for c in "${@:5}"; do
        rm -rf "$folder.out"
        "$folder/$c/$c" --threads "$4" --out "$folder.out" >/dev/null
        # The reference has the known mistakes, too, which the program alone does not write.
        (cd "$folder.out" && find . -type f ! -name '*.timing.tsv' ! -name manifest.tsv | sort | xargs sha256sum) >"$folder.hashes"
        sed 's/.*  //' "$folder.hashes" | (cd "chapters/$c/reference" && xargs sha256sum) >"$at/first-full $c"
        note full "$c" "$1 $2 $3" "$4" "$folder.hashes"
    done
}

# fused COMPILER OPT SET: a build in which the source asks for no fused instruction has none; the ordinary one has.
fused() {
    local all folder found dump=objdump pattern='\bvfn?m(add|sub)'
    if [ "$3" = arm64 ]; then dump=aarch64-linux-gnu-objdump pattern='\bfn?m(add|sub|la|ls)\b'; fi
    all="libcommon.a $(for c in $chapters; do echo "$c/$c"; done)"
    folder=$(build "$1" "$2" "$3" libcommon.a)
    $dump -d "$folder/libcommon.a" >"$folder.asm"
    grep -qE "$pattern" "$folder.asm" || { echo "$folder: no fused instruction at all: is the pattern right?" >&2; failed=1; }
    folder=$(ASKED=FMA_EXACT build "$1" "$2" "$3" $all)
    for c in $all; do $dump -d "$folder/$c"; done >"$folder.asm"
    found=$(grep -cE "$pattern" "$folder.asm" || true)
    printf '%-24s %-34s %s lines, %s fused\n' "not asked for" "$1 $2 $3" "$(wc -l <"$folder.asm")" "$found"
    if [ "$found" != 0 ]; then
        grep -E "^[0-9a-f]+ <|$pattern" "$folder.asm" | grep -E -B1 "$pattern" | head -6 >&2
        failed=1
    fi
}

# wasm WHAT...: as WebAssembly in Node, from the flags of make live: units, rnn (its cases), td (--quick).
wasm() {
    local what option build="clang -O3 wasm32"
    there node wasm32 || return 0
    if ! echo 'int main(void) { return 0; }' | clang --target=wasm32-wasi -xc - -o $at/probe.wasm 2>/dev/null; then
        echo "left out: wasm32 (lld, wasi-libc or libclang-rt-14-dev-wasm32 is not installed)"
        return 0
    fi
    make -s $(for what; do echo build/wasm/$what.wasm; done | sed -E 's/(rnn|td)\.wasm/\1-program.wasm/') >$at/wasm.log 2>&1 ||
        { tail -5 $at/wasm.log >&2; exit 1; }
    for what; do
        rm -rf $at/wasm.out
        case $what in
            units) node --no-warnings tests/live/run.js build/wasm/units.wasm 1 --out $at/wasm.out >$at/wasm.units
                note units units "$build" 1 $at/wasm.units; continue ;;
            rnn) option=--cases ;;
            td) option=--quick ;;
        esac
        node --no-warnings tests/live/run.js build/wasm/$what-program.wasm $option --out $at/wasm.out >/dev/null
        hashes $at/wasm.out >$at/wasm.hashes
        note "${option#--}" $what "$build" 1 $at/wasm.hashes
    done
}

# there COMMAND WHAT: whether it is installed; what is not is told.
there() {
    command -v "$1" >/dev/null || { echo "left out: $2 ($1 is not installed)"; return 1; }
}

# Other versions of the two compilers that README admits: gcc from 10 on, clang from 14 on.
others() {
    local cc version
    for cc in $(compgen -c | grep -E '^(gcc|clang)-[0-9]+$' | sort -uV); do
        version=${cc#*-}
        if [ "$($cc -dumpversion)" = "$(${cc%-*} -dumpversion)" ]; then continue; fi
        if [ "$version" -lt $([ ${cc%-*} = gcc ] && echo 10 || echo 14) ]; then
            echo "left out: $cc is older than what the book is made for" >&2
        elif ! echo '#include <omp.h>' | $cc -fopenmp -shared -o $at/omp.so -xc - 2>/dev/null; then
            echo "left out: $cc has no OpenMP here$([ ${cc%-*} = gcc ] || echo " (libomp-$version-dev)")" >&2
        else echo "$cc"; fi
    done
}

rm -f $at/first-*
if [ "$level" = short ]; then
    units gcc -O3 "$widest" 2
    units clang -O2 x86-64 1
    units gcc -O0 "$(echo $sets | awk '{ print $((NF > 2) ? 2 : 1) }')" 3
    units aarch64-linux-gnu-gcc -O2 arm64 1
    wasm units
    fused gcc -O3 "$widest"
else
    for cc in gcc clang; do
        for opt in -O0 -O1 -O2 -O3; do
            for set in $sets; do units $cc $opt "$set" 1 2 3; done
        done
    done
    for opt in -O0 -O2 -O3; do units aarch64-linux-gnu-gcc $opt arm64 1 2; done
    for build in "gcc -O2 native" "gcc -O3 native" "clang -O3 native" "aarch64-linux-gnu-gcc -O3 arm64"; do fused $build; done
    quick gcc -O2 x86-64-v3 1
    quick gcc -O3 "$widest" 2
    quick clang -O3 x86-64-v3 2
    quick clang -O1 native 3
    quick clang -O0 "$widest" 2
    quick clang -O2 x86-64 1
    quick gcc -O1 x86-64 2
    quick aarch64-linux-gnu-gcc -O2 arm64 2
    # A machine that stores numbers the other way round, and one more: rnn's cases, and td.
    quick gcc -O3 "$widest" 2 --cases rnn
    for cc in $(others); do
        units $cc -O3 "$widest" 1 2
        quick $cc -O3 "$widest" 2 --cases rnn
    done
    units gcc "-O3 -flto" "$widest" 2
    if there musl-gcc "musl's libc"; then units musl-gcc -O2 musl 1; fi
    if there powerpc64le-linux-gnu-gcc ppc64le; then units powerpc64le-linux-gnu-gcc -O2 ppc64le 2; fi
    wasm units rnn td
    for machine in s390x riscv64; do
        units $machine-linux-gnu-gcc -O2 $machine 1 2
        quick $machine-linux-gnu-gcc -O2 $machine 1 --cases rnn
        quick $machine-linux-gnu-gcc -O2 $machine 2 --quick td
    done
    full gcc -O2 x86-64-v3 2 $chapters
    full clang -O3 native 2 $chapters
    full gcc -O3 x86-64 2 $(for c in td map; do case " $chapters " in *" $c "*) echo $c ;; esac; done)
fi
tables
[ $failed = 0 ] || { echo "not the same bits everywhere: $at/what.tsv says where" >&2; exit 1; }
[ "$level" = short ] || { cp $at/what.tsv tests/reproducible.tsv; cp $at/builds.tsv tests/reproducible/builds.tsv; }
echo "$compared results, the same bits in all; $((SECONDS / 60)) min $((SECONDS % 60)) s"
