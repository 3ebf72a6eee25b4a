// Any bytes as a file of weights, as they are and with the checksum that they should have: it is refused through
// fail(), or its model is made and takes them, and nothing else happens. For libFuzzer; `make fuzz` runs it.
#include "input.h"

#include "transformer/weights.h"

#include "files/fail.h"
#include "nets/tensor.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void
as_weights(const char *bytes, size_t size)
{
    if (setjmp(refused))
        return;
    const char *values;
    transformer_weights w = transformer_weights_parse(bytes, size, "weights", &values);
    rng r = rng_at(1, 0);
    transformer_weights_model(&w, &r);
    transformer_weights_use(values);
}

static void
try_input(char *bytes, size_t size)
{
    as_weights(bytes, size);
    tensors_free();
    if (size >=
        8) { // Fowler, Noll & Vo's FNV-1a of all but the last eight bytes, as the file has it
        uint64_t sum = 0xcbf29ce484222325u;
        for (size_t i = 0; i < size - 8; i++)
            sum = (sum ^ (unsigned char)bytes[i]) * 0x100000001b3u;
        memcpy(bytes + size - 8, &sum, 8);
        as_weights(bytes, size);
        tensors_free();
    }
}
