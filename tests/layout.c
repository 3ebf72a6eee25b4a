// The rules of who includes whom, on small trees: what they allow, and each refusal with its place.
#include "test.h"

#include <sys/stat.h>

static char script[4096], output[4096];

static void
write_text(const char *path, const char *text)
{
    char command[256];
    snprintf(command, sizeof command, "mkdir -p $(dirname %s)", path);
    ck_assert_int_eq(system(command), 0);
    test_write(path, text, strlen(text));
}

// A tree that keeps the rules: chapter two uses one, which shares its tasks; three uses nothing.
static void
begin(void)
{
    ck_assert_ptr_nonnull(realpath("tests/layout.lua", script));
    test_folder();
    write_text("common/files/fail.h", "#ifndef FAIL_H\n#define FAIL_H\n#endif\n");
    write_text("common/numbers/random.h", "#ifndef RANDOM_H\n#include \"files/fail.h\"\n#endif\n");
    write_text("common/nets/tensor.h", "#ifndef TENSOR_H\n#include \"numbers/random.h\"\n#endif\n");
    write_text("common/nets/ops/sum.c", "#include \"nets/tensor.h\"\n#include <math.h>\n");
    write_text("common/frame/claims.h", "#ifndef CLAIMS_H\n#include \"nets/tensor.h\"\n#endif\n");
    write_text("common/checker/compare.c", "#include \"files/fail.h\"\n");
    write_text("chapters/one/one.h", "#ifndef ONE_H\n"
                                     "typedef struct {\n    int (*call)(int n);\n} one_pair;\n"
                                     "int one_add(int x);\n"
                                     "const char *one_name(void);\n"
                                     "static inline int\nhalf(int x)\n{\n}\n"
                                     "#endif\n");
    write_text("chapters/one/tasks.h", "#ifndef ONE_TASKS_H\n#endif\n");
    write_text("chapters/one/own.h", "#ifndef ONE_OWN_H\n#endif\n");
    write_text("chapters/one/figures/a.c", "#include \"one/own.h\"\n#include \"frame/claims.h\"\n");
    write_text("chapters/two/two.c", "#include \"one/one.h\"\n#include \"one/tasks.h\"\n");
    write_text("chapters/three/three.c", "#include \"numbers/random.h\"\n");
    write_text("chapters/draft/draft.c", "#include \"anything\"\n"); // not in the list yet
}

static int
check_layout(const char *chapters)
{
    char command[8192];
    snprintf(command, sizeof command, "lua5.4 %s %s 2>&1", script, chapters);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    output[fread(output, 1, sizeof output - 1, pipe)] = 0;
    return WEXITSTATUS(pclose(pipe));
}

#define BOOK "'one: : tasks' 'two: one: ' 'three: : '"

START_TEST(allowed)
{
    begin();
    ck_assert_int_eq(check_layout(BOOK), 0);
    ck_assert_str_eq(output, "");
}
END_TEST

static const struct {
    const char *path, *text, *says;
} wrong[] = {
    {"common/numbers/fft.c", "#include <math.h>\n#include \"nets/tensor.h\"\n",
     "common/numbers/fft.c:2: room numbers includes nets/tensor.h; expected its own room or "
     "files\n"},
    {"common/files/npy.c", "#include \"numbers/random.h\"\n",
     "common/files/npy.c:1: room files includes numbers/random.h; expected its own room\n"},
    {"common/checker/x.c", "#include \"frame/claims.h\"\n",
     "common/checker/x.c:1: room checker includes frame/claims.h; expected its own room or "
     "numbers, "
     "files\n"},
    {"common/frame/x.c", "#include \"one/one.h\"\n",
     "common/frame/x.c:1: room frame includes one/one.h; expected its own room or nets, data, "
     "numbers, files\n"},
    {"common/nets/ops/x.c", "# include \"tensor.h\"\n",
     "common/nets/ops/x.c:1: expected the folder, too: \"FOLDER/tensor.h\"\n"},
    {"chapters/two/x.c", "#include \"one/own.h\"\n",
     "chapters/two/x.c:1: one/own.h is private to one; expected one/one.h, or it in SHARES of "
     "chapters/one/chapter.mk\n"},
    {"chapters/one/x.c", "#include \"two/two.h\"\n",
     "chapters/one/x.c:1: chapter one comes before two\n"},
    {"chapters/three/x.c", "\n\n#include \"one/one.h\"\n",
     "chapters/three/x.c:3: three does not use one; expected it in USES of "
     "chapters/three/chapter.mk\n"},
    {"chapters/three/x.c", "#include \"checker/likeness.h\"\n",
     "chapters/three/x.c:1: a chapter includes checker/likeness.h, of a tool; expected frame, "
     "nets, "
     "data, numbers, files\n"},
    {"chapters/three/x.c", "#include \"four/four.h\"\n",
     "chapters/three/x.c:1: there is no room or chapter four\n"},
    {"chapters/three/three.h", "#ifndef TASKS_H\n#endif\n",
     "chapters/three/three.h:1: guard TASKS_H; expected THREE_H\n"},
    {"chapters/three/tasks.h", "#ifndef TASKS_H\n#endif\n",
     "chapters/three/tasks.h:1: guard TASKS_H; expected THREE_TASKS_H\n"},
    {"common/data/fail.h", "\n#ifndef FAIL_H\n#endif\n",
     "common/files/fail.h:1: guard FAIL_H stands in common/data/fail.h, too\n"},
    {"common/data/x.h", "int x;\n", "common/data/x.h:1: no include guard\n"},
    {"chapters/three/three.h", "#ifndef THREE_H\ntable *add(int x);\n#endif\n",
     "chapters/three/three.h:2: add; expected a name that begins with three_\n"},
};

START_TEST(refused)
{
    begin();
    write_text(wrong[_i].path, wrong[_i].text);
    ck_assert_int_eq(check_layout(BOOK), 1);
    ck_assert_str_eq(output, wrong[_i].says);
}
END_TEST

// A chapter uses earlier ones only, and what the arguments say must be readable.
START_TEST(lists)
{
    begin();
    ck_assert_int_eq(check_layout("'one: three: tasks' 'two: one:' 'three: :'"), 1);
    ck_assert_str_eq(output,
                     "chapters/one/chapter.mk:1: USES three, which is no earlier chapter\n");
    ck_assert_int_eq(check_layout("'one: nine: tasks' 'two: one:' 'three: :'"), 1);
    ck_assert_str_eq(output, "chapters/one/chapter.mk:1: USES nine, which is no earlier chapter\n");
    ck_assert_int_eq(check_layout("one"), 2);
    ck_assert_str_eq(output, "layout.lua: \"one\": expected \"NAME: USES ...: SHARES ...\"\n");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("layout");
    TCase *all = tcase_create("layout");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, allowed);
    tcase_add_loop_test(all, refused, 0, sizeof wrong / sizeof *wrong);
    tcase_add_test(all, lists);
    suite_add_tcase(suite, all);
    return test_run(suite, NULL, 0);
}
