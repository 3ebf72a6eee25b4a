// Mapper: the words of stdin, each with a 1.
#include "many_machines/stream.h"

int
main(int argc, char **argv)
{
    return many_machines_filter(
        argc, argv,
        "wc_map < TEXT: for each word, what stands between white space, a line \"word TAB 1\".\n"
        "    wc_map < TEXT | LC_ALL=C sort | wc_reduce\n",
        many_machines_stream_words);
}
