// Two threads count in one place, which is wrong: tests/faults/sanitized.sh must be told of it.
#include <stdio.h>

int
main(void)
{
    int sum = 0;
#pragma omp parallel for num_threads(2)
    for (int i = 0; i < 1000; i++)
        sum += i;
    printf("%d\n", sum);
    return 0;
}
