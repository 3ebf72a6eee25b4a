#define _GNU_SOURCE // pthread_getattr_np
#include "frame/stack.h"

#include "files/fail.h"

// Without OpenMP there is one thread.
#ifndef _OPENMP
void
stack_ensure(char **argv)
{
    (void)argv;
}
#else

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char least[] = "1M";
enum { LEAST = 1 << 20 };

// The bytes of the stack of a second thread, if there is one.
static size_t
stack_of_a_thread(void)
{
    size_t size = LEAST;
#pragma omp parallel num_threads(2)
    if (omp_get_thread_num() == 1) {
        pthread_attr_t own;
        if (pthread_getattr_np(pthread_self(), &own) == 0) {
            pthread_attr_getstacksize(&own, &size);
            pthread_attr_destroy(&own);
        }
    }
    return size;
}

void
stack_ensure(char **argv)
{
    const char *given = getenv("OMP_STACKSIZE");
    size_t size = stack_of_a_thread();
    if (size >= LEAST)
        return;
    if (!given || strcmp(given, least) != 0) {
        setenv("OMP_STACKSIZE", least, 1);
        execv("/proc/self/exe", argv);
    }
    fail("the threads' stack has %zu bytes, expected %d or more: set OMP_STACKSIZE=%s", size, LEAST,
         least);
}
#endif
