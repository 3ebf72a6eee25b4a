// Mapper: the pairs of bytes of counted words, for byte-pair encoding.
#include "many_machines/stream.h"

int
main(int argc, char **argv)
{
    return many_machines_filter(
        argc, argv,
        "bpe_map < LINES: of lines \"word TAB count\", for each two neighbouring bytes of a word a "
        "line\n\"pair TAB count\", the pair in four hexadecimal digits.\n"
        "    wc_map < TEXT | LC_ALL=C sort | wc_reduce | bpe_map | LC_ALL=C sort | wc_reduce\n",
        many_machines_stream_pairs);
}
