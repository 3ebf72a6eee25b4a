// For a fuzzer that changes its input or reads it as a text: it gets a copy with a zero behind it.
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include "refuse.h"

#include "files/fail.h"

#include <stdint.h>

static void try_input(char *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *copy = malloc(size + 1);
    if (!copy)
        return 0;
    memcpy(copy, bytes, size);
    copy[size] = 0;
    fail_handler = give_up;
    try_input(copy, size);
    free(copy);
    return 0;
}

#endif
