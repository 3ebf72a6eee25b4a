// A model's weights in a file, which must be the same file on every machine, and read on each: writes a small model's,
// takes them back, and says what it read.
//
//     build/tests/reproducible/weights FILE
#include "transformer/weights.h"

#include "files/file.h"

#include <stdio.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    transformer_weights small = {3, 4, 2, 5, 1, 6, "abc"};
    rng r = rng_at(14, 0);
    transformer_weights_model(&small, &r);
    transformer_weights_write(argv[1], &small);
    size_t size;
    const char *values;
    char *bytes = file_read(argv[1], &size);
    float first = param_at(3)->data[0];
    param_at(3)->data[0] = 0;
    transformer_weights w = transformer_weights_parse(bytes, size, argv[1], &values);
    transformer_weights_use(values);
    printf("%d %d %d %d %d %d %.9g %.9g\n", w.V, w.D, w.h, w.F, w.layers, w.T, first,
           param_at(3)->data[0]);
    free(bytes);
    return first != param_at(3)->data[0];
}
