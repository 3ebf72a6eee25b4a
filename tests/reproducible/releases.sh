#!/usr/bin/env bash
# The same bits by the compilers of other Debian releases, each release in a folder of its own (debootstrap, chroot: it
# needs root and the network). With each compiler the library, units, rnn and td are built, with the flags of a reader;
# units, rnn --cases and td --quick must come out as in the ordinary build here. tests/reproducible/releases.tsv says
# what did.
#
#     sudo bash tests/reproducible/releases.sh FOLDER ["RELEASE COMPILER..." ...]
#
# 1 GB and a quarter of an hour for the list that stands below. FOLDER stays, for the next time; remove it yourself.
set -euo pipefail
folder=${1:?where to put the releases} failed=0
shift
[ $# != 0 ] || set -- "bullseye gcc-9 gcc-10" "bookworm gcc-11 clang-13 clang-15 clang-16" \
    "trixie gcc-13 gcc-14 clang-17 clang-18 clang-19" "sid gcc-15 gcc-16 clang-21 clang-23"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
what="build/tests/reproducible/units build/rnn/rnn build/td/td"

# results IN: what the programs in IN/build give, a hash for each.
results() {
    local run="chroot $1"
    [ "$1" != . ] || run=
    $run sh -c "cd ${2:-.} && rm -rf build/releases && build/tests/reproducible/units 2 >build/units.said &&
        build/rnn/rnn --cases --out build/releases/rnn >/dev/null && build/td/td --quick --out build/releases/td >/dev/null &&
        sha256sum <build/units.said | cut -c1-6 && for c in rnn td; do
            (cd build/releases/\$c && find . -type f ! -name '*.timing.tsv' | sort | xargs sha256sum) | sha256sum | cut -c1-6
        done" | sed 's/^/#/' | paste -s
}

make -s $what >/dev/null
right=$(results .)
printf 'release\tcompiler\tunits\trnn_cases\ttd_quick\n' >build/releases.tsv
printf 'here\t%s\t%s\n' "$(gcc --version | head -1)" "$right" >>build/releases.tsv
for each; do
    read -r release compilers <<<"$each"
    root=$folder/$release
    if ! [ -e "$root/usr/bin/make" ]; then
        debootstrap --variant=minbase --include=gcc,libc6-dev,make "$release" "$root" http://deb.debian.org/debian >"$root.log" 2>&1 ||
            { echo "$release: cannot be had: $(tail -1 "$root.log")"; continue; }
    fi
    for cc in $compilers; do
        more=
        [ "${cc%-*}" = gcc ] || more=libomp-${cc#*-}-dev # replaces that of another version
        if ! chroot "$root" apt-get install -y --no-install-recommends "$cc" $more >"$root.log" 2>&1; then
            echo "$release $cc: left out: $(grep -m1 '^E:' "$root.log")"
            continue
        fi
        rm -rf "$root/book"
        mkdir "$root/book"
        git ls-files -z | xargs -0 cp --parents -t "$root/book"
        if ! chroot "$root" make -s -C /book CC="$cc" $what >"$root.log" 2>&1; then
            echo "$release $cc: does not build: $(grep -m1 -i error "$root.log")"
            failed=1
            continue
        fi
        measured=$(results "$root" /book) version=$(chroot "$root" "$cc" --version | head -1)
        printf '%s\t%s\t%s\n' "$release" "$version" "$measured" | tee -a build/releases.tsv
        [ "$measured" = "$right" ] || { echo "$release $cc: other bits than here: $right"; failed=1; }
        echo "  $(grep -c warning: "$root.log" || true) warnings"
    done
    rm -rf "$root/book"
done
[ $failed = 0 ] || exit 1
cp build/releases.tsv tests/reproducible/releases.tsv
echo "$(($(wc -l <build/releases.tsv) - 2)) compilers of other releases, the same bits in all; $((SECONDS / 60)) min $((SECONDS % 60)) s"
