// The reference cases of chapter map without what reads JSON, whose library WebAssembly has not.
#include "frame/program.h"
#include "map/cases.h"

static void
nothing(void)
{
}

int
main(int argc, char **argv)
{
    const program_figure contents[] = {{"nothing", nothing, 1}, {0}};
    program_begin("map", (program_option[]){{0}}, argc, argv);
    program_run(map_cases, contents);
    return program_end(false);
}
