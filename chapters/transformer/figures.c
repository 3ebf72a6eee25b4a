#include "cases.h"
#include "chapter.h"
int
main(int argc, char **argv)
{
    const option own[] = {{0}};
    const figure contents[] = {{0}};
    chapter_begin("transformer", own, argc, argv);
    chapter_run(transformer_cases, contents);
    return chapter_end();
}
