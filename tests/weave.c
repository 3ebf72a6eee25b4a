// The weaver's binary on small books in a temporary folder: what it fills, and each error once.
#include "test.h"

#include <sys/stat.h>
#include <sys/wait.h>

enum { TEXT = 1 << 14 };

static char weave[4096];  // the binary's path
static char output[TEXT]; // of the last run, stdout and stderr

static const struct {
    const char *path, *content;
} BOOK[] = {
    {"chapters/toy/toy.h", "// The toy.\n"
                           "#ifndef TOY_H\n"
                           "#define TOY_H\n"
                           "#include <stddef.h>\n"
                           "#define NOTHING(x)\n"
                           "extern int shared;\n"
                           "\n"
                           "// Letters.\n"
                           "enum {\n"
                           "    ROWS = 2, // R, not COLUMNS\n"
                           "    WIDE      // W\n"
                           "};\n"
                           "\n"
                           "typedef struct toy toy;\n"
                           "\n"
                           "typedef struct {\n"
                           "    int (*call)(int n);\n"
                           "} pair;\n"
                           "\n"
                           "#define TWICE(x) \\\n"
                           "    ((x) + \\\n"
                           "     (x))\n"
                           "\n"
                           "// y = x + 1, in two\n"
                           "// lines.\n"
                           "int toy_add(int x,\n"
                           "            int y);\n"
                           "\n"
                           "#endif\n"},
    {"chapters/toy/toy.c", "#include \"toy.h\"\n"
                           "\n"
                           "static const char brace[] = \"}; // {\";\n"
                           "typedef float v8 __attribute__((vector_size(32))); // eight\n"
                           "\n"
                           "enum { MORE = ROWS };\n"
                           "_Static_assert(ROWS == 2, \"two\");\n"
                           "static int (*chosen)(int n);\n"
                           "static _Alignas(64) float aligned[8];\n"
                           "static int helper(int x);\n"
                           "static int_fn toy_add, helper;\n"
                           "\n"
                           "// y = x + 1\n"
                           "int\n"
                           "toy_add(int x, int y)\n"
                           "{\n"
                           "    if (x) {\n"
                           "        y = helper(x); // calls }\n"
                           "    }\n"
                           "    return y + 1;\n"
                           "}\n"
                           "\n"
                           "//> head\n"
                           "static int\n"
                           "helper(int x)\n"
                           "{\n"
                           "    //< head\n"
                           "\n"
                           "    //> body\n"
                           "    for (;;)\n"
                           "        x++;\n"
                           "\n"
                           "    return x;\n"
                           "    //< body\n"
                           "//> tail\n"
                           "}\n"
                           "//< tail\n"},
    {"chapters/toy/figures.c", "// The curve.\nstatic void\nx_y(void)\n{\n}\n"},
    {"common/ops.c", "// soft\nvoid\nsoft(void)\n{\n}\n"},
    {"chapters/toy/reference/claims.tsv", "id\tstatement\tmeasured\n"
                                          "rise\tit |x| rises\t0.123456789\n"
                                          "steps\tit_takes\t11300\n"
                                          "tiny\tsmall\t1.5e-07\n"
                                          "none\tskipped\tnan\n"
                                          "word\ta b\treproduced\n"},
    {"plots/toy.gp", "plot \"x-y.tsv\"\nset output data.\"x-y.svg\"\n"},
    {"plots/toy/x-y.svg", "<svg/>\n"},
    {"chapters/toy/toy.md", "# Toy & co\n"
                            "\n"
                            "[self](#toy--co), [again](#again-1), [dash](#a--dash-and-more), "
                            "[out](https://x.org/y.md#z),\n"
                            "[code](toy.c), [front](../../book.md#front), `a[i](x)`.\n"
                            "\n"
                            "## Again\n"
                            "## Again\n"
                            "## A – *dash*, `and` [more](toy.c)\n"
                            "\n"
                            "```c name=ROWS\n"
                            "```\n"
                            "```c name=pair,TWICE\n"
                            "old\n"
                            "```\n"
                            "```c name=MORE,chosen,aligned\n"
                            "```\n"
                            "```c name=brace,v8\n"
                            "```\n"
                            "```c name=toy_add\n"
                            "```\n"
                            "```c name=helper part=head\n"
                            "```\n"
                            "```c part=body name=helper\n"
                            "```\n"
                            "```c name=helper part=tail\n"
                            "```\n"
                            "```c name=x_y\n"
                            "```\n"
                            "````c file=common/ops.c name=soft\n"
                            "```\n"
                            "````\n"
                            "```sh\n"
                            "make [dead](dead.md) <!--\n"
                            "```\n"
                            "![The curve](../../plots/toy/x-y.svg)\n"
                            "\n"
                            "<!-- table: reference/claims.tsv -->\n"
                            "<!-- end -->\n"
                            "<!-- table: reference/claims.tsv digits=2 columns=measured,id "
                            "rows=tiny,rise -->\n"
                            "| old |\n"
                            "<!-- end -->\n"
                            "It rises (by **9**<!-- reference/claims.tsv: rise -->) in\n"
                            "9<!-- reference/claims.tsv: steps --> steps, "
                            "$a=9$<!-- reference/claims.tsv: tiny measured -->, "
                            "~9<!-- reference/claims.tsv: rise percent --> %,\n"
                            "-9<!-- reference/claims.tsv: steps measured %.1e -->, "
                            "x<!-- reference/claims.tsv: word --> <!-- no address -->.\n"},
    {"book.md", "# Front\n\n[Toy](chapters/toy/toy.md) <img src=\"plots/toy/x-y.svg\">\n\n"
                "```c file=chapters/toy/toy.h name=WIDE\n```\n"},
};

static void
put(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    ck_assert_msg(file != NULL, "%s cannot be written", path);
    fputs(content, file);
    fclose(file);
}

static const char *
get(const char *path)
{
    static char content[TEXT];
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s cannot be read", path);
    content[fread(content, 1, TEXT - 1, file)] = 0;
    fclose(file);
    return content;
}

// Runs the weaver and returns its exit status.
static int
run(const char *arguments)
{
    char command[8192];
    snprintf(command, sizeof command, "'%s' %s 2>&1", weave, arguments);
    FILE *pipe = popen(command, "r");
    output[fread(output, 1, TEXT - 1, pipe)] = 0;
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
make_book(void)
{
    test_folder();
    ck_assert_int_eq(system("mkdir -p chapters/toy/reference common plots/toy"), 0);
    for (size_t i = 0; i < sizeof BOOK / sizeof *BOOK; i++)
        put(BOOK[i].path, BOOK[i].content);
    ck_assert_msg(run("chapters/toy/toy.md book.md") == 0, "%s", output);
    ck_assert_str_eq(output, "");
}

static void
contains(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "expected\n%s\nin\n%s", part, text);
}

START_TEST(fences)
{
    const char *text = get("chapters/toy/toy.md");
    contains(text, "```c name=ROWS\n// Letters.\nenum {\n    ROWS = 2, // R, not COLUMNS\n"
                   "    WIDE      // W\n};\n```\n");
    contains(text, "```c name=pair,TWICE\ntypedef struct {\n    int (*call)(int n);\n} pair;\n\n"
                   "#define TWICE(x) \\\n    ((x) + \\\n     (x))\n```\n");
    contains(text, "static const char brace[] = \"}; // {\";\n\n"
                   "typedef float v8 __attribute__((vector_size(32))); // eight\n```\n");
    contains(text, "```c name=toy_add\n// y = x + 1\nint\ntoy_add(int x, int y)\n{\n    if (x) {\n"
                   "        y = helper(x); // calls }\n    }\n    return y + 1;\n}\n```\n");
    contains(text, "part=head\nstatic int\nhelper(int x)\n{\n```\n");
    contains(text, "```c part=body name=helper\nfor (;;)\n    x++;\n\nreturn x;\n```\n");
    contains(text, "part=tail\n}\n```\n");
    contains(text, "````c file=common/ops.c name=soft\n// soft\nvoid\nsoft(void)\n{\n}\n````\n");
    contains(text, "```sh\nmake [dead](dead.md) <!--\n```\n");
    contains(get("book.md"), "name=WIDE\n// Letters.\n");
}
END_TEST

START_TEST(tables)
{
    const char *text = get("chapters/toy/toy.md");
    contains(text, "<!-- table: reference/claims.tsv -->\n\n"
                   "| id | statement | measured |\n|---|---|--:|\n"
                   "| rise | it \\|x\\| rises | 0.1235 |\n"
                   "| steps | it_takes | 11300 |\n"
                   "| tiny | small | 1.5e-7 |\n"
                   "| none | skipped | nan |\n"
                   "| word | a b | reproduced |\n"
                   "\n<!-- end -->\n");
    contains(text, "rows=tiny,rise -->\n\n| measured | id |\n|--:|---|\n| 1.5e-7 | tiny |\n"
                   "| 0.12 | rise |\n\n<!-- end -->\n");
}
END_TEST

START_TEST(numbers)
{
    const char *text = get("chapters/toy/toy.md");
    contains(text, "(by **0.1235**<!-- reference/claims.tsv: rise -->) in\n");
    contains(text, "\n11300<!-- reference/claims.tsv: steps --> steps, $a=1.5e-7$<!--");
    contains(text, " ~12.3<!-- reference/claims.tsv: rise percent --> %,\n");
    contains(text, "\n1.1e4<!--");
    contains(text, ", reproduced<!-- reference/claims.tsv: word --> <!-- no address -->.\n");
}
END_TEST

START_TEST(again)
{
    char before[TEXT];
    struct stat old, new;
    strcpy(before, get("chapters/toy/toy.md"));
    stat("chapters/toy/toy.md", &old);
    ck_assert_int_eq(run("chapters/toy/toy.md book.md"), 0);
    ck_assert_str_eq(get("chapters/toy/toy.md"), before);
    stat("chapters/toy/toy.md", &new);
    ck_assert_msg(old.st_ino == new.st_ino, "a text that is woven already was written again");
    ck_assert_int_eq(run("--check --chapters toy chapters/toy/toy.md book.md"), 0);
    ck_assert_str_eq(output, "");
}
END_TEST

START_TEST(book)
{
    ck_assert_msg(run("--book woven.md chapters/toy/toy.md") == 0, "%s", output);
    contains(get("woven.md"), "``` {.c source=\"chapters/toy/toy.h:16-18 "
                              "chapters/toy/toy.h:20-22\"}\ntypedef struct {\n");
    contains(get("woven.md"), "```sh\n");
}
END_TEST

// One change to the woven book that passes every check, and what the weaver must say to it.
static const struct {
    const char *path, *find, *put;
    int status;
    const char *options, *says;
} WRONG[] = {
#define TOY "chapters/toy/toy.md"
#define CLAIMS "reference/claims.tsv"
    {"chapters/toy/toy.c", "y = x + 1", "y = x + 2", 1, "--check",
     TOY ":38: fence toy_add differs from chapters/toy/toy.c:13\n"},
    {"chapters/toy/" CLAIMS, "\t11300", "\t11400", 1, "--check",
     "table differs from chapters/toy/" CLAIMS "\n"},
    {"chapters/toy/" CLAIMS, "\t11300", "\t11400", 1, "--check",
     "11300 differs from chapters/toy/" CLAIMS ": steps measured = 11400\n"},
    {TOY, "name=toy_add", "name=toy_sub", 2, "--check",
     TOY ":38: no definition of toy_sub in chapters/toy/*.h and *.c\n"},
    {TOY, "file=common/ops.c name=soft", "file=common/ops.c name=hard", 2, "",
     "no definition of hard in common/ops.c\n"},
    {TOY, "file=common/ops.c", "file=common/opt.c", 2, "", "there is no file common/opt.c; "},
    {TOY, "file=common/ops.c name=soft", "file=common/ops.c", 2, "", "file= without name="},
    {TOY, "```c name=x_y", "```C name=x_y", 2, "", "a fence with name= begins with ```c"},
    {"chapters/toy/figures.c", "x_y(void)", "helper(void)", 2, "",
     "helper is defined at chapters/toy/"},
    {"chapters/toy/toy.c", "    //< body\n", "", 2, "",
     "expected one //> body and below it one //< body in the definition at chapters/toy/toy.c:23"},
    {"chapters/toy/toy.c", "    x++;\n", "    x++;\n    //> body\n", 2, "",
     "expected one //> body and"},
    {"chapters/toy/toy.c", "    return y + 1;\n}\n", "    return y + 1;\n", 2, "",
     "chapters/toy/toy.c:14: what begins here has no end"},
    {TOY, "rises (", "rises (\n```sh\n", 2, "", "this fence is not closed; expected ``` below"},
    {TOY, "<!-- end -->\n<!-- table", "<!-- table", 2, "", "this table has no end"},
    {TOY, "<!-- table: " CLAIMS " -->", "", 2, "", "no table ends here"},
    {TOY, "table: " CLAIMS " d", "table: claims.tsv d", 2, "",
     "there is no file chapters/toy/claims.tsv; "},
    {TOY, "columns=measured", "columns=guessed", 2, "",
     "no 'guessed' in the header of chapters/toy/" CLAIMS "\n"},
    {TOY, "rows=tiny", "rows=huge", 2, "", "no 'huge' in the first column of chapters/toy/" CLAIMS},
    {TOY, "digits=2", "digits=two", 2, "", "digits=two; expected a number"},
    {TOY, ": tiny measured -->", ": tiny expected -->", 2, "", "no 'expected' in the header"},
    {TOY, ": tiny measured -->", ": huge measured -->", 2, "", "no 'huge' in the first column"},
    {TOY, ": tiny measured -->", ": tiny measured %s -->", 2, "", "expected <!-- FILE.tsv: ROW"},
    {TOY, ": tiny measured -->", " tiny measured -->", 2, "", "expected <!-- FILE.tsv: ROW"},
    {TOY, ": tiny measured -->", ": tiny\n", 2, "", "a comment ends with -->"},
    {TOY, ": tiny measured -->", ": word statement -->", 2, "",
     "word statement is 'a b'; expected a number or one word"},
    {TOY, "1.1e4<!--", "<!--", 2, "", "expected a number directly before the comment"},
    {"chapters/toy/" CLAIMS, "steps\t", "rise\t", 2, "", "'rise' stands twice in chapters/toy/"},
    {"chapters/toy/" CLAIMS, "\tnan", "", 2, "", CLAIMS ":5: 2 columns, the header has 3\n"},
    {TOY, "(toy.c)", "(boy.c)", 1, "--check",
     TOY ":4: dead link: there is no file chapters/toy/boy"},
    {TOY, "#toy--co", "#toy-co", 1, "--check", "dead link: no heading of " TOY " gives #toy-co\n"},
    {TOY, "#again-1", "#again-2", 1, "--check", "no heading of " TOY " gives #again-2\n"},
    {TOY, "md#front", "md#back", 1, "--check", "dead link: no heading of book.md gives #back\n"},
    {TOY, "toy/x-y.svg", "toy/y-x.svg", 1, "--check", "there is no file plots/toy/y-x.svg\n"},
    {"book.md", "toy/x-y.svg", "toy/y-x.svg", 1, "--check",
     "book.md:3: dead link: there is no file plots/toy/y-x.svg\n"},
    {"plots/toy.gp", "\"x-y.svg", "\"xx-y.svg", 1, "--check",
     "figure plots/toy/x-y.svg has no rule; expected \"x-y.svg\" in plots/toy.gp\n"},
    {TOY, "```c name=x_y", "```sh", 1, "--check",
     "figure plots/toy/x-y.svg is shown without x_y of chapters/toy/figures.c\n"},
    {"chapters/toy/toy.h", "#endif", "static const int more = 1;\n#endif", 1, "--check",
     "chapters/toy/toy.h:29: " TOY " does not show: static const int more = 1;\n"},
    {TOY, "```c name=helper part=tail", "```sh", 1, "--check",
     "chapters/toy/toy.c:36: " TOY " does not show: }\n"},
    {"book.md", "file=chapters/toy/toy.h ", "", 2, "", "book.md:5: name=WIDE without file="},
    {"book.md", "(chapters/toy/toy.md)", "(chapters/toy)", 1, "--check --chapters toy",
     "book.md:1: expected here or below a link (chapters/toy/toy.md)\n"},
    {"book.md", "#", "#", 2, "--chek", "--chek: unknown option"},
    {"book.md", "#", "#", 2, "--book x.md --check", "expected texts, with --book one text"},
};

START_TEST(wrong)
{
    static char content[TEXT], changed[2 * TEXT];
    strcpy(content, get(WRONG[_i].path));
    char *at = strstr(content, WRONG[_i].find);
    ck_assert_msg(at != NULL, "%s: no '%s'", WRONG[_i].path, WRONG[_i].find);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - content), content, WRONG[_i].put,
             at + strlen(WRONG[_i].find));
    put(WRONG[_i].path, changed);
    char text[TEXT], arguments[128];
    strcpy(text, get(TOY));
    snprintf(arguments, sizeof arguments, "%s %s book.md", WRONG[_i].options, TOY);
    int status = run(arguments);
    contains(output, WRONG[_i].says);
    ck_assert_int_eq(status, WRONG[_i].status);
    ck_assert_str_eq(get(TOY), text);
}
END_TEST

int
main(void)
{
    const char *build = getenv("BUILD");
    char path[1024];
    snprintf(path, sizeof path, "%s/weave", build ? build : "build");
    if (!realpath(path, weave)) {
        fprintf(stderr, "there is no %s; expected the weaver in the folder named by BUILD\n", path);
        return 2;
    }
    Suite *suite = suite_create("weave");
    TCase *tests = tcase_create("weave");
    tcase_add_checked_fixture(tests, make_book, NULL);
    tcase_add_test(tests, fences);
    tcase_add_test(tests, tables);
    tcase_add_test(tests, numbers);
    tcase_add_test(tests, again);
    tcase_add_test(tests, book);
    tcase_add_loop_test(tests, wrong, 0, sizeof WRONG / sizeof *WRONG);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
