// LATERAL VIEW [OUTER] explode and posexplode, over rows in the bytes of Hive's text files.
#include "files/fail.h"
#include "files/standard.h"
#include "frame/program.h"
#include "many_machines/stream.h"

#include <string.h>

static const char help[] =
    "explode --column K [--map] [--position] [--outer] < ROWS: for each item of column K, counted "
    "from 1,\nthe row with the item as a new last column. Between columns stands \\001, between "
    "items \\002, between\na map's key and value \\003; NULL is \\N.\n\n"
    "  --map         the column is a map: two new columns, key and value\n"
    "  --position    posexplode: the item's place, from 0, stands before it\n"
    "  --outer       a row whose collection is empty or NULL is kept, with NULLs\n\n"
    "Two views are two programs: explode --column 2 < ROWS | explode --column 3\n";

int
main(int argc, char **argv)
{
    many_machines_view v = {.column = -1};
    standard_begin();
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(help, stdout);
            return standard_end(0);
        }
        if (strcmp(argv[i], "--column") == 0) {
            const char *value = i + 1 < argc ? argv[i + 1] : "without a value";
            v.column = program_whole("--column", value, 1, 1000000, 1) - 1;
            i++;
        } else if (strcmp(argv[i], "--map") == 0)
            v.map = true;
        else if (strcmp(argv[i], "--position") == 0)
            v.position = true;
        else if (strcmp(argv[i], "--outer") == 0)
            v.outer = true;
        else
            fail("unknown option %s; --help lists what there is", argv[i]);
    }
    if (v.column < 0)
        fail("--column K is missing: which column is exploded, counted from 1");
    many_machines_stream_rows(&v, stdin, "stdin", stdout);
    return standard_end(0);
}
