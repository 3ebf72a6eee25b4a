// The checker and the maker of mistakes, as their commands: what they print and their exit status.
#include "files/npy.h"
#include "files/table.h"
#include "test.h"

#include <math.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char output[8192], build[512];

// Runs a command in this test's folder; its output, stderr too, goes to `output`; returns its status.
static int
run(const char *tool, const char *arguments)
{
    char command[1024];
    snprintf(command, sizeof command, "%s/%s %s 2>&1", build, tool, arguments);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    output[fread(output, 1, sizeof output - 1, pipe)] = 0;
    return WEXITSTATUS(pclose(pipe));
}

static void
says(const char *text)
{
    ck_assert_msg(strstr(output, text) != NULL, "no '%s' in:\n%s", text, output);
}

static void
says_not(const char *text)
{
    ck_assert_msg(strstr(output, text) == NULL, "'%s' in:\n%s", text, output);
}

enum { T = 3, H = 2 };
static const double a[T * H] = {1, 2, 3, 4, 5, 6}, b[T * H] = {0.5, 0.25, -1, 2, 4, -8};

// A case with an input x, steps a and b, an output y and its gradient; a mistake for b.
static void
make_case(void)
{
    const char *folder = getenv("BUILD");
    ck_assert_ptr_nonnull(realpath(folder ? folder : "build", build));
    test_folder();
    mkdir("case", 0777);
    mkdir("mine", 0777);
    double twice[T * H], y = 7;
    for (int i = 0; i < T * H; i++)
        twice[i] = 2 * b[i];
    table *t = table_create("case/manifest.tsv", "role\tname\tof\tfile\tshape\ttolerance\tabout");
    const char *rows[][7] = {
        {"input", "x", "", "x.npy", "(3, 2)", "1e-06", "what is read"},
        {"step", "a", "", "a.npy", "(3, 2)", "1e-06", "the first step"},
        {"step", "b", "", "b.npy", "(3, 2)", "1e-06", "the second step"},
        {"output", "y", "", "y.npy", "()", "1e-06", "the loss"},
        {"gradient", "dx", "", "dx.npy", "(3, 2)", "1e-06", "dloss/dx"},
        {"mistake", "mistake_1_b", "b", "mistake_1_b.npy", "(3, 2)", "1e-06", "You doubled b."}};
    for (int i = 0; i < 6; i++) {
        const char **c = rows[i];
        table_row(t, "sssssss", c[0], c[1], c[2], c[3], c[4], c[5], c[6]);
    }
    table_close(t);
    t = table_create("case/mistakes.tsv", "name\tline\twrong");
    table_row(t, "sss", "mistake_1_b", "b = c;", "b = 2 * c;");
    table_close(t);
    const int n[] = {T, H};
    npy_write("case/x.npy", NPY_F8, 2, n, a);
    npy_write("case/a.npy", NPY_F8, 2, n, a);
    npy_write("case/b.npy", NPY_F8, 2, n, b);
    npy_write("case/y.npy", NPY_F8, 0, n, &y);
    npy_write("case/dx.npy", NPY_F8, 2, n, b);
    npy_write("case/mistake_1_b.npy", NPY_F8, 2, n, twice);
}

// The reader's b with `by` added to value i.
static void
give_b(int i, double by)
{
    double mine[T * H];
    memcpy(mine, b, sizeof mine);
    mine[i] += by;
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){T, H}, mine);
}

START_TEST(lists)
{
    make_case();
    ck_assert_int_eq(run("compare", "case"), 0);
    says("step      b            (3, 2)         1e-06   the second step");
    says_not("mistake");
}
END_TEST

START_TEST(agrees)
{
    make_case();
    give_b(0, 7.9e-6); // the largest |b| is 8
    test_write("mine/a.txt", "1 2\n3, 4\n5;6\n", 13);
    ck_assert_int_eq(run("compare", "case mine"), 0);
    says("Not given: y, dx\n");
    says("All 2 tensors given agree.");
}
END_TEST

START_TEST(deviates)
{
    make_case();
    give_b(3, 8.2e-6);
    test_write("mine/a.csv", "1,2,3,4,5,6", 11);
    ck_assert_int_eq(run("compare", "case mine"), 1);
    says("1 of 2 tensors deviates.");
    says("b deviates first at [1, 1]: expected 2, got 2.0000082");
    says("step (3, 2): the second step");
    says("1 of 6 values deviate; largest error 8.2e-06, relative 4.1e-06; tolerance 1e-06");
    says("Everything before it agrees: the error is in this step.");
    says_not("mistake");
}
END_TEST

// It says what the numbers look like; a file whose axes are exchanged is told so.
START_TEST(looks_like)
{
    make_case();
    test_write("mine/b.txt", "1 .5 -2 4 8 -16", 15);
    ck_assert_int_eq(run("compare", "case mine"), 1);
    says("These are our values times 2 (2).");
    says("These are the numbers of a known mistake. You doubled b.");
    remove("mine/b.txt");
    give_b(4, 1);
    run("compare", "case mine");
    says("Right up to step 1, wrong from step 2 on.");
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){H, T}, (double[]){.5, -1, 4, .25, 2, -8});
    ck_assert_int_eq(run("compare", "case mine"), 2);
    says("mine/b.npy: shape (2, 3), expected (3, 2); exchange axes 0 and 1");
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){H, T}, b);
    ck_assert_int_eq(run("compare", "case mine"), 2);
    says("shape (2, 3), expected (3, 2)\n");
}
END_TEST

// a deviates at step 2 only, b at step 1 already: b is named, though a stands first.
START_TEST(earliest_step)
{
    make_case();
    give_b(2, 1);
    test_write("mine/a.txt", "1 2 3 4 0 6", 11);
    ck_assert_int_eq(run("compare", "case mine"), 1);
    says("2 of 2 tensors deviate.");
    says("b deviates first at [1, 0]");
    test_write("mine/a.txt", "1 2 0 4 5 6", 11); // at the same step: the manifest's order
    run("compare", "case mine");
    says("a deviates first at [1, 0]");
    test_write("mine/dx.txt", "9 9 9 9 9 9", 11); // a gradient comes behind all of them
    run("compare", "case mine");
    says("a deviates first at [1, 0]");
}
END_TEST

// A gradient is computed from the last step back: the last step that deviates is its first.
START_TEST(gradient_from_the_end)
{
    make_case();
    test_write("mine/dx.txt", "9 9 9 2 4 -8", 12);
    ck_assert_int_eq(run("compare", "case mine"), 1);
    says("dx deviates first at [1, 0]: expected -1, got 9");
}
END_TEST

START_TEST(not_all_given)
{
    make_case();
    give_b(0, 1);
    ck_assert_int_eq(run("compare", "case mine"), 1);
    says("Everything before it that was given agrees; not given: 1.");
}
END_TEST

// Nothing but an input that deviates.
START_TEST(wrong_input)
{
    make_case();
    test_write("mine/x.txt", "1 2 3 4 5 7", 11);
    ck_assert_int_eq(run("compare", "case mine"), 1);
    says("1 of 1 tensors deviates.");
    says("This is an input of the case: load it, do not draw your own.");
}
END_TEST

// At the first step only what stands before it in the manifest comes before it.
START_TEST(first_step)
{
    make_case();
    test_write("mine/a.txt", "9 2 3 4 5 6", 11);
    ck_assert_int_eq(run("compare", "case mine"), 1);
    says("Everything before it agrees: the error is in this step.");
}
END_TEST

START_TEST(not_finite)
{
    make_case();
    give_b(1, NAN);
    ck_assert_int_eq(run("compare", "case mine"), 1);
    says("b deviates first at [0, 1]: expected 0.25, got nan");
    give_b(1, INFINITY);
    ck_assert_int_eq(run("compare", "case mine"), 1);
    // Equal infinities and NaN on both sides agree, and an infinity does not widen the tolerance.
    const double odd[T * H] = {NAN, INFINITY, -INFINITY, 1, 2, 3};
    npy_write("case/b.npy", NPY_F8, 2, (int[]){T, H}, odd);
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){T, H}, odd);
    ck_assert_int_eq(run("compare", "case mine"), 0);
    test_write("mine/b.txt", "nan inf -inf 1 2 3.1", 20);
    remove("mine/b.npy");
    ck_assert_int_eq(run("compare", "case mine"), 1);
    says("b deviates first at [2, 1]");
}
END_TEST

START_TEST(names_the_mistake)
{
    make_case();
    test_write("mine/b.txt", "1 .5 -2 4 8 -16", 15);
    ck_assert_int_eq(run("compare", "case mine"), 1);
    says("These are the numbers of a known mistake. You doubled b.\n"
         "  your line, as it would stand in our code:\n    b = 2 * c;\n"
         "  ours:\n    b = c;\n");
}
END_TEST

START_TEST(unusable)
{
    make_case();
    ck_assert_int_eq(run("compare", ""), 2);
    ck_assert_int_eq(run("compare", "none mine"), 2);
    says("compare: none/manifest.tsv: cannot be opened: No such file or directory\n");
    ck_assert_int_eq(run("compare", "case none"), 2);
    says("compare: none: no such folder\n");
    ck_assert_int_eq(run("compare", "case mine"), 2);
    says("compare: mine: has none of this case's tensors; `compare case` lists them\n");
    test_write("mine/a.txt", "1 2 3", 5);
    ck_assert_int_eq(run("compare", "case mine"), 2);
    says("compare: mine/a.txt: 3 numbers, expected 6 for (3, 2)\n");
    test_write("mine/a.txt", "1 2 x", 5);
    ck_assert_int_eq(run("compare", "case mine"), 2);
    says("compare: mine/a.txt: 'x' is no number; expected 6 numbers for (3, 2)\n");
    remove("mine/a.txt");
    npy_write("mine/a.npy", NPY_F8, 2, (int[]){H, T}, a);
    ck_assert_int_eq(run("compare", "case mine"), 2);
    says("compare: mine/a.npy: shape (2, 3), expected (3, 2)\n");
    test_write("mine/a.npy", "nonsense", 8);
    ck_assert_int_eq(run("compare", "case mine"), 2);
    says("compare: mine/a.npy: no .npy file");
    test_write("mine/a.csv", "1 2 3 4 5 6", 11);
    ck_assert_int_eq(run("compare", "case mine"), 2);
    says("compare: mine/a.npy and mine/a.csv are both there: remove the one that is not meant\n");
}
END_TEST

static void
write_text(const char *path, const char *text)
{
    test_write(path, text, strlen(text));
}

#define MISTAKES "case\ttensor\tfile\tdefinition\tline\twrong\tsentence\n"

// A line is changed where it stands in the definition that is named, and nowhere else.
START_TEST(varies)
{
    make_case();
    write_text("t.tsv", MISTAKES
               "case\tb\tm.c\ttwice\tb = c;\tb = 2 * c;\tYou doubled b.\n"
               "case\tb\tm.c\tFIRST\tenum { FIRST, LAST };\tenum { LAST, FIRST };\tThe order.\n"
               "case\tb\tm.c\tonce\td = c;\td = 0;\tNo d.\n"
               "case\tb\tm.c\ttable\t3,\t4,\tA table.\n"
               "case\tb\tm.c\tnone\td = c;\td = 0;\tNo d.\n"
               "case\tb\tm.c\tagain\td = c;\td = 0;\tNo d.\n"
               "case\tb\tm.c\topen\td = c;\td = 0;\tNo d.\n");
#define BEFORE                          \
    "static backward_fn once, twice;\n" \
    "int once(int x);\n"                \
    "// twice (not its definition)\n"   \
    "enum { FIRST, LAST };\n"           \
    "#define twice_as\n"                \
    "\n"                                \
    "static int\n"                      \
    "once(int x)\n"                     \
    "{\n"                               \
    "    b = c;\n"                      \
    "}\n"                               \
    "\n"                                \
    "static int\n"                      \
    "twice(int x)\n"                    \
    "{\n"                               \
    "    if (x)\n"                      \
    "        "
#define BEHIND                       \
    "    bb = c;\n"                  \
    "    b = c; // not this one\n"   \
    "}\n"                            \
    "\n"                             \
    "static const int table[] = {\n" \
    "    3,\n"                       \
    "};\n"                           \
    "\n"                             \
    "int\n"                          \
    "once_more(int x)\n"             \
    "{\n"                            \
    "    b = c;\n"                   \
    "}\n"
    write_text("m.c", BEFORE "b = c;\n" BEHIND);
    ck_assert_int_eq(run("mistakes", "vary t.tsv 1 v.c"), 0);
    test_holds("v.c", BEFORE "b = 2 * c;\n" BEHIND);
    ck_assert_int_eq(run("mistakes", "vary t.tsv 2 v.c"), 0);
    ck_assert_int_eq(system("grep -q '^enum { LAST, FIRST };$' v.c"), 0);
    ck_assert_int_eq(run("mistakes", "vary t.tsv 4 v.c"), 0);
    ck_assert_int_eq(system("grep -q '^    4,$' v.c"), 0);
    ck_assert_int_eq(run("mistakes", "vary t.tsv 3 v.c"), 2);
    says("mistakes: t.tsv:4: the line 'd = c;' stands 0 times in once of m.c, expected once\n");
    ck_assert_int_eq(run("mistakes", "vary t.tsv 5 v.c"), 2);
    says("mistakes: m.c: no definition of none\n");
    write_text("m.c", BEFORE "b = c;\n    b = c;\n" BEHIND);
    ck_assert_int_eq(run("mistakes", "vary t.tsv 1 v.c"), 2);
    says("mistakes: t.tsv:2: the line 'b = c;' stands 2 times in twice of m.c, expected once\n");
    write_text("m.c", "int again(void)\n{\n}\nint again(void)\n{\n}\n");
    ck_assert_int_eq(run("mistakes", "vary t.tsv 6 v.c"), 2);
    says("mistakes: m.c: again is defined twice\n");
    write_text("m.c", "open(void)\n{\n    d = c;\n");
    ck_assert_int_eq(run("mistakes", "vary t.tsv 7 v.c"), 2);
    says("mistakes: m.c: the definition of open has no end\n");
    ck_assert_int_eq(run("mistakes", "vary t.tsv 8 v.c"), 2);
    says("mistakes: t.tsv: has no mistake 8, it has 7\n");
    ck_assert_int_eq(run("mistakes", "vary t.tsv 0 v.c"), 2);
    says("mistakes: t.tsv: has no mistake 0, it has 7\n");
}
END_TEST

START_TEST(publishes)
{
    make_case();
    write_text("t.tsv", MISTAKES "case\ta,b\tm.c\tf\tb = c;\tb = 0;\tAll is nothing.\n"
                                 "other\ta\tm.c\tf\ta = c;\ta = 1;\tAll is one.\n"
                                 "case\ta\tm.c\tf\ta = c;\ta = 2;\tAll is two.\n");
    const double zero[T * H] = {0}, one[T * H] = {1, 1, 1, 1, 1, 1},
                          two[T * H] = {2, 2, 2, 2, 2, 2};
    const double *const values[] = {zero, one, two};
    ck_assert_int_eq(system("cp -r case other && for k in 1 2 3; do mkdir -p v/$k/out/case "
                            "v/$k/out/other; done"),
                     0);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 4; i++) {
            char path[64];
            snprintf(path, sizeof path, "v/%d/out/%s/%s.npy", k + 1, i & 1 ? "case" : "other",
                     i & 2 ? "a" : "b");
            npy_write(path, NPY_F8, 2, (int[]){T, H}, values[k]);
        }
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 0);
    // Published once more, the case is the same: the mistakes take the place of those that it had.
    ck_assert_int_eq(system("cp -r case before"), 0);
    test_write("case/mistake_9_b.npy", "x", 1);
    FILE *manifest = fopen("case/manifest.tsv", "ab");
    fputs("mistake\tmistake_9_b\tb\tmistake_9_b.npy\t(3, 2)\t1e-06\tOld.\n", manifest);
    fclose(manifest);
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 0);
    ck_assert_int_eq(system("diff -r case before"), 0);
    test_write("mine/b.txt", "0 0 0 0 0 0", 11);
    ck_assert_int_eq(run("compare", "case mine"), 1);
    says("All is nothing.");
    remove("mine/b.txt");
    test_write("mine/a.txt", "2 2 2 2 2 2", 11);
    ck_assert_int_eq(run("compare", "case mine"), 1);
    says("All is two.");
    ck_assert_int_eq(run("compare", "other mine"), 1);
    says_not("All is two.");
    // A mistake that does not show, or too little, is refused.
    double near_b[T * H];
    memcpy(near_b, b, sizeof b);
    near_b[0] += 7e-5; // the tolerance is 1e-6 of 8
    npy_write("v/1/out/case/b.npy", NPY_F8, 2, (int[]){T, H}, near_b);
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 2);
    says("the mistake changes ./case/b.npy by 7e-05 only; name a tensor in which it shows");
}
END_TEST

TEST_MAIN("compare", lists, agrees, deviates, looks_like, earliest_step, gradient_from_the_end,
          not_all_given, wrong_input, first_step, not_finite, names_the_mistake, unusable, varies,
          publishes)
