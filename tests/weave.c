// The weaver on small books in a temporary folder: what it fills, what it accepts, and each error once.
#include "test.h"

#include <sys/stat.h>
#include <sys/wait.h>

enum { TEXT = 1 << 14 };

static char weave[4096];  // its path
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
                           "struct other;\n"
                           "union both;\n"
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
                           "enum { MORE = TWICE(WIDE, ROWS), LESS };\n"
                           "_Static_assert(ROWS == 2, \"two\");\n"
                           "static int (*chosen)(int n);\n"
                           "static _Alignas(64) float aligned[8];\n"
                           "static int helper(int x, int (*toy_add)(int n));\n"
                           "static int_fn toy_add, helper;\n"
                           "typedef int int_fn(int n);\n"
                           "static const int first = ROWS, second[2] = {\n"
                           "    3, 4};\n"
                           "struct tagged {\n"
                           "    int n;\n"
                           "};\n"
                           "static struct tagged *kept;\n"
                           "static union both *held;\n"
                           "struct tagged *made = 0;\n"
                           "static float grid[TWICE(2)];\n"
                           "static int left, right;\n"
                           "static const char *marks[] = {\"#\",\n"
                           "    \"%\"};\n"
                           "static const struct {\n"
                           "    int n;\n"
                           "} many[2] = {\n"
                           "    {1}, {2}};\n"
                           "#if ROWS == 2\n"
                           "#define ONE (1)\n"
                           "#endif\n"
                           "\n"
                           "// y = x + 1\n"
                           "int\n"
                           "toy_add(int x, int y)\n"
                           "{\n"
                           "    helper(x, 0);\n"
                           "    if (x) {\n"
                           "        y = helper(x, 0); // calls }\n"
                           "    }\n"
                           "    y += *\"\\\"{\" + '\"';\n"
                           "    return y + 1;\n"
                           "}\n"
                           "\n"
                           "static enum letters\n"
                           "spelled(void)\n"
                           "{\n"
                           "    toy_add(1, 2);\n"
                           "}\n"
                           "\n"
                           "// Not of the helper.\n"
                           "\n"
                           "static int\n"
                           "helper(int x, int (*toy_add)(int n))\n"
                           "{\n"
                           "    for (;;)\n"
                           "        x++;\n"
                           "\n"
                           "#define INNER 1\n"
                           "    return x;\n"
                           "}\n"},
    {"chapters/toy/figures/x-y.c", "// The curve.\nstatic void\nx_y(void)\n{\n}\n"},
    {"common/ops.c", "// soft\nvoid\nsoft(void)\n{\n}\n"},
    {"chapters/toy/reference/claims.tsv", "id\tstatement\tmeasured\n"
                                          "rise\tit |x| rises\t0.123456789\n"
                                          "steps\tit_takes\t11300\n"
                                          "tiny\tsmall\t1.5e-07\n"
                                          "none\tskipped\tnan\n"
                                          "word\ta b\treproduced\n"},
    {"chapters/toy/reference/runs.tsv", "a|b_c\trun\n"
                                        "1e+20\t1\n"
                                        "2\t1\n"},
    {"plots/toy.gp", "plot \"x-y.tsv\"\nset output data.\"x-y.svg\"\n"},
    {"plots/toy/x-y.svg", "<svg/>\n"},
    {"chapters/toy/toy.md", "# Toy & co\n"
                            "\n"
                            "*A toy of 1.5 parts, and\n"
                            "what it adds.*\n"
                            "\n"
                            "[self](#toy--co), [again](#again-1), [dash](#a--dash-and-more), "
                            "[out](https://x.org/y.md#z),\n"
                            "[code](toy.c), [front](../../book.md#front), `a[i](x)`, "
                            "[mail](mailto:a@b.org).\n"
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
                            "```c name=brace,v8,int_fn,second\n"
                            "```\n"
                            "```c name=tagged,kept,held,made,grid,left,marks,many,ONE\n"
                            "```\n"
                            "```c name=toy_add,spelled\n"
                            "```\n"
                            "```c name=helper\n"
                            "```\n"
                            "```c name=x_y\n"
                            "```\n"
                            "````c file=common/ops.c name=soft\n"
                            "```\n"
                            "````\n"
                            "   ```sh\n"
                            "```sh\n"
                            "make ```\n"
                            "    ```\n"
                            "make [dead](dead.md) <!--\n"
                            "# Fenced\n"
                            "   ```\n"
                            "    ```\n"
                            "``` no `fence`\n"
                            "![The curve](../../plots/toy/x-y.svg)\n"
                            "\n"
                            "<!-- table: reference/claims.tsv -->\n"
                            "<!-- end -->\n"
                            "<!-- table: reference/claims.tsv digits=2 columns=measured,id "
                            "rows=tiny,rise -->\n"
                            "| old <!-- x --> |\n"
                            "<!-- end -->\n"
                            "<!-- table: reference/runs.tsv digits=12 -->\n"
                            "<!-- end -->\n"
                            "It rises (by **9**<!-- reference/claims.tsv: rise -->) in\n"
                            "9<!-- reference/claims.tsv: steps --> steps, "
                            "$a=+9$<!-- reference/claims.tsv: tiny measured -->, "
                            "(~9)<!-- reference/claims.tsv: rise percent --> %,\n"
                            "-9<!-- reference/claims.tsv: steps measured %.1e -->, "
                            "`9`<!-- reference/claims.tsv: rise %.10f -->, "
                            "x_y<!-- reference/claims.tsv: word --> <- <!-- no_tsv address -->.\n"},
    {"chapters/sum/sum.md", "# Sum\n"
                            "\n"
                            "*It* adds\n"
                            "2.5 and 3! Then it rests.\n"
                            "\n"
                            "<!-- chapters -->\n"
                            "<!-- end -->\n"},
    {"book.md", "# Front\n\n<!-- chapters -->\n1. old\n<!-- end -->\n"
                "<img src=\"plots/toy/x-y.svg\">\n\n"
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

// Puts `with` where `find` stands first in the file.
static void
change(const char *path, const char *find, const char *with)
{
    static char content[TEXT], changed[2 * TEXT];
    strcpy(content, get(path));
    char *at = strstr(content, find);
    ck_assert_msg(at != NULL, "%s: no '%s'", path, find);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - content), content, with,
             at + strlen(find));
    put(path, changed);
}

// Runs the weaver and returns its exit status.
static int
run(const char *arguments)
{
    char command[8192];
    snprintf(command, sizeof command, "lua5.4 '%s' %s 2>&1", weave, arguments);
    FILE *pipe = popen(command, "r");
    output[fread(output, 1, TEXT - 1, pipe)] = 0;
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define TOY "chapters/toy/toy.md"
#define CHAPTERS "--chapters 'toy sum' "
#define TEXTS TOY " chapters/sum/sum.md book.md"

static void
make_book(void)
{
    test_folder();
    ck_assert_int_eq(system("mkdir -p chapters/toy/reference chapters/toy/figures chapters/sum "
                            "common plots/toy"),
                     0);
    for (size_t i = 0; i < sizeof BOOK / sizeof *BOOK; i++)
        put(BOOK[i].path, BOOK[i].content);
    ck_assert_msg(run(CHAPTERS TEXTS) == 0, "%s", output);
    ck_assert_str_eq(output, "");
}

static void
contains(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "expected\n%s\nin\n%s", part, text);
}

START_TEST(fences)
{
    const char *text = get(TOY);
    contains(text, "```c name=ROWS\n// Letters.\nenum {\n    ROWS = 2, // R, not COLUMNS\n"
                   "    WIDE      // W\n};\n```\n");
    contains(text, "```c name=pair,TWICE\ntypedef struct {\n    int (*call)(int n);\n} pair;\n\n"
                   "#define TWICE(x) \\\n    ((x) + \\\n     (x))\n```\n");
    contains(text, "static const char brace[] = \"}; // {\";\n\n"
                   "typedef float v8 __attribute__((vector_size(32))); // eight\n\n"
                   "typedef int int_fn(int n);\n\n"
                   "static const int first = ROWS, second[2] = {\n    3, 4};\n```\n");
    contains(text, "\nstruct tagged {\n    int n;\n};\n\nstatic struct tagged *kept;\n\n"
                   "static union both *held;\n\nstruct tagged *made = 0;\n\n"
                   "static float grid[TWICE(2)];\n\nstatic int left, right;\n\n"
                   "static const char *marks[] = {\"#\",\n    \"%\"};\n\n"
                   "static const struct {\n    int n;\n} many[2] = {\n    {1}, {2}};\n\n#define "
                   "ONE (1)\n```\n");
    contains(text, "enum { MORE = TWICE(WIDE, ROWS), LESS };\n\nstatic int (*chosen)(int n);\n\n"
                   "static _Alignas(64) float aligned[8];\n```\n");
    contains(text, "```c name=toy_add,spelled\n// y = x + 1\nint\ntoy_add(int x, int y)\n{\n    "
                   "helper(x, 0);\n    if (x) {\n"
                   "        y = helper(x, 0); // calls }\n    }\n    y += *\"\\\"{\" + '\"';\n"
                   "    return y + 1;\n}\n\nstatic enum letters\nspelled(void)\n{\n"
                   "    toy_add(1, 2);\n}\n```\n");
    contains(text, "```c name=helper\nstatic int\nhelper(int x, int (*toy_add)(int n))\n{\n"
                   "    for (;;)\n        x++;\n\n#define INNER 1\n    return x;\n}\n```\n");
    contains(text, "```c name=x_y\n// The curve.\nstatic void\nx_y(void)\n{\n}\n```\n");
    contains(text, "````c file=common/ops.c name=soft\n// soft\nvoid\nsoft(void)\n{\n}\n````\n");
    contains(text,
             "   ```sh\n```sh\nmake ```\n    ```\nmake [dead](dead.md) <!--\n# Fenced\n   ```\n");
    contains(get("book.md"), "name=WIDE\n// Letters.\n");
}
END_TEST

START_TEST(tables)
{
    const char *text = get(TOY);
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
    contains(text, "\n| a\\|b c | run |\n|--:|--:|\n| 1e20 | 1 |\n| 2 | 1 |\n\n");
}
END_TEST

START_TEST(numbers)
{
    const char *text = get(TOY);
    contains(text, "(by **0.1235**<!-- reference/claims.tsv: rise -->) in\n");
    contains(text, "\n11300<!-- reference/claims.tsv: steps --> steps, $a=1.5e-7$<!--");
    contains(text, " (~12.3)<!-- reference/claims.tsv: rise percent --> %,\n");
    contains(text, "\n1.1e4<!--");
    contains(text, ", `0.1234567890`<!--");
    contains(text, ", reproduced<!-- reference/claims.tsv: word --> <- <!-- no_tsv address -->.\n");
}
END_TEST

START_TEST(chapters)
{
    contains(get("book.md"), "# Front\n\n<!-- chapters -->\n\n"
                             "1. [Toy & co](chapters/toy/toy.md): A toy of 1.5 parts, and what it "
                             "adds.\n2. [Sum](chapters/sum/sum.md): *It* adds 2.5 and 3!\n"
                             "\n<!-- end -->\n<img");
    contains(get("chapters/sum/sum.md"), "\n1. [Toy & co](../../chapters/toy/toy.md): A");
    // In parts, with numbers that go on.
    ck_assert_int_eq(run("--chapters '[Small] toy [Large ones] sum' book.md"), 0);
    contains(get("book.md"),
             "# Front\n\n<!-- chapters -->\n\n**Part 1: Small**\n\n"
             "1. [Toy & co](chapters/toy/toy.md): A toy of 1.5 parts, and what it "
             "adds.\n\n**Part 2: Large ones**\n\n2. [Sum](chapters/sum/sum.md): *It* "
             "adds 2.5 and 3!\n\n<!-- end -->\n<img");
    ck_assert_int_eq(run("--check --chapters '[Small] sum [Large ones] toy' book.md"), 1);
    ck_assert_int_eq(run(CHAPTERS "book.md"), 0);
    change("chapters/sum/sum.md", "3! Then", "3? Then");
    ck_assert_int_eq(run(CHAPTERS "book.md"), 0);
    contains(get("book.md"), "*It* adds 2.5 and 3?\n");
    ck_assert_int_eq(run("book.md"), 2);
    ck_assert_str_eq(output, "book.md:3: a list of chapters needs the option --chapters\n");
}
END_TEST

START_TEST(again)
{
    char before[TEXT];
    struct stat old, new;
    strcpy(before, get(TOY));
    stat(TOY, &old);
    ck_assert_int_eq(run(CHAPTERS TEXTS), 0);
    ck_assert_str_eq(get(TOY), before);
    stat(TOY, &new);
    ck_assert_msg(old.st_ino == new.st_ino, "a text that is woven already was written again");
    ck_assert_int_eq(run("--check " CHAPTERS TEXTS), 0);
    ck_assert_str_eq(output, "");
}
END_TEST

START_TEST(book)
{
    ck_assert_msg(run("--book woven.md " TOY) == 0, "%s", output);
    contains(get("woven.md"), "``` {.c source=\"chapters/toy/toy.h:18-20 "
                              "chapters/toy/toy.h:22-24\"}\ntypedef struct {\n");
    contains(get("woven.md"), "```` {.c source=\"common/ops.c:1-5\"}\n");
    contains(get("woven.md"), "   ```sh\n");
    ck_assert_int_ne(access("woven.md.part", F_OK), 0);
    ck_assert_int_eq(run("--book none/woven.md " TOY), 2);
    ck_assert_str_eq(output, "none/woven.md: cannot be written\n");
    ck_assert_int_eq(run("--book plots " TOY), 2);
    ck_assert_str_eq(output, "plots: cannot be written\n");
    ck_assert_int_ne(access("plots.part", F_OK), 0);
    ck_assert_int_eq(run("--book woven.md " TOY " chapters/sum/sum.md"), 2);
    contains(output, "expected texts, with --book one text and no --check; usage: weave.lua [");
    put("x--y.md", "");
    ck_assert_int_eq(run("--check x--y.md"), 0);
    ck_assert_int_eq(run("--book " TOY), 2);
    contains(output, "expected texts, with --book one text and no --check; usage: weave.lua [");
    ck_assert_int_eq(run("--check"), 2);
    ck_assert_int_eq(run(TOY " --check"), 2);
    ck_assert_int_eq(run("none.md"), 2);
    ck_assert_str_eq(output, "none.md:1: there is no file none.md\n");
    ck_assert_int_eq(run("plots"), 2);
    ck_assert_str_eq(output, "plots:1: there is no file plots\n");
}
END_TEST

// One change to the woven book, the weaver's status, and what it says to it; or with status 0 what
// the toy's text has in it then. A text that cannot be woven, or is only checked, stays as it is.
static const struct {
    const char *path, *find, *put;
    int status;
    const char *options, *says;
} CHANGES[] = {
#define TOY_C "chapters/toy/toy.c"
#define TOY_H "chapters/toy/toy.h"
#define CURVE "chapters/toy/figures/x-y.c"
#define CLAIMS "reference/claims.tsv"
    // Code.
    {TOY_C, "y = x + 1", "y = x + 2", 1, "--check",
     TOY ":71: fence toy_add,spelled differs from chapters/toy/toy.c:33\n"},
    {TOY, "name=toy_add", "name=toy_sub", 2, "--check",
     TOY ":71: there is no 'toy_sub' in chapters/toy/\n"},
    {TOY, "file=common/ops.c name=soft", "file=common/ops.c name=hard", 2, "",
     "there is no 'hard' in common/ops.c\n"},
    {TOY, "name=soft", "name=soft,", 2, "", "there is no '' in common/ops.c\n"},
    {TOY, "name=pair", "name=call", 2, "", "there is no 'call' in chapters/toy/\n"},
    {TOY, "name=pair", "name=NOTHING", 2, "", "there is no 'NOTHING' in chapters/toy/\n"},
    {TOY, "name=pair", "name=shared", 2, "", "there is no 'shared' in chapters/toy/\n"},
    {TOY, "name=pair", "name=toy", 2, "", "there is no 'toy' in chapters/toy/\n"},
    {TOY, "name=pair", "name=other", 2, "", "there is no 'other' in chapters/toy/\n"},
    {TOY, "name=pair", "name=both", 2, "", "there is no 'both' in chapters/toy/\n"},
    {TOY, "name=pair", "name=INNER", 2, "", "there is no 'INNER' in chapters/toy/\n"},
    {TOY, "name=pair", "name=first", 0, "", "```c name=first,TWICE\nstatic const int first"},
    {TOY_H, "union both;", "union both {\n};", 0, "", ""},
    {TOY, "file=common/ops.c", "file=common/opt.c", 2, "",
     "there is no file chapters/toy/common/opt.c\n"},
    {TOY, "file=common/ops.c name=soft", "file=common/ops.c", 2, "", "expected ```c name=NAME"},
    {TOY, "```c name=x_y", "```C name=x_y", 2, "", "expected ```c name=NAME at column 0"},
    {TOY, "```c name=x_y", " ```c name=x_y", 2, "", "expected ```c name=NAME at column 0"},
    {"book.md", "file=chapters/toy/toy.h ", "", 2, "", "book.md:11: expected ```c name=NAME"},
    {TOY, "```c name=x_y", "```c file=figures/x-y.c name=x_y", 0, "", "\n// The curve.\n"},
    {TOY, "```c name=x_y", "```c file=../toy/figures/x-y.c name=x_y", 0, "", "\n// The curve.\n"},
    {"book.md", "file=chapters/toy/toy.h", "file=toy.h", 2, "", "there is no file toy.h\n"},
    {CURVE, "x_y(void)", "helper(void)", 2, "",
     "'helper' stands twice in chapters/toy/; expected it once\n"},
    {TOY_C, "}\n\n// Not", "}\nstatic int later;\n\n// Not", 0, "", "    toy_add(1, 2);\n}\n```\n"},
    {CURVE, "// The curve.\nstatic void\nx_y(void)\n{\n}\n", "int x_y = 1;", 0, "",
     "```c name=x_y\nint x_y = 1;\n```\n"},
    {CURVE, "// The curve.\nstatic void\nx_y(void)\n{\n}\n", "int x_y = 1;\n// End.", 0, "",
     "```c name=x_y\nint x_y = 1;\n```\n"},
    {CURVE, "{\n}\n", "{", 0, "", "x_y(void)\n{\n```\n"},
    {TOY, "rises (", "rises (\n```sh\n", 2, "",
     ": what begins here has no end; expected ``` below"},
    // Tables.
    {"chapters/toy/" CLAIMS, "\t11300", "\t11400", 1, "--check",
     "table differs from chapters/toy/" CLAIMS "\n"},
    {TOY, "<!-- end -->\n<!-- table", "<!-- table", 2, "",
     "what begins here has no end; expected <!-- end --> below\n"},
    {TOY, "<!-- end -->\nIt", "It", 2, "", "what begins here has no end; expected <!-- end -->"},
    {TOY, "<!-- table: " CLAIMS " -->", "", 2, "", "no table or list ends here"},
    {TOY, "table: " CLAIMS " d", "table: claims.tsv d", 2, "",
     "there is no file chapters/toy/claims.tsv\n"},
    {TOY, "columns=measured", "columns=guessed", 2, "",
     "there is no 'guessed' in chapters/toy/" CLAIMS "\n"},
    {TOY, "columns=measured", "columns=run", 2, "", "there is no 'run' in chapters/toy/" CLAIMS},
    {TOY, "rows=tiny", "rows=huge", 2, "", "there is no 'huge' in chapters/toy/" CLAIMS "\n"},
    {TOY, "rows=tiny", "rows=id", 2, "", "there is no 'id' in chapters/toy/" CLAIMS "\n"},
    {TOY, "rows=tiny,rise", "rows=ti*", 0, "",
     "rows=ti* -->\n\n| measured | id |\n|--:|---|\n| 1.5e-7 | tiny |\n\n"},
    {TOY, "rows=tiny,rise", "rows=x*", 2, "",
     "no row of chapters/toy/" CLAIMS " begins with 'x'\n"},
    {TOY, "digits=2", "digits=two", 2, "", "rows=tiny,rise -->: expected digits=N, with N from 1"},
    {TOY, "digits=2", "digits=100", 2, "", "rows=tiny,rise -->: expected digits=N, with N from 1"},
    {"chapters/toy/" CLAIMS, "steps\t", "rise\t", 2, "",
     "'rise' stands twice in chapters/toy/" CLAIMS "; expected it once\n"},
    {"chapters/toy/" CLAIMS, "statement\t", "measured\t", 2, "",
     "'measured' stands twice in chapters/toy/" CLAIMS "; expected it once\n"},
    {"chapters/toy/" CLAIMS, "\tnan", "", 2, "", CLAIMS ":5: 2 columns, the header has 3\n"},
    {"chapters/toy/reference/runs.tsv", "\n1e+20\t1\n2\t1\n", "", 0, "",
     "\n\n| a\\|b c | run |\n|---|---|\n\n<!-- end -->\n"},
    {"chapters/toy/reference/runs.tsv", "2\t1\n", "2\t1", 0, "", "\n| 2 | 1 |\n\n<!-- end -->\n"},
    {"chapters/toy/reference/runs.tsv", "2\t1\n", "1e+20\t2\n", 0, "", "\n| 1e20 | 2 |\n\n<!--"},
    {"chapters/toy/reference/runs.tsv", "1e+20", "1E+20", 0, "", "\n| 1e20 | 1 |\n"},
    {"chapters/toy/reference/runs.tsv", "1e+20", "0x1.8p4", 0, "",
     "\n|---|--:|\n| 0x1.8p4 | 1 |\n"},
    {"chapters/toy/reference/runs.tsv", "\n2\t", "\ntwo\t", 0, "", "\n|--:|--:|\n| 1e20 | 1 |\n"},
    {"chapters/toy/reference/runs.tsv", "2\t1\n", "", 0, "", "\n|--:|--:|\n| 1e20 | 1 |\n\n<!--"},
    // Numbers.
    {"chapters/toy/" CLAIMS, "\t11300", "\t11400", 1, "--check",
     "11300 differs from chapters/toy/" CLAIMS ": steps measured = 11400\n"},
    {TOY, ": tiny measured -->", ": tiny expected -->", 2, "",
     "there is no 'expected' in chapters"},
    {TOY, ": tiny measured -->", ": huge measured -->", 2, "",
     "there is no 'huge' in chapters/toy/"},
    {TOY, ": tiny measured -->", ": tiny measured %s -->", 2, "", "expected <!-- FILE.tsv: ROW"},
    {TOY, ": tiny measured -->", ": tiny measured %.100e -->", 2, "",
     "expected <!-- FILE.tsv: ROW"},
    {TOY, ": tiny measured -->", ": tiny measured %.2e x -->", 2, "",
     "expected <!-- FILE.tsv: ROW"},
    {TOY, ": tiny measured -->", " tiny measured -->", 2, "", "expected <!-- FILE.tsv: ROW"},
    {TOY, "claims.tsv: tiny measured -->", "runs.tsv: 2 -->", 2, "", "expected <!-- FILE.tsv: ROW"},
    {TOY, "claims.tsv: tiny measured -->", "runs.tsv: 2 run -->", 0, "", ", $a=1$<!--"},
    {TOY, "claims.tsv: tiny measured -->", "runs.tsv: 2 run %.2f -->", 0, "", ", $a=1.00$<!--"},
    {TOY, "claims.tsv: tiny measured -->", "runs.tsv: 2 run percent -->", 0, "", ", $a=100.0$<!--"},
    {TOY, "claims.tsv: tiny measured -->", "runs.tsv: 1e+20 run -->", 0, "", ", $a=1$<!--"},
    {TOY, ": tiny measured -->", ": tiny measured x%.2e -->", 2, "", "expected <!-- FILE.tsv: ROW"},
    {TOY, ": tiny measured -->", ": tiny measured %.2ex -->", 2, "", "expected <!-- FILE.tsv: ROW"},
    {TOY, ": word -->", ": percent -->", 2, "", "there is no 'percent' in chapters/toy/"},
    {TOY, "reference/claims.tsv: word", "claims.tsv: word", 2, "",
     "there is no file chapters/toy/claims.tsv\n"},
    {"chapters/toy/" CLAIMS, "\treproduced", "\tin_part+", 0, "", ", in_part+<!--"},
    {TOY, "It rises", "A <!-- table: x --> is none.\nIt rises", 0, "",
     "A <!-- table: x --> is none."},
    {TOY, "It rises", "<!-- open\nIt rises", 2, "", "a comment ends with -->"},
    {TOY, "It rises", "<!-- reference/claims.tsv: rise -->\nIt rises", 2, "",
     "expected a number directly before the comment"},
    {TOY, ": tiny measured -->", ": tiny\n", 2, "", "a comment ends with -->"},
    {TOY, ": tiny measured -->", ": word statement -->", 2, "",
     ": word statement is 'a b'; expected a number or one word\n"},
    {TOY, "1.1e4<!--", "<!--", 2, "", "expected a number directly before the comment"},
    {TOY, "1.1e4<!--", "1.1e4 <!--", 2, "", "expected a number directly before the comment"},
    // The list of chapters.
    {TOY, "co\n", "more\n", 1, "--check", "book.md:3: list of chapters differs from the chapters'"},
    {"book.md", "2. [Sum]", "2. [Sums]", 1, "--check", "book.md:3: list of chapters differs from"},
    {"chapters/sum/sum.md", "# Sum\n", "Sum\n", 2, "",
     ": chapters/sum/sum.md: expected \"# TITLE\", an empty line"},
    {"chapters/sum/sum.md", "# Sum\n", "Of:\n\n# Sum\n", 2, "",
     ": chapters/sum/sum.md: expected \"# TITLE\", an empty line"},
    {"chapters/sum/sum.md", "3! Then it rests.", "*3!*", 2, "",
     ": chapters/sum/sum.md: expected \"# TITLE\", an empty line"},
    {"chapters/sum/sum.md", "3! Then it rests.", "3", 2, "",
     ": chapters/sum/sum.md: expected \"# TITLE\", an empty line"},
    {"chapters/sum/sum.md", "2.5 and 3! Then", "what? Then", 1, "--check",
     "list of chapters differs"},
    {"book.md", "<!-- end -->\n<img", "<img", 2, "", "book.md:3: what begins here has no end"},
    {"book.md", "#", "#", 1, "--check --chapters 'sum toy'",
     "book.md:1: expected a link to chapters/toy/toy.md, in the order of --chapters\n"},
    {"book.md", "#", "#", 1, "--check --chapters 'toy sum toy'",
     "book.md:1: expected a link to chapters/toy/toy.md, in the order of --chapters\n"},
    {"book.md", "#", "#", 2, "--chapters 'toy none'", "there is no file chapters/none/none.md\n"},
    // Links.
    {TOY, "(toy.c)", "(boy.c)", 1, "--check",
     TOY ":7: dead link: there is no file chapters/toy/boy"},
    {TOY, "](mailto:a@b.org)", "](ftp:a@b.org)", 0, "--check", ""},
    {TOY, "](mailto:a@b.org)", "](./mailto:a@b.org)", 1, "--check",
     "there is no file chapters/toy/."},
    {TOY, "](toy.c)", "](reference)", 0, "--check", ""},
    {TOY, "](toy.c)", "](reference/)", 0, "--check", ""},
    {TOY, "](toy.c)", "](reference/../toy.c)", 0, "--check", ""},
    {TOY, "](toy.c)", "](toys/x)", 1, "--check", "there is no file chapters/toy/toys/x\n"},
    {TOY, "](toy.c)", "](toy.c \"The code\")", 0, "--check", ""},
    {TOY, "](../../book.md#front)", "](../../../book.md#front)", 1, "--check",
     "dead link: there is no file ../book.md\n"},
    {TOY, "#toy--co", "#toy-co", 1, "--check", "dead link: no heading of " TOY " gives #toy-co\n"},
    {TOY, "#toy--co", "#fenced", 1, "--check", "dead link: no heading of " TOY " gives #fenced\n"},
    {TOY, "#again-1", "#again", 0, "--check", ""},
    {TOY, "#again-1", "#again-2", 1, "--check", "no heading of " TOY " gives #again-2\n"},
    {TOY, "md#front", "md#back", 1, "--check", "dead link: no heading of book.md gives #back\n"},
    {"book.md", "# Front", "# FRONT", 0, "--check", ""},
    {"book.md", "# Front", "#  Front", 0, "--check", ""},
    {"book.md", "# Front", "x # Front", 1, "--check", "no heading of book.md gives #front\n"},
    {"book.md", "# Front", "#Front", 1, "--check", "no heading of book.md gives #front\n"},
    // Figures.
    {TOY, "toy/x-y.svg", "toy/y-x.svg", 1, "--check", "there is no file plots/toy/y-x.svg\n"},
    {"book.md", "toy/x-y.svg", "toy/y-x.svg", 1, "--check",
     "book.md:9: dead link: there is no file plots/toy/y-x.svg\n"},
    {"plots/toy.gp", "\"x-y.svg", "\"xx-y.svg", 1, "--check",
     TOY ":124: figure x-y has no rule; expected \"x-y.svg\" in plots/toy.gp\n"},
    {"plots/toy.gp", "\"x-y.svg", "\"xx-y.svg", 1, "--check",
     "book.md:9: figure x-y has no rule; expected \"x-y.svg\" in plots/toy.gp\n"},
    {"plots/toy.gp", "x-y.svg\"", "x-y.svgz\"", 1, "--check", "figure x-y has no rule"},
    {"plots/toy.gp", "x-y.svg\"", "x-y-svg\"", 1, "--check", "figure x-y has no rule"},
    {"plots/toy.gp", "x-y.svg\"", "xx.svg\"", 1, "--check", "figure x-y has no rule"},
    {"plots/toy.gp", "\"x-y.svg\"", "'x-y.svg'", 0, "--check", ""},
    {"plots/toy.gp", "\"x-y.svg\"", "\"out/x-y.svg\"", 0, "--check", ""},
    {"book.md", "toy/x-y.svg", "boy/x-y.svg", 1, "--check",
     "figure x-y has no rule; expected \"x-y.svg\" in plots/boy.gp\n"},
    {TOY, "```c name=x_y", "```sh", 1, "--check",
     TOY ":124: figure x-y is shown without a definition of " CURVE " or a link to it\n"},
    {TOY, "```c name=x_y", "[source](figures/x-y.c)\n```sh", 0, "--check", ""},
    {TOY, "x-y.svg)", "x-y.svg)\n\n[source](figures/x-y.c)", 0, "--check", ""},
    // The method, and the front.
    {TOY_H, "#endif", "static const int more = 1;\n#endif", 1, "--check",
     "chapters/toy/toy.h:31: " TOY " does not show: static const int more = 1;\n"},
    {TOY, "```c name=helper", "```sh", 1, "--check",
     "chapters/toy/toy.c:53: " TOY " does not show: static int\n"},
    {CURVE, "// The", "int more;\n\n// The", 0, "--check", ""},
    {"book.md", "<!-- chapters -->", "<!-- -->", 2, "--check",
     "book.md:8: no table or list ends here"},
    // The command line.
    {"book.md", "#", "#", 2, "--chek", "--chek: unknown option, or its value is missing; usage: "},
    {"book.md", "#", "#", 2, "--book x.md --check", "expected texts, with --book one text and no"},
    {"book.md", "#", "#", 2, "--book x.md", "expected texts, with --book one text and no --check"},
};

START_TEST(changes)
{
    change(CHANGES[_i].path, CHANGES[_i].find, CHANGES[_i].put);
    char before[TEXT], arguments[128];
    strcpy(before, get(TOY));
    snprintf(arguments, sizeof arguments, CHAPTERS "%s " TEXTS, CHANGES[_i].options);
    int status = run(arguments);
    if (CHANGES[_i].status != 0)
        contains(output, CHANGES[_i].says);
    else
        ck_assert_str_eq(output, "");
    ck_assert_int_eq(status, CHANGES[_i].status);
    if (CHANGES[_i].status != 0 || *CHANGES[_i].options)
        ck_assert_str_eq(get(TOY), before);
    else
        contains(get(TOY), CHANGES[_i].says);
}
END_TEST

// Figures that need no file of their own: drawings, and all of a chapter without a folder for them.
START_TEST(figures)
{
    put("plots/toy/drawing-x.svg", "<svg/>\n");
    change(TOY, "x-y.svg)", "x-y.svg)\n![A drawing](../../plots/toy/drawing-x.svg)");
    ck_assert_int_eq(run("--check " CHAPTERS TEXTS), 1);
    ck_assert_str_eq(output,
                     TOY ":125: figure drawing-x has no rule; expected \"drawing-x.svg\" in "
                         "plots/toy.gp\n");
    put("plots/toy.gp", "set output data.\"x-y.svg\"\nset output data.\"drawing-x.svg\"\n");
    ck_assert_int_eq(run("--check " CHAPTERS TEXTS), 0);
    ck_assert_str_eq(output, "");
    change(TOY, "/drawing-x.svg", "/no-drawing-x.svg");
    put("plots/toy/no-drawing-x.svg", "<svg/>\n");
    put("plots/toy.gp", "set output data.\"x-y.svg\"\nset output data.\"no-drawing-x.svg\"\n");
    ck_assert_int_eq(run("--check " CHAPTERS TEXTS), 1);
    contains(output, "figure no-drawing-x is shown without a definition of ");
    change(TOY, "![A drawing]", "[A drawing]");
    ck_assert_int_eq(system("mv chapters/toy/figures/x-y.c chapters/toy/x.c"), 0);
    ck_assert_int_eq(run("--check " CHAPTERS TEXTS), 1);
    ck_assert_str_eq(output, TOY ":124: figure x-y is shown without a definition of " CURVE
                                 " or a link to it\n");
    ck_assert_int_eq(system("rmdir chapters/toy/figures"), 0);
    ck_assert_int_eq(run("--check " CHAPTERS TEXTS), 0);
    ck_assert_str_eq(output, "");
}
END_TEST

int
main(void)
{
    const char *changed = getenv("WEAVE"); // the weaver with a line that was changed on purpose
    const char *path = changed ? changed : "common/press/weave.lua";
    if (!realpath(path, weave)) {
        fprintf(stderr, "there is no %s; expected to run at the top of the checkout\n", path);
        return 2;
    }
    Suite *suite = suite_create("weave");
    TCase *tests = tcase_create("weave");
    tcase_add_checked_fixture(tests, make_book, NULL);
    tcase_add_test(tests, fences);
    tcase_add_test(tests, tables);
    tcase_add_test(tests, numbers);
    tcase_add_test(tests, chapters);
    tcase_add_test(tests, again);
    tcase_add_test(tests, book);
    tcase_add_loop_test(tests, changes, 0, sizeof CHANGES / sizeof *CHANGES);
    tcase_add_test(tests, figures);
    suite_add_tcase(suite, tests);
    return test_run(suite, NULL, 0);
}
