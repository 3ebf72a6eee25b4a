#!/bin/sh
# mpicc.sh probe: whether there is a compiler of MPI that compiles three lines.
# mpicc.sh CC OPTIONS: runs it with these options, and CC below it. MPICC names one; else the first that works is taken.
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
printf '#include <mpi.h>\nint main(int n, char **v)\n{ return MPI_Init(&n, &v); }\n' >"$folder/probe.c"
for mpicc in $MPICC mpicc mpicc.mpich mpicc.openmpi; do
    if command -v "$mpicc" >/dev/null && "$mpicc" "$folder/probe.c" -o "$folder/probe" 2>/dev/null; then
        [ "$1" = probe ] && exit 0
        export MPICH_CC="$1" OMPI_CC="$1"
        shift
        "$mpicc" "$@"
        exit
    fi
done
echo "no mpicc compiles: sudo apt-get install mpich" >&2
exit 1
