// OpenMP's functions that the library calls, for a build without it: musl's, in make reproducible.
int
omp_get_num_procs(void)
{
    return 1;
}

int
omp_get_max_threads(void)
{
    return 1;
}

int
omp_in_parallel(void)
{
    return 0;
}

void
omp_set_num_threads(int n)
{
    (void)n;
}
