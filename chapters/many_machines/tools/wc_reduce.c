// Reducer and combiner: the sum of each run of equal keys.
#include "many_machines/stream.h"

int
main(int argc, char **argv)
{
    return many_machines_filter(
        argc, argv,
        "wc_reduce < LINES: of lines \"key TAB count\", sorted by LC_ALL=C sort, one for each key "
        "with the sum\nof its counts. It is its own combiner.\n",
        many_machines_stream_reduce);
}
