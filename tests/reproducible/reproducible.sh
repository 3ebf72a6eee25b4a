#!/usr/bin/env bash
# The same bits everywhere: `make reproducible` runs this at the top of the checkout, `make reproducible-short` with
# "short". It builds the book with other compilers, optimisation and instruction sets, runs it with other numbers of
# threads, and for arm64, s390x (big-endian) and riscv64 under qemu, and compares hashes. What came out of the long form
# stands in tests/reproducible/results.tsv, a row for each result with the part that it is of and the version of the
# sources (a hash). A part that runs replaces its own rows; those of the others stay, unless they are of older sources
# and give a hash that the new ones contradict. Three tables are counted from it: tests/reproducible.tsv, a row for the
# building blocks (units) and for each chapter; parts.tsv, a row for each part, with the chapters that it covers;
# builds.tsv, a row for each build with the threads that it ran with.
#
#     bash tests/reproducible/reproducible.sh "CHAPTERS" short|needed|publish|long [PART...]
#
# short   units: six builds, arm64, wasm32 and an older gcc among them
# needed  only whether all is installed that long needs
# publish writes the tables from what there is, of a part that was interrupted, too
# long    these parts, or some of them; one that was interrupted goes on where it was, if the sources are the same
#   blocks    units: gcc and clang, -O0 to -O3, every instruction set that this machine has, 1, 2 and 3 threads; arm64;
#             link-time optimisation, and where they are installed ppc64le and musl's libc
#   machines  s390x (big-endian), riscv64 and wasm32: units, rnn's cases, td --quick; on the first two a file of weights
#   compilers other versions of gcc and clang, where they are installed: units and rnn's cases
#   fused     the library and all programs have no fused instruction that the source did not ask for (short looks, too)
#   quick     all chapters with --quick, eight builds that have every value once
#   full      all chapters: gcc -O2 with AVX2, clang -O3 with all that the machine has, and for chapters of plain double
#             arithmetic a build without FMA instructions; they must equal the reference
set -euo pipefail
chapters=$1 level=$2
shift 2
parts="blocks machines compilers fused quick full"
at=build/reproducible results=tests/reproducible/results.tsv failed=0
mkdir -p $at/notes

# What came out stands in notes/PART, a line each, as long as the sources are the same.
sources=$(git ls-files Makefile common chapters tests/reproducible | grep -E '\.(c|h|mk)$|Makefile$' | xargs cat | sha256sum)
if [ "$sources" != "$(cat $at/sources 2>/dev/null)" ]; then
    rm -rf $at/first-* $at/notes/*
    echo "$sources" >$at/sources
fi

version="#${sources:0:6}"

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
if [ -n "$missing" ] && [ "$level" != publish ]; then
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
    # What another version of a compiler warns of is no error.
    case "$cc" in gcc-[0-9]* | clang-[0-9]*) more=(WERROR=) ;; esac
    case "$set" in
        arm64 | s390x | riscv64 | ppc64le) march= ;;
        musl) march=-march=$widest more=(SANITIZE="-fno-openmp -Wno-unknown-pragmas" LDFLAGS=-static LDLIBS="tests/reproducible/one_thread.c -lm") ;;
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
note() {
    local first="$at/first-$1 $2" hash="#" differs=
    [ -e "$first" ] || cp "$5" "$first"
    hash+=$(sha256sum <"$5" | cut -c1-6) # no number by chance
    printf '%-24s %-34s %s threads  %s\n' "$1 $2" "$3" "$4" "$hash"
    if ! cmp -s "$first" "$5"; then
        failed=1 differs=differs
        echo "  differs from the first build, first in:" >&2
        { diff "$first" "$5" || true; } | awk '/^[<>]/ && n++ < 2' >&2
    fi
    printf '%s\t%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$hash" "$differs" >>"$at/notes/$part"
}

# noted LEVEL WHAT BUILD THREADS: this part was interrupted behind it, and it is not run again.
noted() { grep -qF "$(printf '%s\t%s\t%s\t%s\t' "$@")" "$at/notes/$part"; }

# publish: takes the new rows into the results, and counts the tables from them.
publish() {
    local part new=$at/new.tsv whole
    printf 'part\twhole\tsources\tlevel\twhat\tbuild\tthreads\thash\n' >$new
    for part in $parts; do
        for whole in yes no; do
            sed "s/^/$part\t$whole\t$version\t/" "$at/notes/$part$([ $whole = no ] || echo .whole)" 2>/dev/null | cut -f1-8 >>$new || true
        done
    done
    if [ -e $results ]; then
        awk -F'\t' 'FNR == 1 { next }
            FNR == NR { again[$1]; if ($4 != "fused") hash[$4, $5] = $8; next }
            !($1 in again) && (!(($4, $5) in hash) || hash[$4, $5] == $8)' $new $results >$at/kept.tsv
        cat $at/kept.tsv >>$new
    fi
    { head -1 $new; for part in $parts; do awk -F'\t' -v p="$part" '$1 == p' $new; done; } >$results
    tables $results >$at/what.tsv
    cp $at/what.tsv tests/reproducible.tsv
    cp $at/builds.tsv $at/parts.tsv tests/reproducible/
}

# tables ROWS: counts the tables: what.tsv, which it prints, builds.tsv and parts.tsv.
tables() {
    awk -F'\t' -v all="units $chapters" -v parts="$parts" -v at="$at" '
        FNR == 1 { next }
        { part = $1; whole[part] = $2; sources[part] = $3; level = $4; what = $5; build = $6; threads = $7
          of[part, what]
          if (!((part, build) in seen)) { part_builds[part]++; seen[part, build] }
          if (level == "fused") next
          part_results[part]++; results[what]++; results["all"]++; hash[level, what] = $8
          if (!((build, what) in seen)) { builds[what]++; seen[build, what] }
          if (!(build in number)) { number[build]; order[++n] = build }
          if (!((build, level, threads) in seen)) { ran[build, level] = joined(ran[build, level], " ", threads); seen[build, level, threads] }
          if ($9) { differ[what] = joined(differ[what], ", ", level " " build " (threads: " threads ")"); bad = bad " " what } }
        function joined(list, by, one) { return list == "" ? one : list by one }
        function or_none(a, k) { return k in a ? a[k] : "-" }
        END { OFS = "\t"
              print "what", "results", "builds", "quick", "full", "differs_in"
              m = split(all, name, " ")
              for (i = 1; i <= m; i++) { what = name[i]
                  print what, results[what] + 0, builds[what] + 0, or_none(hash, "quick" SUBSEP what), \
                      or_none(hash, (what == "units" ? "units" : "full") SUBSEP what), what in differ ? differ[what] : results[what] ? "nowhere" : "not run" }
              print "all", results["all"] + 0, n + 0, "-", "-", bad ? substr(bad, 2) : "nowhere"
              print "build", "units", "quick", "cases", "full" >(at "/builds.tsv")
              for (i = 1; i <= n; i++) { b = order[i]
                  print b, or_none(ran, b SUBSEP "units"), or_none(ran, b SUBSEP "quick"), or_none(ran, b SUBSEP "cases"), \
                      or_none(ran, b SUBSEP "full") >(at "/builds.tsv") }
              print "part", "results", "builds", "whole", "sources", "covers" >(at "/parts.tsv")
              k = split(parts, p, " ")
              for (j = 1; j <= k; j++) {
                  covers = ""
                  for (i = 1; i <= m; i++) if ((p[j], name[i]) in of) covers = joined(covers, " ", name[i])
                  print p[j], part_results[p[j]] + 0, part_builds[p[j]] + 0, p[j] in whole ? whole[p[j]] : "not run", \
                      or_none(sources, p[j]), covers == "" ? "-" : covers >(at "/parts.tsv") } }' "$1"
}

units() { # COMPILER OPT SET THREADS...
    local folder= name="${1##*-linux-gnu-} $2 $3" threads
    for threads in "${@:4}"; do
        if noted units units "$name" "$threads"; then continue; fi
        [ -n "$folder" ] || folder=$(build "$1" "$2" "$3" tests/reproducible/units)
        run "$3" "$folder/tests/reproducible/units" "$threads" >"$folder.units"
        note units units "$name" "$threads" "$folder.units"
    done
}

# weights COMPILER OPT SET: the file in which transformer keeps its weights, as it is written and read.
weights() {
    local folder name="${1##*-linux-gnu-} $2 $3"
    if noted cases transformer "$name" 1; then return; fi
    folder=$(build "$1" "$2" "$3" tests/reproducible/weights)
    run "$3" "$folder/tests/reproducible/weights" "$folder.weights" >"$folder.said"
    cat "$folder.said" "$folder.weights" >"$folder.kept"
    note cases transformer "$name" 1 "$folder.kept"
}

# hashes FOLDER: of all files but those of times.
hashes() { (cd "$1" && find . -type f ! -name '*.timing.tsv' | sort | xargs sha256sum); }

quick() { # COMPILER OPT SET THREADS [OPTION CHAPTERS]
    local folder= c option=${5---quick} of=${6-$chapters} level name="${1##*-linux-gnu-} $2 $3"
    level=${option#--}
    for c in $of; do
        if noted "$level" "$c" "$name" "$4"; then continue; fi
        [ -n "$folder" ] || folder=$(build "$1" "$2" "$3" $(for c in $of; do echo "$c/$c"; done))
        rm -rf "$folder.out"
        run "$3" "$folder/$c/$c" "$option" --threads "$4" --out "$folder.out" >/dev/null
        hashes "$folder.out" >"$folder.hashes"
        note "$level" "$c" "$name" "$4" "$folder.hashes"
    done
}

full() { # COMPILER OPT SET THREADS CHAPTERS...
    local folder= c
    for c in "${@:5}"; do
        if noted full "$c" "$1 $2 $3" "$4"; then continue; fi
        [ -n "$folder" ] || folder=$(build "$1" "$2" "$3" $(for c in "${@:5}"; do echo "$c/$c"; done))
        rm -rf "$folder.out"
        "$folder/$c/$c" --threads "$4" --out "$folder.out" >/dev/null
        # The reference has the known mistakes, too, which the program alone does not write.
        (cd "$folder.out" && find . -type f ! -name '*.timing.tsv' ! -name manifest.tsv | sort | xargs sha256sum) >"$folder.hashes"
        sed 's/.*  //' "$folder.hashes" | (cd "chapters/$c/reference" && xargs sha256sum) >"$at/first-full $c"
        note full "$c" "$1 $2 $3" "$4" "$folder.hashes"
    done
}

# fused_in COMPILER OPT SET: a build in which the source asks for no fused instruction has none; the ordinary one has.
fused_in() {
    local all folder found c dump=objdump pattern='\bvfn?m(add|sub)'
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
    for c in units $chapters; do printf 'fused\t%s\t%s\t-\t-\t\n' "$c" "${1##*-linux-gnu-} $2 $3" >>"$at/notes/$part"; done
    rm "$folder.asm"
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

# ---- The parts ----

blocks() {
    local cc opt set
    for cc in gcc clang; do
        for opt in -O0 -O1 -O2 -O3; do
            for set in $sets; do units $cc $opt "$set" 1 2 3; done
        done
    done
    for opt in -O0 -O2 -O3; do units aarch64-linux-gnu-gcc $opt arm64 1 2; done
    units gcc "-O3 -flto" "$widest" 2
    if there musl-gcc "musl's libc"; then units musl-gcc -O2 musl 1; fi
    if there powerpc64le-linux-gnu-gcc ppc64le; then units powerpc64le-linux-gnu-gcc -O2 ppc64le 2; fi
}

# A machine that stores numbers the other way round, and one more; what they must equal first.
machines() {
    local machine
    quick gcc -O3 "$widest" 2 --cases rnn
    weights gcc -O3 "$widest"
    for machine in s390x riscv64; do
        units $machine-linux-gnu-gcc -O2 $machine 1 2
        weights $machine-linux-gnu-gcc -O2 $machine
        quick $machine-linux-gnu-gcc -O2 $machine 1 --cases rnn
        quick $machine-linux-gnu-gcc -O2 $machine 2 --quick td
    done
    wasm units rnn td
}

compilers() {
    local cc
    for cc in $(others); do
        units $cc -O3 "$widest" 1 2
        quick $cc -O3 "$widest" 2 --cases rnn
    done
}

fused() {
    local build
    for build in "gcc -O2 native" "gcc -O3 native" "clang -O3 native" "aarch64-linux-gnu-gcc -O3 arm64"; do fused_in $build; done
}

quick_runs() {
    quick gcc -O2 x86-64-v3 1
    quick gcc -O3 "$widest" 2
    quick clang -O3 x86-64-v3 2
    quick clang -O1 native 3
    quick clang -O0 "$widest" 2
    quick clang -O2 x86-64 1
    quick gcc -O1 x86-64 2
    quick aarch64-linux-gnu-gcc -O2 arm64 2
}

full_runs() {
    full gcc -O2 x86-64-v3 2 $chapters
    full clang -O3 native 2 $chapters
    full gcc -O3 x86-64 2 $(for c in td map; do case " $chapters " in *" $c "*) echo $c ;; esac; done)
}

short() {
    units gcc -O3 "$widest" 2
    units clang -O2 x86-64 1
    units gcc -O0 "$(echo $sets | awk '{ print $((NF > 2) ? 2 : 1) }')" 3
    units aarch64-linux-gnu-gcc -O2 arm64 1
    build aarch64-linux-gnu-gcc -O3 arm64 chapters/s4/figures/training.o >$at/built # whose loops of fmax gcc 12 cannot take
    if there gcc-11 "an older gcc"; then units gcc-11 -O3 "$widest" 2; fi
    wasm units
    fused_in gcc -O3 "$widest"
}

if [ "$level" = publish ]; then
    publish
    exit
fi
if [ "$level" = short ]; then parts=short; fi
[ $# != 0 ] || set -- $parts
for part; do
    case " $parts " in *" $part "*) ;; *) echo "make reproducible has no part $part; it has $parts" >&2; exit 2 ;; esac
done
for part; do
    rm -f "$at/notes/$part.whole"
    touch "$at/notes/$part"
    sed -i -E '/\tdiffers$|^fused/d' "$at/notes/$part"
    case $part in
        quick | full) ${part}_runs ;;
        *) $part ;;
    esac
    if [ $failed != 0 ]; then
        { echo; sed "s/^/$part\tno\t$version\t/" "$at/notes/$part"; } >$at/new.tsv
        tables $at/new.tsv >$at/what.tsv
        echo "not the same bits everywhere: $at/what.tsv says where" >&2
        exit 1
    fi
    mv "$at/notes/$part" "$at/notes/$part.whole"
    [ "$level" = short ] || publish
done
[ "$level" = short ] || cut -f1-5 tests/reproducible/parts.tsv | column -t -s $'\t'
echo "$(cat $(for part; do echo "$at/notes/$part.whole"; done) | grep -vc ^fused) results, the same bits in all; $((SECONDS / 60)) min $((SECONDS % 60)) s; these sources are $version"
