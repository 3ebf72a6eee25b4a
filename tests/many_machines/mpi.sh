#!/usr/bin/env bash
# The training on 1, 2, 4 and 8 ranks of MPI: the weights of the figure, bit for bit; a rank that is killed; resumed by
# another number of ranks; what a wrong number of ranks and a damaged checkpoint give.
set -euo pipefail
build=$1 ranks=$1/many_machines/ranks
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
# Open MPI asks to be told twice: as root, and with more ranks than cores.
case $("${MPIRUN:-mpirun}" --version 2>&1) in *Open*MPI*|*OpenRTE*) more="--allow-run-as-root --oversubscribe" ;; *) more= ;; esac
run() { timeout 300 "${MPIRUN:-mpirun}" $more -n "$@"; }
die() { echo "mpi.sh: $*" >&2; exit 1; }

expected=$(awk -F'\t' '$1 == "seed-0-ranks-1" { print $2 }' chapters/many_machines/reference/training-fingerprints.tsv)
[ -n "$expected" ] || die "the reference has no fingerprint"
for n in 1 2 4 8; do
    said=$(run $n "$ranks" --steps 200)
    echo "$said"
    [[ $said == "$n ranks, 200 steps: weights $expected,"* ]] || die "$n ranks: expected weights $expected (is mpirun of the MPI of mpicc? MPIRUN names another)"
done

# Killed in the middle: the job ends with an error, and says from which step to resume.
if run 4 "$ranks" --steps 200 --save "$folder/saved" --every 50 --die 103 2 >"$folder/out" 2>"$folder/error"; then die "a killed rank is a success"; else status=$?; fi
grep -q "rank 2 dies before step 104; resume from step 100: --resume" "$folder/error" || { cat "$folder/error"; die "no word of where to resume"; }
echo "a rank killed before step 104: status $status, $(grep -o 'resume from step [0-9]*' "$folder/error")"
for n in 1 3; do
    said=$(run $n "$ranks" --steps 200 --resume "$folder/saved")
    [[ $said == *"weights $expected,"* ]] || die "resumed by $n ranks: $said; expected $expected"
    echo "resumed by $n ranks: $said"
done

# Errors: a line, and no success.
head -100 "$folder/saved" >"$folder/cut"
if run 2 "$ranks" --resume "$folder/cut" >/dev/null 2>"$folder/error"; then die "a cut checkpoint is a success"; fi
grep -q "expected a training of 676 weights" "$folder/error" || die "a cut checkpoint: $(cat "$folder/error")"
if run 9 "$ranks" >/dev/null 2>"$folder/error"; then die "9 ranks are a success"; fi
grep -q "9 ranks; expected 1 to 8" "$folder/error" || die "9 ranks: $(cat "$folder/error")"
for n in ${BITS:-}; do run "$n" "$ranks" --bits; done
