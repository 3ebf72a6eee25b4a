// The checker and the maker of mistakes, as their commands: what they print and their exit status.
#include "files/npy.h"
#include "files/table.h"
#include "test.h"

#include <math.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char output[16384], build[512];

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

static void
write_text(const char *path, const char *text)
{
    test_write(path, text, strlen(text));
}

// ---- A case: a recurrence forward and backward ----

enum { T = 5, H = 4, MOST = T * H, ROWS = 9 };

static const struct {
    const char *role, *name, *shape, *from, *time;
    int rank, n[2];
} rows[ROWS] = {
    {"input", "x", "(5, 4)", "", "", 2, {T, H}},
    {"input", "rate", "()", "", "", 0, {0}},
    {"step", "a", "(5, 4)", "x h[t-1]", "0 forward", 2, {T, H}},
    {"step", "b", "(5, 4)", "a", "0 forward", 2, {T, H}},
    {"output", "h", "(5, 4)", "b", "0 forward", 2, {T, H}},
    {"output", "loss", "()", "h", "", 0, {0}},
    {"gradient", "dh", "(5, 4)", "da[t+1]", "0 backward", 2, {T, H}},
    {"gradient", "da", "(5, 4)", "dh b", "0 backward", 2, {T, H}},
    {"gradient", "dw", "(4)", "da h", "", 1, {H}},
};

static double ours[ROWS][MOST]; // all different, none 0, the largest below 16

static int
find(const char *name)
{
    int row = 0;
    while (strcmp(rows[row].name, name) != 0)
        row++;
    return row;
}

static void
write_row(const char *folder, int row, const double *values)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s.npy", folder, rows[row].name);
    npy_write(path, NPY_F8, rows[row].rank, rows[row].n, values);
}

static void
write_about(const char *format)
{
    table *t = table_create("case/case.tsv", "key\tvalue");
    if (format)
        table_row(t, "ss", "format", format);
    table_row(t, "ss", "case", "case");
    table_row(t, "ss", "about", "A recurrence.");
    table_row(t, "ss", "convention", "all is made up");
    table_row(t, "ss", "convention", "nothing is learnt");
    table_close(t);
}

// The manifest, with one cell of a row in another way (column NULL: none).
static void
write_manifest(const char *name, const char *column, const char *with)
{
    static const char *const columns[] = {"role", "name", "file",     "shape",
                                          "from", "time", "tolerance"};
    table *t =
        table_create("case/manifest.tsv", "role\tname\tfile\tshape\tfrom\ttime\ttolerance\tabout");
    for (int row = 0; row < ROWS; row++) {
        char file[64];
        snprintf(file, sizeof file, "%s.npy", rows[row].name);
        const char *cells[] = {rows[row].role, rows[row].name, file,   rows[row].shape,
                               rows[row].from, rows[row].time, "1e-06"};
        for (int c = 0; column && c < 7; c++)
            if (strcmp(rows[row].name, name) == 0 && strcmp(columns[c], column) == 0)
                cells[c] = with;
        table_row(t, "ssssssss", cells[0], cells[1], cells[2], cells[3], cells[4], cells[5],
                  cells[6], "what it is");
    }
    table_close(t);
}

static void
make_case_again(void)
{
    write_about("2");
    write_manifest("", NULL, "");
    for (int row = 0; row < ROWS; row++) {
        for (int i = 0; i < MOST; i++)
            ours[row][i] = row == 1 ? 0.3 : (i * 37 + row * 29) % 97 * 0.3 - 14.3 + 0.013 * row;
        write_row("case", row, ours[row]);
    }
}

static void
make_case(void)
{
    const char *folder = getenv("BUILD");
    ck_assert_ptr_nonnull(realpath(folder ? folder : "build", build));
    test_folder();
    mkdir("case", 0777);
    mkdir("mine", 0777);
    make_case_again();
}

// The reader's own tensor: ours.
static double *
copy_of(const char *name)
{
    static double mine[MOST];
    memcpy(mine, ours[find(name)], sizeof mine);
    return mine;
}

static void
give(const char *name, const double *values)
{
    write_row("mine", find(name), values);
}

// Gives tensors as they are, names with blanks between.
static void
give_right(const char *names)
{
    char all[128], *rest = all;
    snprintf(all, sizeof all, "%s", names);
    for (char *name = strtok_r(rest, " ", &rest); name; name = strtok_r(NULL, " ", &rest))
        give(name, copy_of(name));
}

// Gives a tensor with one value off.
static void
give_wrong(const char *name, int i, double by)
{
    double *mine = copy_of(name);
    mine[i] += by;
    give(name, mine);
}

// Gives a tensor that is wrong in other ways from value `from` on, before `to`.
static void
give_noise(const char *name, int from, int to)
{
    double *mine = copy_of(name);
    for (int i = from; i < to; i++)
        mine[i] += 0.7 + (i * i % 7) * 0.31;
    give(name, mine);
}

#define COMPARE(status) ck_assert_int_eq(run("compare", "case mine"), status)

// ---- Listing, help, usage ----

START_TEST(lists)
{
    make_case();
    ck_assert_int_eq(run("compare", "case"), 0);
    ck_assert_ptr_eq(strstr(output, "A recurrence."), output); // nothing before it
    says("A recurrence.\n- all is made up\n- nothing is learnt\n"
         "role      name  shape   from      time        tolerance  about\n"
         "input     x     (5, 4)                        1e-06      what it is\n");
    says("step      a     (5, 4)  x h[t-1]  0 forward   1e-06      what it is\n");
    says("gradient  dh    (5, 4)  da[t+1]   0 backward  1e-06      what it is\n");
    says("`compare case FOLDER`");
    says_not("format");
    ck_assert_int_eq(run("compare", "--help"), 0);
    says("compare - hold your own results against a reference case\n");
    says("Example\n  compare chapters/");
    says("Exit status: 0 all that was given agrees, 1 something deviates, 2");
    ck_assert_int_eq(run("compare", ""), 2);
    says("compare: expected a case and your folder");
    static const char *const bad[] = {"case mine more", "case mine more still", "--list", "-l",
                                      "-l case",        "-l case mine"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(run("compare", bad[i]), 2);
        says("compare: expected a case and your folder");
    }
    // Any order of the keys; columns are as wide as their widest cell.
    write_text("case/case.tsv", "key\tvalue\nabout\tFirst.\nformat\t2\n");
    write_manifest("x", "tolerance", "0.00000100");
    ck_assert_int_eq(run("compare", "case"), 0);
    ck_assert_ptr_eq(strstr(output, "First.\nrole "), output);
    says("time        tolerance   about\n");
    says("            0.00000100  what it is\n");
    says("0 backward  1e-06       what it is\n");
}
END_TEST

// From any folder, on any folder.
START_TEST(anywhere)
{
    make_case();
    give_right("a");
    ck_assert_int_eq(system("mkdir -p far/away && mv case mine far/away"), 0);
    ck_assert_int_eq(run("compare", "far/away/case far/away/mine"), 0);
    says("`compare far/away/case` lists");
}
END_TEST

// A tensor may have no values.
START_TEST(nothing_in_it)
{
    make_case();
    write_manifest("b", "shape", "(0, 4)");
    npy_write("case/b.npy", NPY_F8, 2, (int[]){0, H}, ours[0]);
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){0, H}, ours[0]);
    COMPARE(0);
    says("The one tensor given agrees.\n");
}
END_TEST

// ---- What is accepted ----

START_TEST(accepts)
{
    make_case();
    npy_write("mine/a.npy", NPY_F8, 1, (int[]){MOST}, ours[find("a")]); // flat
    npy_write("mine/b.npy", NPY_F8, 4, (int[]){1, T, 1, H}, ours[find("b")]);
    npy_write("mine/loss.npy", NPY_F8, 1, (int[]){1}, ours[find("loss")]);
    npy_write("mine/dw.npy", NPY_F8, 2, (int[]){H, 1}, ours[find("dw")]);
    FILE *text = fopen("mine/h.txt", "wb");
    fputs("\xef\xbb\xbf", text); // a byte-order mark, and ends of lines as on Windows
    for (int i = 0; i < MOST; i++)
        fprintf(text, "%.17g%s", ours[find("h")][i], i % H == H - 1 ? "\r\n" : ";");
    fclose(text);
    COMPARE(0);
    says("All 5 tensors given agree.\n");
    says("Not given: dh, da.\n");
    says("Next: give dh, too; `compare case` lists what there is.\n");
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){T, H - 1}, ours[find("b")]);
    COMPARE(2);
    says("compare: mine/b.npy: shape (5, 3), expected (5, 4)\n");
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){2 * H, T / 2}, ours[find("b")]);
    COMPARE(2);
    npy_write("mine/b.npy", NPY_F8, 1, (int[]){MOST - 1}, ours[find("b")]);
    COMPARE(2);
    npy_write("mine/b.npy", NPY_F8, 3, (int[]){T, H, 2}, (double[2 * MOST]){0});
    COMPARE(2);
    double turned[MOST];
    for (int i = 0; i < MOST; i++)
        turned[i % H * T + i / H] = ours[find("b")][i];
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){H, T}, turned);
    COMPARE(2);
    says("compare: mine/b.npy: shape (4, 5), expected (5, 4); exchange axes 0 and 1\n");
    turned[3] += 1;
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){H, T}, turned);
    COMPARE(2);
    says("compare: mine/b.npy: shape (4, 5), expected (5, 4)\n");
}
END_TEST

START_TEST(tolerances)
{
    make_case();
    give_wrong("a", 3, 0.9e-6);
    COMPARE(0);
    says("The one tensor given agrees.\n");
    give_wrong("a", 3, -1.1e-6);
    COMPARE(1);
    says("The one tensor given deviates.\n");
    // What is NaN of ours does not count, and the same infinity agrees.
    double *values = copy_of("a");
    values[3] = NAN;
    values[4] = INFINITY;
    write_row("case", find("a"), values);
    values[3] = 1e9;
    give("a", values);
    COMPARE(0);
    values[3] = NAN;
    give("a", values);
    COMPARE(0);
    values[4] = -INFINITY;
    give("a", values);
    COMPARE(1);
    says("1 of 19 values deviate; tolerance 1e-06\n");
    values[4] = 1;
    give("a", values);
    COMPARE(1);
}
END_TEST

START_TEST(everything)
{
    make_case();
    give_right("x rate a b h loss dh da dw");
    COMPARE(0);
    says("All 9 tensors given agree.\nNext: this case is done; take the next one.\n");
    says_not("Not given");
}
END_TEST

// float32 results of a float64 case are told and agree; where ours are float32 themselves, they must be exact.
START_TEST(single)
{
    make_case();
    float narrow[MOST];
    for (int i = 0; i < MOST; i++)
        narrow[i] = (float)(ours[find("b")][i] + 3e-5);
    npy_write("mine/b.npy", NPY_F4, 2, (int[]){T, H}, narrow);
    COMPARE(0);
    says("b looks like float32 where ours is float64: 3e-05 is taken for rounding, tolerance "
         "0.000143 in place of 1e-06.\nThe one tensor given agrees.\n");
    narrow[7] += 1;
    npy_write("mine/b.npy", NPY_F4, 2, (int[]){T, H}, narrow);
    COMPARE(1);
    says("b deviates first at [1, 3], step 1");
    says("b looks like float32 where ours is float64: 3e-05 is taken for rounding, ");
    says("1 of 20 values deviate; largest error 1, ");
    npy_write("mine/b.npy", NPY_F4, 2, (int[]){T, H}, (float[MOST]){0}); // whole numbers are either
    COMPARE(1);
    says_not("float32");
    says("tolerance 1e-06\n");
    for (int i = 0; i < MOST; i++) // nothing agrees by it
        narrow[i] = (float)(ours[find("b")][i] + 3);
    npy_write("mine/b.npy", NPY_F4, 2, (int[]){T, H}, narrow);
    COMPARE(1);
    says_not("float32");
    says("These are our values plus 3.");
    for (int i = 0; i < MOST; i++)
        narrow[i] = (float)(ours[find("b")][i] + 3e-5);
    narrow[7] += 1;
    npy_write("mine/b.npy", NPY_F4, 2, (int[]){T, H}, narrow);
    COMPARE(1);
    double *wide = copy_of("b");
    wide[0] += 3e-5; // float64
    give("b", wide);
    COMPARE(1);
    for (int i = 0; i < MOST; i++)
        wide[i] = (float)ours[find("b")][i];
    write_row("case", find("b"), wide);
    wide[0] = (float)(wide[0] + 3e-5);
    give("b", wide);
    COMPARE(1);
    says_not("float32");
}
END_TEST

// ---- The place ----

START_TEST(cause)
{
    make_case();
    give_right("a loss");
    give_wrong("b", 6, 0.5);
    COMPARE(1);
    says("1 of 3 tensors given deviates.\nb deviates first at [1, 2], step 1: expected ");
    says("  step (5, 4): what it is\n  1 of 20 values deviate; largest error 0.5, 0.0351 of the "
         "largest value; tolerance 1e-06\n"
         "  Everything that it is computed from agrees: the error is in this step.\n");
    says("the error is in this step.\nNot given: h, dh, da, dw.\nNext: correct b and compare "
         "again.\n");
    says_not("Right up to");
    says_not("more tensor");
}
END_TEST

// h at step 1 is computed from b, which deviates from there on; a at step 2 from h at step 1.
START_TEST(consequence)
{
    make_case();
    give_right("loss");
    give_noise("b", 1 * H, MOST);
    give_noise("h", 1 * H, MOST);
    give_noise("a", 2 * H, MOST);
    COMPARE(1);
    says("b deviates first at [1, 0], step 1");
    says("the error is in this step.\n  Right up to step 0, wrong from step 1 on.\n");
    says("2 more tensors deviate, and are computed from what deviates.\n");
    give_right("a b");
    give_noise("h", 3 * H, MOST);
    give_noise("a", 4 * H, MOST);
    COMPARE(1);
    says("h deviates first at [3, 0], step 3");
    says("1 more tensor deviates, and is computed from what deviates.\n");
}
END_TEST

// Two causes: the first by step, though it stands below in the manifest; the other is told.
START_TEST(two_causes)
{
    make_case();
    give_right("h loss");
    give_wrong("a", 3 * H, 1);
    give_wrong("b", 1 * H, 1);
    COMPARE(1);
    says("b deviates first at [1, 0], step 1");
    says("1 more tensor deviates; a cause of its own: a.\n");
    give_wrong("a", 1 * H, 1); // the same step: b is computed from a
    COMPARE(1);
    says("a deviates first at [1, 0], step 1");
    give_wrong("x", 0, 1);
    COMPARE(1);
    says("x deviates first at [0, 0]: expected");
    says("This is an input of the case: load it, do not draw your own.\n");
    says_not("All steps");
    give_right("x a b");
    give_wrong("loss", 0, 1);
    give_wrong("dw", 1, 1);
    give_right("da dh");
    COMPARE(1);
    says("loss deviates first at []: expected");
    says("the error is in this tensor.\n");
    says("1 more tensor deviates; a cause of its own: dw.\n");
    give_right("dw");
    give_wrong("da", 19, 1); // what has no time keeps its place in the manifest
    COMPARE(1);
    says("loss deviates first at []: expected");
    give_right("loss da");
    give_wrong("dh", 0, 1);
    give_wrong("a", 19, 1); // and all that runs forward comes before what runs backward
    COMPARE(1);
    says("a deviates first at [4, 3], step 4");
}
END_TEST

// Backward, the last step comes first.
START_TEST(backward_in_time)
{
    make_case();
    give_right("a b h loss da dw");
    give_noise("dh", 0, 3 * H);
    COMPARE(1);
    says("dh deviates first at [2, 0], step 2 (computed from the last step on)");
    says("Right from the last step down to step 3, wrong from step 2 down.\n");
    give_noise("da", 0, 4 * H); // da at step 3 is computed from dh there, which agrees
    COMPARE(1);
    says("da deviates first at [3, 0], step 3");
    says("Everything that it is computed from agrees: the error is in this step.\n");
    says("1 more tensor deviates, and is computed from what deviates.\n");
    give_right("da");
    give_noise("dh", 1 * H, 3 * H); // and right again in the last that is computed
    COMPARE(1);
    says("dh deviates first at [2, 0], step 2");
    says_not("Right");
    give_noise("dh", 0, MOST);
    COMPARE(1);
    says("dh deviates first at [4, 0], step 4");
    says_not("Right");
    write_manifest("da", "from", "b"); // two causes at one step
    give_right("da dh");
    give_wrong("dh", 2 * H, 1);
    give_wrong("da", 2 * H, 1);
    COMPARE(1);
    says("dh deviates first at [2, 0], step 2");
    give_wrong("da", 3 * H, 1);
    COMPARE(1);
    says("da deviates first at [3, 0], step 3");
    write_manifest("", NULL, "");
    give_noise("dw", 0, H);
    give_right("da dh");
    COMPARE(1);
    says("dw deviates first at [0]: expected");
    give_noise("da", 0, 1);
    COMPARE(1);
    says("da deviates first at [0, 0], step 0");
    says("All steps are right but step 0, the last that is computed.\n");
}
END_TEST

// At most six names, and how many more there are.
START_TEST(many_names)
{
    make_case();
    give_right("x");
    COMPARE(0);
    says("Not given: a, b, h, loss, dh, da and 1 more.\n");
    give_right("a");
    COMPARE(0);
    says("Not given: b, h, loss, dh, da, dw.\n");
}
END_TEST

// A case whose first tensor is to be computed: the first of all rows is one like any other.
START_TEST(no_inputs)
{
    make_case();
    table *t =
        table_create("case/manifest.tsv", "role\tname\tfile\tshape\tfrom\ttime\ttolerance\tabout");
    table_row(t, "ssssssss", "step", "a", "a.npy", "(5, 4)", "", "0 forward", "1e-06", "");
    table_row(t, "ssssssss", "input", "x", "x.npy", "(5, 4)", "", "", "1e-06", "");
    table_row(t, "ssssssss", "step", "b", "b.npy", "(5, 4)", "*", "", "1e-06", "");
    table_row(t, "ssssssss", "step", "loss", "loss.npy", "()", "", "", "1e-06", "");
    table_row(t, "ssssssss", "step", "h", "h.npy", "(5, 4)", "", "0 forward", "1e-06", "");
    table_close(t);
    give_right("b");
    COMPARE(0);
    says("Next: give a, too; ");
    give_wrong("b", 3, 1); // everything above it that is no input
    COMPARE(1);
    says("was not given: a.\n");
    says("Next: give a, too.\n");
    give_right("a");
    give_wrong("x", 3, 1);
    COMPARE(1);
    says("x deviates first at [0, 3]");
    says("; a cause of its own: b.\n");
    remove("mine/x.npy");
    double *mine = copy_of("a");
    mine[1 * H] += 1;
    mine[3 * H] += 1;
    give("a", mine);
    COMPARE(1);
    says("a deviates first at [1, 0], step 1");
    says("Next: correct a and compare again.\n");
    says("1 more tensor deviates, and is computed from what deviates.\n");
    remove("mine/b.npy");
    give_right("a");
    give_wrong("loss", 0, 1); // what runs forward comes where the first of its kind stands
    give_wrong("h", 5, 1);
    COMPARE(1);
    says("h deviates first at [1, 1], step 1");
}
END_TEST

// Never "everything agrees" where something was not given: it says what to give, the nearest first.
START_TEST(not_all_given)
{
    make_case();
    give_wrong("h", 0, 1);
    COMPARE(1);
    says("The error is in this step or in what it is computed from and was not given: b, a.\n");
    says("Next: give b, too.\n");
    says_not("agrees");
    give_right("b");
    COMPARE(1);
    says("Everything that it is computed from agrees: the error is in this step.\n");
    remove("mine/b.npy");
    give_right("a");
    COMPARE(1);
    says("was not given: b.\n");
    give_wrong("a", 0, 1); // through b, which was not given, a deviates
    COMPARE(1);
    says("a deviates first at [0, 0], step 0");
    says("It is computed from inputs alone: the error is in this step.\n");
    says("1 more tensor deviates, and is computed from what deviates.\n");
    // An open one comes behind a cause, and is told.
    give_right("a");
    give_wrong("dh", 19, 1);
    COMPARE(1);
    says("dh deviates first at [4, 3], step 4");
    says("1 more tensor deviates; perhaps a cause of its own, too (not all that it is computed "
         "from was given): h.\n");
}
END_TEST

// `from` in all its forms, on h, whose step 2 is wrong: whose step of a is it computed from?
START_TEST(forms_of_from)
{
    static const struct {
        const char *from;
        int first, last; // the steps of b that it is computed from
    } forms[] = {{"b", 2, 2},      {"b[t]", 2, 2},       {"b[t-2]", 0, 0}, {"b[t+1]", 3, 3},
                 {"b[:t]", 0, 1},  {"b[:t+1]", 0, 2},    {"b[t:]", 2, 4},  {"b[t+2:]", 4, 4},
                 {"b[:]", 0, 4},   {"b[t-1:t+2]", 1, 3}, {"*", 0, 4},      {" x  b  ", 2, 2},
                 {"b[t-3]", 9, 9}, {"b[t+9:]", 9, 9}};
    make_case();
    give_right("a");
    give_wrong("h", 2 * H, 1);
    for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
        write_manifest("h", "from", forms[f].from);
        for (int step = 0; step < T; step++) {
            give_wrong("b", step * H, 1);
            COMPARE(1);
            bool within = step >= forms[f].first && step <= forms[f].last;
            ck_assert_msg((strstr(output, "; a cause of its own: ") == NULL) == within,
                          "%s, step %d:\n%s", forms[f].from, step, output);
        }
    }
    write_manifest("h", "from", "*"); // not from itself
    give_right("b");
    give_wrong("h", 0, 1);
    give_wrong("h", 2 * H, 1);
    COMPARE(1);
    double *twice = copy_of("h");
    twice[1] = twice[3 * H] = 0;
    give("h", twice);
    COMPARE(1);
    says("h deviates first at [0, 1], step 0");
    static const char *const bad[] = {"b[t",   "b[t-1234567]", "b[s]", "b[t+]", "b[]x",
                                      "b[t+1", "b[1]",         "b]a[", "[t]"};
    for (size_t f = 0; f < sizeof bad / sizeof *bad; f++) {
        write_manifest("h", "from", bad[f]);
        ck_assert_int_eq(run("compare", "case"), 2);
    }
    char longest[] = "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq"; // 64
    write_manifest("h", "from", longest);
    ck_assert_int_eq(run("compare", "case"), 2);
    says("expected names like");
    longest[63] = 0;
    write_manifest("h", "from", longest);
    ck_assert_int_eq(run("compare", "case"), 2);
    says("the case has no such tensor");
    write_manifest("h", "from", "b q a");
    ck_assert_int_eq(run("compare", "case"), 2);
    says("compare: case/manifest.tsv: h is computed from q, and the case has no such tensor\n");
    write_manifest("a", "from", "h");
    give_wrong("h", 0, 1);
    give_wrong("a", 0, 1);
    give_wrong("b", 0, 1);
    COMPARE(2);
    says("compare: case/manifest.tsv: what its tensors are computed from goes in a circle\n");
}
END_TEST

// Of a tensor without time all counts, and so of one with time for one without.
START_TEST(without_time)
{
    make_case();
    write_manifest("h", "time", "");
    give_right("a");
    give_wrong("b", 4 * H, 1);
    give_wrong("h", 0, 1);
    COMPARE(1);
    says("b deviates first at [4, 0], step 4");
    says("1 more tensor deviates, and is computed from what deviates.\n");
    write_manifest("a", "time", "1 backward"); // along the other axis, from its end
    give_right("b h");
    give_noise("a", 0, 3);
    COMPARE(1);
    says("a deviates first at [0, 2], step 2 (computed from the last step on)");
}
END_TEST

// ---- What the numbers look like ----

START_TEST(looks_like)
{
    make_case();
    give_right("a");
    double *mine = copy_of("b");
    for (int i = 0; i < MOST; i++)
        mine[i] *= 1.7;
    give("b", mine);
    COMPARE(1);
    says("  These are our values times 1.7.\n");
    // Another tensor of the case; one more of it; at another step.
    for (int i = 0; i < MOST; i++)
        mine[i] = ours[find("h")][i];
    give("b", mine);
    COMPARE(1);
    says("  These are the values of h.\n");
    for (int i = 0; i < MOST; i++)
        mine[i] = ours[find("b")][i] - ours[find("dw")][i % H];
    give("b", mine);
    COMPARE(1);
    says("  These are our values less dw: it is left out, or taken away once more.\n");
    for (int i = 0; i < MOST; i++)
        mine[i] = i < H ? 0.1 : ours[find("b")][i] + ours[find("h")][i - H];
    give("b", mine);
    COMPARE(1);
    says("  These are our values plus h at the step before: it is added, or added twice.\n");
    for (int i = 0; i < MOST; i++)
        mine[i] = i + H < MOST ? ours[find("b")][i] * ours[find("h")][i + H] : 0.1;
    give("b", mine);
    COMPARE(1);
    says("  These are our values times h at the next step.\n");
    // The part in which all that deviates stands.
    mine = copy_of("b");
    for (int i = 0; i < MOST; i++)
        mine[i] *= i % H >= 2 ? -1 : 1;
    give("b", mine);
    COMPARE(1);
    says("  Of the values from 2 to 3 of axis 1, where all that deviates stands: The sign is the "
         "other one: these are our values times -1.\n");
    for (int i = 0; i < MOST; i++)
        mine[i] = ours[find("b")][i] * (3 + i % H * 1.3);
    give("b", mine);
    COMPARE(1);
    says("  These are our values times a number that is the same all along axis 0: look at ");
    mine = copy_of("b");
    for (int i = 2 * H; i < 3 * H; i++)
        mine[i] *= -1;
    give("b", mine);
    COMPARE(1);
    says("  Of the values at 2 of axis 0, where all that deviates stands: The sign is the other ");
    mine = copy_of("b");
    for (int i = 0; i < 2 * H; i++)
        mine[i] *= -1;
    give("b", mine);
    COMPARE(1);
    says("  Of the values from 0 to 1 of axis 0, where all that deviates stands: The sign ");
    // A tensor of the first axes beside all of the last ones.
    write_manifest("a", "shape", "(5)");
    npy_write("case/a.npy", NPY_F8, 1, (int[]){T}, ours[find("a")]);
    npy_write("mine/a.npy", NPY_F8, 1, (int[]){T}, ours[find("a")]);
    mine = copy_of("b");
    for (int i = 0; i < MOST; i++)
        mine[i] -= ours[find("a")][i / H];
    give("b", mine);
    COMPARE(1);
    says("  These are our values less a: it is left out, or taken away once more.\n");
    make_case_again();
    give_right("a");
    // The step that is reported.
    give_noise("b", 0, MOST);
    double noise[MOST];
    mine = copy_of("b");
    for (int i = 0; i < MOST; i++)
        noise[i] = i < H ? -mine[i] : mine[i] + 0.7 + (i * i % 7) * 0.31;
    give("b", noise);
    COMPARE(1);
    says("  At step 0: The sign is the other one: these are our values times -1.\n");
    for (int i = 0; i < MOST; i++) // factors that are a number of the case
        mine[i] *= ours[find("rate")][0];
    give("b", mine);
    COMPARE(1);
    says(" times rate (0.3).\n");
    give_wrong("b", 3, 1); // a single number looks like anything
    COMPARE(1);
    says_not("These are");
    for (int i = 0; i < MOST; i++)
        noise[i] = NAN;
    give("b", noise);
    COMPARE(1);
    says("  20 of 20 values deviate; all values are NaN\n");
    says_not("not finite");
    says_not("relative");
    noise[2] = 1;
    give("b", noise);
    COMPARE(1);
    says("19 of 20 values are not finite: nan first, number 0 in C order.\n");
}
END_TEST

// Names of factors: the lengths are 5 and 4, the single number of the case is rate.
START_TEST(factors)
{
    const struct {
        double rate, factor;
        const char *says;
    } all[] = {{0.3, 5, "times 5 (5)."},
               {0.3, 1 / 5.0, "times 1/5 (0.2)."},
               {0.3, sqrt(5), "times sqrt(5) (2.23607)."},
               {0.3, 1 / sqrt(5), "times 1/sqrt(5) (0.447214)."},
               {0.3, 5 / 4.0, "times 5/(5 - 1) (1.25)."},
               {0.3, 4 / 5.0, "times (5 - 1)/5 (0.8)."},
               {0.3, 4, "times 4 (4)."},
               {0.3, 2, "times 2."}, // or sqrt(4)
               {0.3, 3, "times 3 (3)."},
               {0.3, 3.14159265358979, "times pi (3.14159)."},
               {0.3, 2 * 3.14159265358979, "times 2 pi (6.28319)."},
               {0.3, sqrt(2), "times sqrt(2) (1.41421)."},
               {0.3, log(2), "times ln 2 (0.693147)."},
               {0.3, 1 / log(10), "times 1/ln 10 (0.434294)."},
               {0.3, sqrt(2 * 3.14159265358979), "times sqrt(2 pi) (2.50663)."},
               {0.3, -0.3, "times -rate (-0.3)."},
               {0.3, 1 / 0.3, "times 1/rate (3.33333)."},
               {0.3, 0.7, "times (1 - rate) (0.7)."},
               {0.3, 1 / 0.7, "times 1/(1 - rate) (1.42857)."},
               {0.3, 6, "times 6."},
               {6, 6, "times 6 (6)."},
               {6, sqrt(6), "times sqrt(6) (2.44949)."},
               {6, 5 / 6.0, "times (6 - 1)/6 (0.833333)."},
               {-3.5, 3.5, "times 3.5."},
               {-3.5, 4.5, "times 4.5."}};
    make_case();
    give_right("a");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        write_row("case", find("rate"), &all[i].rate);
        double *mine = copy_of("b");
        for (int k = 0; k < MOST; k++)
            mine[k] *= all[i].factor;
        give("b", mine);
        COMPARE(1);
        says(all[i].says);
    }
}
END_TEST

// What a function made is held against ours before it, as far as it left something of it.
START_TEST(before_a_function)
{
    static const char *const names[] = {"tanh", "sigmoid", "exp"};
    char expected[128];
    double sum[MOST], mine[MOST];
    make_case();
    for (int of = 0; of < 3; of++) {
        for (int i = 0; i < MOST; i++) {
            sum[i] = (i * 53 + 7) % 31 * 0.08 - 1.2;
            for (int k = 0; k < 2; k++) {
                double s = k ? 1.7 * sum[i] : sum[i];
                (k ? mine : ours[find("b")])[i] = of == 0   ? tanh(s)
                                                  : of == 1 ? 1 / (1 + exp(-s))
                                                            : exp(s);
            }
        }
        write_row("case", find("b"), ours[find("b")]);
        give("b", mine);
        COMPARE(1);
        snprintf(expected, sizeof expected, "  Before the %s: These are our values times 1.7.\n",
                 names[of]);
        says(expected);
        mine[1] += 1e-3; // one of the step is otherwise
        give("b", mine);
        COMPARE(1);
        says_not("Before the");
    }
    // Where it is flat an error of the tolerance, 1e-6, is a large one before it; and flatter than 1/1000 it says no
    // more.
    for (int flat = 0; flat < 2; flat++) {
        for (int i = 0; i < MOST; i++) {
            sum[i] = i == 3 ? flat ? 2.5 : 1.8 : (i * 53 + 7) % 31 * 0.05 - 0.8;
            ours[find("b")][i] = tanh(sum[i]);
            mine[i] = tanh(1.7 * sum[i]);
        }
        mine[3] += 0.9e-6;
        write_row("case", find("b"), ours[find("b")]);
        give("b", mine);
        COMPARE(1);
        if (flat)
            says_not("Before the");
        else
            says("  Before the tanh: These are our values times 1.7");
    }
}
END_TEST

// A gate is held against its block of all gates, and a block against the tensors of its shape, in the whole and at the
// step that is reported; where the first cause looks like nothing, another is told.
START_TEST(blocks)
{
    enum { G = 3 };
    make_case();
    double gates[T * G * H], *mine = copy_of("b");
    for (int i = 0; i < T * G * H; i++)
        gates[i] = (i * 53 + 7) % 211 * 0.1 - 9;
    npy_write("case/a.npy", NPY_F8, 2, (int[]){T, G * H}, gates);
    write_manifest("a", "shape", "(5, 12)");
    npy_write("mine/a.npy", NPY_F8, 2, (int[]){T, G * H}, gates);
    for (int i = 0; i < MOST; i++)
        mine[i] = tanh(gates[i / H * G * H + 2 * H + i % H]);
    give("b", mine);
    COMPARE(1);
    says("  These are tanh(a's block 2 of 0 to 2).\n");
    for (int i = H; i < MOST; i++)
        mine[i] += 1 + i * i;
    give("b", mine);
    COMPARE(1);
    says("  At step 0: These are tanh(a's block 2 of 0 to 2).\n");
    for (int i = 0; i < MOST; i++) // block 1 times the tensor h
        gates[i / H * G * H + H + i % H] *= ours[find("h")][i];
    npy_write("mine/a.npy", NPY_F8, 2, (int[]){T, G * H}, gates);
    give_right("b h");
    COMPARE(1);
    says("  Of the values from 4 to 7 of axis 1, where all that deviates stands: These are our "
         "values times h.\n");
    for (int i = G * H; i < T * G * H; i++)
        gates[i] += 1 + i * i;
    npy_write("mine/a.npy", NPY_F8, 2, (int[]){T, G * H}, gates);
    COMPARE(1);
    says("  At step 0, from 4 to 7 of axis 1, where all that deviates stands: These are our values "
         "times h.\n");
    for (int i = 0; i < T * G * H; i++) // block 2 times the tensor h, and all others otherwise
        gates[i] = (i * 53 + 7) % 211 * 0.1 - 9;
    npy_write("case/a.npy", NPY_F8, 2, (int[]){T, G * H}, gates);
    for (int i = 0; i < T * G * H; i++) {
        bool last = i % (G * H) >= 2 * H;
        gates[i] =
            last ? gates[i] * ours[find("h")][i / (G * H) * H + i % H] : gates[i] + 1 + i * i;
    }
    npy_write("mine/a.npy", NPY_F8, 2, (int[]){T, G * H}, gates);
    COMPARE(1);
    says("  At step 0, from 8 to 11 of axis 1: These are our values times h.\n");
    // A block is as long as another tensor: here of 4, and not of the 6 that are three times as large.
    for (int i = 0; i < T * G * H; i++)
        gates[i] = (i * 53 + 7) % 211 * 0.1 - 9;
    for (int i = 0; i < T * G * H; i++)
        gates[i] = i % (G * H) >= 6 ? 3 * gates[i] : gates[i] + 1 + i * i;
    npy_write("mine/a.npy", NPY_F8, 2, (int[]){T, G * H}, gates);
    COMPARE(1);
    says("  At step 0, from 8 to 11 of axis 1: These are our values times 3 (3).\n");
    // Or of 2, two of them.
    make_case_again();
    write_manifest("dw", "shape", "(2)");
    ck_assert_int_eq(system("sed -i '/^step\ta\t/s/0 forward//' case/manifest.tsv"), 0);
    npy_write("case/dw.npy", NPY_F8, 1, (int[]){2}, ours[find("dw")]);
    remove("mine/dw.npy");
    mine = copy_of("a");
    for (int i = 0; i < MOST; i++)
        mine[i] = i % H >= 2 ? 3 * mine[i] : mine[i] + 1 + i * i;
    give("a", mine);
    give_right("b h");
    COMPARE(1);
    says("  From 2 to 3 of axis 1: These are our values times 3 (3).\n");
    make_case_again();
    give_right("a");
    give_noise("b", 0, MOST);
    mine = copy_of("dw");
    for (int i = 0; i < H; i++)
        mine[i] *= -1;
    give("dw", mine);
    give_right("da h");
    COMPARE(1);
    says("  dw: The sign is the other one: these are our values times -1.\n");
}
END_TEST

// A case of three tensors, a, h and b, of these shapes, the last of which is mine.
static void
give_three(const char *const shapes[3], const int ranks[3], int n[3][3], double *values[3],
           const double *mine)
{
    static const char *const names[] = {"a", "h", "b"};
    char file[16];
    table *t =
        table_create("case/manifest.tsv", "role\tname\tfile\tshape\tfrom\ttime\ttolerance\tabout");
    for (int i = 0; i < 3; i++) {
        snprintf(file, sizeof file, "%s.npy", names[i]);
        table_row(t, "ssssssss", "step", names[i], file, shapes[i], "", "", "1e-06", "");
        snprintf(file, sizeof file, "case/%s.npy", names[i]);
        npy_write(file, NPY_F8, ranks[i], n[i], values[i]);
    }
    table_close(t);
    npy_write("mine/b.npy", NPY_F8, ranks[2], n[2], mine);
}

// The matrix product of two tensors, transposed or not, times a number; with leading axes, or summed over them.
START_TEST(products)
{
    double mine[MOST], *h, *a;
    make_case();
    h = ours[find("h")];
    a = ours[find("a")];
    write_manifest("b", "shape", "(5, 5)"); // b is to be a h', of two rows of time each
    double square[T * T];
    for (int i = 0; i < T * T; i++)
        square[i] = i * i % 17 * 0.2;
    npy_write("case/b.npy", NPY_F8, 2, (int[]){T, T}, square);
    double made[T * T] = {0};
    for (int i = 0; i < T * T; i++)
        for (int k = 0; k < H; k++)
            made[i] += a[i / T * H + k] * h[i % T * H + k];
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){T, T}, made);
    COMPARE(1);
    says("  These are the values of the matrix product of a and h transposed.\n");
    for (int i = 0; i < T * T; i++)
        made[i] *= -0.5;
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){T, T}, made);
    COMPARE(1);
    says("  These are -0.5 times the matrix product of a and h transposed.\n");
    made[7] += 1e-4;
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){T, T}, made);
    COMPARE(1);
    says_not("matrix product");
    // Summed over all leading axes: h' a, of (1, 5, 4) each, for a tensor of (4, 4).
    write_manifest("b", "shape", "(4, 4)");
    npy_write("case/b.npy", NPY_F8, 2, (int[]){H, H}, square);
    for (int i = 0; i < H * H; i++) {
        mine[i] = 0;
        for (int t = 0; t < T; t++)
            mine[i] += h[t * H + i / H] * a[t * H + i % H];
    }
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){H, H}, mine);
    COMPARE(1);
    says("  These are the values of the matrix product of h transposed and a.\n");
    // Matrices side by side: of (5, 2, 2), a NaN taken for 0.
    double all[3][MOST];
    for (int i = 0; i < MOST; i++) {
        all[0][i] = i == 6 ? NAN : a[i];
        all[1][i] = h[i];
        all[2][i] = i * i % 19;
        mine[i] = 0;
    }
    for (int i = 0; i < MOST; i++) // row by row: 2 a[m] h[m]
        for (int k = 0; k < 2; k++) {
            double left = all[0][i / 4 * 4 + i / 2 % 2 * 2 + k];
            mine[i] += 2 * (isnan(left) ? 0 : left) * all[1][i / 4 * 4 + k * 2 + i % 2];
        }
    give_three((const char *[]){"(5, 2, 2)", "(5, 2, 2)", "(5, 2, 2)"}, (int[]){3, 3, 3},
               (int[3][3]){{T, 2, 2}, {T, 2, 2}, {T, 2, 2}}, (double *[]){all[0], all[1], all[2]},
               mine);
    COMPARE(1);
    says("  These are 2 times the matrix product of a and h.\n");
}
END_TEST

// Matrices side by side, the left ones transposed; and rows of all of them with one matrix, from either side.
START_TEST(products_of_many)
{
    double a[MOST], h[MOST], b[MOST], mine[MOST] = {0}, *values[] = {a, h, b};
    make_case();
    for (int i = 0; i < MOST; i++) {
        a[i] = ours[find("a")][i];
        h[i] = ours[find("h")][i];
        b[i] = i * i % 19;
    }
    for (int i = 0; i < MOST; i++) // a[m]' h[m], of (2, 2) each
        for (int k = 0; k < 2; k++)
            mine[i] += a[i / 4 * 4 + k * 2 + i / 2 % 2] * h[i / 4 * 4 + k * 2 + i % 2];
    give_three((const char *[]){"(5, 2, 2)", "(5, 2, 2)", "(5, 2, 2)"}, (int[]){3, 3, 3},
               (int[3][3]){{5, 2, 2}, {5, 2, 2}, {5, 2, 2}}, values, mine);
    COMPARE(1);
    says("  These are the values of the matrix product of a transposed and h.\n");
    for (int i = 0; i < MOST; i++) // (10, 2) of a times (2, 2)
        mine[i] = a[i / 2 * 2] * h[i % 2] + a[i / 2 * 2 + 1] * h[2 + i % 2];
    give_three((const char *[]){"(5, 2, 2)", "(2, 2)", "(10, 2)"}, (int[]){3, 2, 2},
               (int[3][3]){{5, 2, 2}, {2, 2}, {10, 2}}, values, mine);
    COMPARE(1);
    says("  These are the values of the matrix product of a and h.\n");
    for (int i = 0; i < H * H; i++) // two lists make no matrix product
        mine[i] = a[i / H] * h[i % H];
    give_three((const char *[]){"(4)", "(4)", "(4, 4)"}, (int[]){1, 1, 2},
               (int[3][3]){{H}, {H}, {H, H}}, values, mine);
    COMPARE(1);
    says_not("matrix product");
    for (int i = 0; i < MOST; i++) // (2, 2) times (2, 10) of h transposed
        mine[i] = a[i / 10 * 2] * h[i % 10 * 2] + a[i / 10 * 2 + 1] * h[i % 10 * 2 + 1];
    give_three((const char *[]){"(2, 2)", "(5, 2, 2)", "(2, 10)"}, (int[]){2, 3, 2},
               (int[3][3]){{2, 2}, {5, 2, 2}, {2, 10}}, values, mine);
    COMPARE(1);
    says("  These are the values of the matrix product of a and h transposed.\n");
}
END_TEST

// Where all that deviates stands on, above or below the diagonal of a square.
START_TEST(regions)
{
    enum { MOST_N = 4 };
    static const char *const names[] = {"on the diagonal", "above the diagonal",
                                        "below the diagonal"};
    char expected[128];
    double square[MOST_N * MOST_N], mine[MOST_N * MOST_N];
    make_case();
    for (int i = 0; i < MOST_N * MOST_N; i++)
        square[i] = (i * 53 + 7) % 31 * 0.1 - 1;
    for (int N = 3; N <= MOST_N; N++) {
        make_case_again();
        write_manifest("b", "shape", N == 3 ? "(3, 3)" : "(4, 4)");
        npy_write("case/b.npy", NPY_F8, 2, (int[]){N, N}, square);
        for (int region = 0; region < 3; region++)
            for (int looks = 0; looks < 2; looks++) {
                for (int i = 0; i < N * N; i++) {
                    int at = i / N == i % N ? 0 : i / N < i % N ? 1 : 2;
                    mine[i] = square[i] + (at == region ? looks ? 0.5 : 1 + 0.3 * i * i : 0);
                }
                npy_write("mine/b.npy", NPY_F8, 2, (int[]){N, N}, mine);
                COMPARE(1);
                snprintf(expected, sizeof expected, "  All that deviates stands %s%s\n",
                         names[region], looks ? ": These are our values plus 0.5." : ".");
                says(expected);
            }
    }
    enum { N = MOST_N };
    mine[0] += 1; // in another one, too
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){N, N}, mine);
    COMPARE(1);
    says_not("All that deviates");
    for (int i = 0; i < N * N; i++) { // nothing else counts
        square[i] = i / N == i % N ? square[i] : NAN;
        mine[i] = square[i] + 1 + 0.3 * i * i;
    }
    npy_write("case/b.npy", NPY_F8, 2, (int[]){N, N}, square);
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){N, N}, mine);
    COMPARE(1);
    says_not("All that deviates");
}
END_TEST

// The changes from step to step, as long as they look like something; forward and backward; and a step's values but
// one.
START_TEST(changes)
{
    make_case();
    give_right("a");
    for (int i = 0; i < MOST; i++) {
        ours[find("b")][i] = 0.37 * i * i - 20.3;
        ours[find("da")][i] = 0.011 * i * i * i + 7;
    }
    write_row("case", find("b"), ours[find("b")]);
    write_row("case", find("da"), ours[find("da")]);
    double *mine = copy_of("b"), first[MOST];
    for (int i = H; i < MOST; i++)
        mine[i] = mine[i - H] + 1.7 * (ours[find("b")][i] - ours[find("b")][i - H]) +
                  (i >= 3 * H ? i * i : 0);
    give("b", mine);
    COMPARE(1);
    says("  The changes from step to step, up to step 2: These are our values times 1.7.\n");
    mine[H] += 1e-3; // and none of them if the first is otherwise
    give("b", mine);
    COMPARE(1);
    says_not("The changes");
    give_right("b h loss");
    mine = copy_of("da");
    for (int i = MOST - H - 1; i >= 0; i--)
        mine[i] = mine[i + H] + 1.7 * (ours[find("da")][i] - ours[find("da")][i + H]) +
                  (i < H ? 1 + i * i : 0);
    give("da", mine);
    give_right("dh");
    COMPARE(1);
    says("  The changes from step to step, up to step 1: These are our values times 1.7.\n");
    // Five values of a step, one of which is otherwise.
    make_case_again();
    write_manifest("b", "shape", "(4, 5)");
    npy_write("case/b.npy", NPY_F8, 2, (int[]){H, T}, ours[find("b")]);
    for (int i = 0; i < MOST; i++)
        first[i] = i < T ? ours[find("b")][i] * 3 : ours[find("b")][i] + 1 + 0.1 * i * i;
    first[1] += 1;
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){H, T}, first);
    COMPARE(1);
    says("  At step 0, but for one value: These are our values times 3 (3).\n");
    first[2] += 1;
    npy_write("mine/b.npy", NPY_F8, 2, (int[]){H, T}, first);
    COMPARE(1);
    says_not("but for one");
}
END_TEST

// ---- Tables that learn ----

enum { STEPS = 40, STATES = 3, ACTIONS = 2, TABLE = STATES * ACTIONS };

static struct {
    double s[STEPS], a[STEPS], r[STEPS], next[STEPS], end[STEPS], q0[TABLE];
} stream;

// How a table learns: by alpha towards reward + gamma * worth.
typedef struct {
    double alpha, gamma, bonus;
    int late;     // the reward of another step
    int begin;    // q0 (0) or zeros
    bool spreads; // another place changes, too
    double (*worth)(const double *q, int t);
    int pays;              // 1 the reward cut to -1 and 1, 2 its sign, 3 its size
    bool rests;            // at every third step nothing is learnt
    bool ends, frozen;     // a worth also at an end; of the table at the last end
    double (*step)(int t); // NULL: alpha
} learner;

static double
largest_next(const double *q, int t)
{
    const double *next = q + (int)stream.next[t] * ACTIONS;
    return fmax(next[0], next[1]);
}

static double
smallest_next(const double *q, int t)
{
    const double *next = q + (int)stream.next[t] * ACTIONS;
    return fmin(next[0], next[1]);
}

static double
taken_next(const double *q, int t)
{
    return q[(int)stream.next[t] * ACTIONS + (t + 1 < STEPS ? (int)stream.a[t + 1] : 0)];
}

static double
mean_next(const double *q, int t)
{
    const double *next = q + (int)stream.next[t] * ACTIONS;
    return (next[0] + next[1]) / 2;
}

static double
same_action(const double *q, int t)
{
    return q[(int)stream.next[t] * ACTIONS + (int)stream.a[t]];
}

static double
action_before(const double *q, int t)
{
    return q[(int)stream.next[t] * ACTIONS + (t > 0 ? (int)stream.a[t - 1] : 0)];
}

static double
largest_size(const double *q, int t)
{
    const double *next = q + (int)stream.next[t] * ACTIONS;
    return fmax(fabs(next[0]), fabs(next[1]));
}

static double
largest_here(const double *q, int t)
{
    const double *here = q + (int)stream.s[t] * ACTIONS;
    return fmax(here[0], here[1]);
}

static double
taken_here(const double *q, int t)
{
    return q[(int)stream.s[t] * ACTIONS + (t + 1 < STEPS ? (int)stream.a[t + 1] : 0)];
}

static double
column(const double *q, int t)
{
    const double *of = q + (int)stream.a[t];
    return fmax(of[0], fmax(of[ACTIONS], of[2 * ACTIONS]));
}

static double
half_next(const double *q, int t)
{
    return largest_next(q, t) / 4 + taken_next(q, t) / 2;
}

static double
half_mean(const double *q, int t)
{
    return largest_next(q, t) / 4 + mean_next(q, t) / 2;
}

static double
first_next(const double *q, int t)
{
    (void)q;
    return largest_next(stream.q0, t);
}

static double
squared_next(const double *q, int t)
{
    return largest_next(q, t) * largest_next(q, t);
}

static double
best_in_first(const double *q, int t)
{
    const double *next = q + (int)stream.next[t] * ACTIONS;
    return stream.q0[(int)stream.next[t] * ACTIONS + (next[1] > next[0])];
}

static double
nothing(const double *q, int t)
{
    (void)q;
    (void)t;
    return 0;
}

// Steps over the visits so far, the visits and one, the visits of the state, the steps, and ever smaller ones.
static int
visits(int t, bool of_state)
{
    int n = 0;
    for (int u = 0; u <= t; u++)
        n += stream.s[u] == stream.s[t] && (of_state || stream.a[u] == stream.a[t]);
    return n;
}

static double
over_visits(int t)
{
    return 0.6 / visits(t, false);
}

static double
over_one_more(int t)
{
    return 1.0 / (visits(t, false) + 1);
}

static double
over_visits_of_state(int t)
{
    return 0.6 / visits(t, true);
}

static double
over_steps(int t)
{
    return 0.6 / (t + 1);
}

static double
ever_smaller(int t)
{
    return 0.6 * pow(0.95, t);
}

static void
learn(const learner *l, double values[STEPS * TABLE])
{
    double q[TABLE], kept[TABLE];
    for (int i = 0; i < TABLE; i++)
        kept[i] = q[i] = l->begin ? 0 : stream.q0[i];
    for (int t = 0; t < STEPS; t++) {
        int at = (int)stream.s[t] * ACTIONS + (int)stream.a[t];
        double reward = t + l->late < 0 || t + l->late >= STEPS ? 0 : stream.r[t + l->late];
        double paid = l->pays == 1   ? fmax(-1, fmin(1, reward))
                      : l->pays == 2 ? (reward > 0) - (reward < 0)
                      : l->pays == 3 ? fabs(reward)
                                     : reward;
        bool ends = stream.end[t] != 0;
        double worth = ends && !l->ends ? 0 : l->gamma * l->worth(l->frozen ? kept : q, t);
        double target = paid + l->bonus + worth;
        if (!l->rests || t % 3)
            q[at] += (l->step ? l->step(t) : l->alpha) * (target - q[at]);
        if (ends)
            memcpy(kept, q, sizeof q);
        if (l->spreads)
            q[(at + 1) % TABLE] += 0.1;
        memcpy(values + t * TABLE, q, sizeof q);
    }
}

static void
make_stream(void)
{
    static const char *const inputs[] = {"s", "a", "r", "next", "end"};
    double *columns[] = {stream.s, stream.a, stream.r, stream.next, stream.end},
           values[STEPS * TABLE];
    char path[64];
    make_case();
    ck_assert_int_eq(system("rm case/*.npy"), 0);
    for (int t = 0; t < STEPS; t++) {
        stream.s[t] = t * 7 % 5 % STATES;
        stream.a[t] = t * t % 3 % ACTIONS;
        stream.r[t] = (t * 37 + 11) % 29 * 0.1 - 1.7;
        stream.next[t] = (t * t + t / 3) % STATES;
        stream.end[t] = t % 9 == 8;
    }
    for (int i = 0; i < TABLE; i++)
        stream.q0[i] = (i * 5 + 2) % 7 * 0.3 - 0.8;
    struct table *t =
        table_create("case/manifest.tsv", "role\tname\tfile\tshape\tfrom\ttime\ttolerance\tabout");
    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "case/%s.npy", inputs[i]);
        npy_write(path, NPY_F8, 1, (int[]){STEPS}, columns[i]);
        table_row(t, "ssssssss", "input", inputs[i], path + 5, "(40)", "", "", "0", "");
    }
    npy_write("case/q0.npy", NPY_F8, 2, (int[]){STATES, ACTIONS}, stream.q0);
    table_row(t, "ssssssss", "input", "q0", "q0.npy", "(3, 2)", "", "", "0", "");
    learn(&(learner){.alpha = 0.3, .gamma = 0.9, .worth = largest_next}, values);
    npy_write("case/q.npy", NPY_F8, 3, (int[]){STEPS, STATES, ACTIONS}, values);
    table_row(t, "ssssssss", "output", "q", "q.npy", "(40, 3, 2)", "q[t-1]", "0 forward", "1e-12",
              "");
    table_close(t);
}

#define OURS \
    "0.7 times the old value plus 0.3 times r plus 0.27 times the next state's largest value"

START_TEST(updates)
{
    static const struct {
        learner l;
        const char *says;
    } all[] = {
        {{.alpha = 0.6, .gamma = 0.9, .worth = largest_next},
         "  From step 1 on yours takes 0.4 times the old value plus 0.6 times r plus 0.54 "
         "times the next state's "
         "largest value; ours takes " OURS ".\n"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = taken_next},
         "0.27 times the next state's value of the action taken there; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = mean_next},
         "0.27 times the next state's mean value; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = same_action},
         "0.27 times the next state's value of this step's action; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = action_before},
         "0.27 times the next state's value of the action before; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = largest_size},
         "0.27 times the next state's largest |value|; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = largest_here},
         "0.27 times this state's largest value; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = taken_here},
         "0.27 times this state's value of the next action; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = column},
         "0.27 times the action's largest value of all states; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = smallest_next},
         "0.27 times the next state's smallest value; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = first_next},
         "0.27 times the next state's largest value in q0; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = half_next},
         "plus 0.135 times the next state's value of the action taken there plus 0.0675 "
         "times the next state's largest value; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = best_in_first},
         "the next state's value of the action that is best in the learning table in q0; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .rests = true, .worth = mean_next},
         "yours takes 0.7 times the old value plus 0.3 times r plus 0.27 times the next state's "
         "mean value; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .worth = half_mean},
         "plus 0.0675 times the next state's largest value plus 0.135 times the next state's mean "
         "value; ours"},
        {{.alpha = 0.3, .gamma = 0.9, .late = -1, .worth = largest_next},
         "0.3 times r of the step before plus 0.27"},
        {{.alpha = 0.3, .gamma = 0.9, .late = 1, .worth = largest_next},
         "0.3 times r of the next step plus 0.27"},
        {{.alpha = 0.3, .gamma = 0.9, .bonus = 0.5, .worth = largest_next},
         "largest value plus 0.15; ours takes " OURS ".\n"},
        {{.alpha = 0.3, .gamma = 0.9, .pays = 1, .worth = largest_next},
         "plus 0.3 times r cut to -1 and 1 plus 0.27 times the next state's largest value; "},
        {{.alpha = 0.3, .gamma = 0.9, .pays = 2, .worth = largest_next},
         "plus 0.3 times the sign of r plus 0.27 times the next state's largest value; "},
        {{.alpha = 0.3, .gamma = 0.9, .pays = 3, .worth = largest_next},
         "plus 0.3 times |r| plus 0.27 times the next state's largest value; "},
        {{.alpha = 0.3, .gamma = 0.9, .ends = true, .worth = largest_next},
         "plus 0.27 times the next state's largest value, also at an end; ours takes " OURS ".\n"},
        {{.alpha = 0.3, .gamma = 0.9, .frozen = true, .worth = largest_next},
         "times the next state's largest value in the table as it stood at the last end; "},
        {{.alpha = 0.3, .worth = nothing},
         "yours takes 0.7 times the old value plus 0.3 times r; ours takes " OURS ".\n"},
        {{.alpha = 1, .gamma = 0.9, .worth = largest_next},
         "yours takes 1 times r plus 0.9 times the next state's largest value; ours"},
        {{.gamma = 0.9, .step = over_visits, .worth = largest_next},
         "  From step 1 on yours goes towards our target by a number over the number of "
         "visits so far (0.6).\n"},
        {{.gamma = 0.9, .step = over_visits, .rests = true, .worth = largest_next},
         "our target by a number over the number of visits so far (0.6).\n"},
        {{.gamma = 0.9, .step = over_one_more, .worth = largest_next},
         "our target by a number over the number of visits so far and one more (1).\n"},
        {{.gamma = 0.9, .step = over_visits_of_state, .worth = largest_next},
         "our target by a number over the number of visits so far to the state, whatever "
         "the action (0.6).\n"},
        {{.gamma = 0.9, .step = over_steps, .worth = largest_next},
         "our target by a number over the number of steps so far (0.6).\n"},
        {{.gamma = 0.9, .step = ever_smaller, .worth = largest_next},
         "our target by a number times a part of it at every step (0.6).\n"},
        {{.step = over_visits, .worth = nothing},
         "  From step 1 on yours goes towards r by a number over the number of visits so "
         "far (0.6).\n"},
        {{.alpha = 0.3, .gamma = 0.9, .begin = 1, .worth = largest_next},
         "  From step 1 on yours takes " OURS
         ", and so does ours: look at where it begins, and what else changes.\n"},
        {{.alpha = 0.3, .gamma = 0.9, .spreads = true, .worth = largest_next},
         "  At step 1 yours changes the value ["}};
    double values[STEPS * TABLE];
    make_stream();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        learn(&all[i].l, values);
        npy_write("mine/q.npy", NPY_F8, 3, (int[]){STEPS, STATES, ACTIONS}, values);
        COMPARE(1);
        says(all[i].says);
    }
    says("], ours does not.\n");
    for (int i = 0; i < STEPS * TABLE; i++) // all places change, so that none tells anything
        values[i] += sin(i * i);
    npy_write("mine/q.npy", NPY_F8, 3, (int[]){STEPS, STATES, ACTIONS}, values);
    COMPARE(1);
    says_not("changes the value");
    // By no such sum, or by one that a single value does not follow: nothing.
    learn(&(learner){.alpha = 0.3, .gamma = 0.9, .worth = squared_next}, values);
    npy_write("mine/q.npy", NPY_F8, 3, (int[]){STEPS, STATES, ACTIONS}, values);
    COMPARE(1);
    says_not("yours takes");
    learn(&all[0].l, values);
    for (int i = 0; i < STEPS * TABLE; i += TABLE)
        values[i] += i * 1e-3; // the first place alone
    npy_write("mine/q.npy", NPY_F8, 3, (int[]){STEPS, STATES, ACTIONS}, values);
    COMPARE(1);
    says_not("yours takes");
    learn(&all[0].l, values);
    for (int i = 0; i < TABLE; i++)
        values[(STEPS - 1) * TABLE + i] += 1e-6;
    npy_write("mine/q.npy", NPY_F8, 3, (int[]){STEPS, STATES, ACTIONS}, values);
    COMPARE(1);
    says_not("yours takes");
    // A stream that counts no states is none.
    learn(&all[0].l, values);
    npy_write("mine/q.npy", NPY_F8, 3, (int[]){STEPS, STATES, ACTIONS}, values);
    for (int wrong = 0; wrong < 3; wrong++) { // one too many, one less than 0, none at all
        double next = stream.next[5];
        stream.next[5] = wrong == 0 ? STATES : wrong == 1 ? -1 : next + 0.5;
        npy_write("case/next.npy", NPY_F8, 1, (int[]){STEPS}, stream.next);
        COMPARE(1);
        says_not("yours takes");
        stream.next[5] = next;
    }
    npy_write("case/next.npy", NPY_F8, 1, (int[]){STEPS}, stream.next);
    COMPARE(1);
    says("yours takes");
}
END_TEST

// Means of a number that the case computes for every step, where ours is no such sum itself.
START_TEST(updates_of_means)
{
    double values[STEPS * TABLE], g[STEPS], q[TABLE];
    make_stream();
    FILE *manifest = fopen("case/manifest.tsv", "a");
    fprintf(manifest, "step\tg\tg.npy\t(40)\tg[t+1]\t0 backward\t1e-12\t\n");
    fclose(manifest);
    for (int t = 0; t < STEPS; t++)
        g[t] = (t * 31 + 5) % 37 * 0.2 - 3;
    npy_write("case/g.npy", NPY_F8, 1, (int[]){STEPS}, g);
    for (int way = 0; way < 6;
         way++) { // ours; a constant step; over a count; of the state; of my own g; of r
        for (int i = 0; i < TABLE; i++)
            q[i] = 0;
        for (int t = 0; t < STEPS; t++) {
            int at = (int)stream.s[t] * ACTIONS + (int)stream.a[t], n = visits(t, way == 3);
            double target = way == 5 ? stream.r[t] : g[t] + (way == 4 ? t % 4 : 0);
            q[at] += (target - q[at]) * (way == 1 ? 0.1 : 1.0 / (way == 2 ? n + 1 : n));
            memcpy(values + t * TABLE, q, sizeof q);
        }
        npy_write(way ? "mine/q.npy" : "case/q.npy", NPY_F8, 3, (int[]){STEPS, STATES, ACTIONS},
                  values);
        if (way == 0)
            continue;
        remove("mine/g.npy");
        if (way == 4) {
            double mine[STEPS];
            for (int t = 0; t < STEPS; t++)
                mine[t] = g[t] + t % 4;
            npy_write("mine/g.npy", NPY_F8, 1, (int[]){STEPS}, mine);
        }
        COMPARE(1);
        if (way < 4)
            says(way == 1
                     ? "  From step 1 on yours takes 0.9 times the old value plus 0.1 times g.\n"
                 : way == 2 ? "yours goes towards g by a number over the number of visits so far "
                              "and one more (1).\n"
                            : "yours goes towards g by a number over the number of visits so far "
                              "to the state, whatever the action (1).\n");
        if (way == 4)
            says("  From step 1 on yours goes towards g by a number over the number of visits so "
                 "far (1).\n");
        if (way == 5)
            says("yours goes towards r by a number over the number of visits so far (1).\n");
    }
}
END_TEST

// ---- Numbers that follow from the one before ----

// Writes a case of numbers a step, forward or backward: the input x, the step g, and w, which is made of them.
static void
make_numbers(int direction, double x[STEPS], double g[STEPS])
{
    char time[32];
    ck_assert_int_eq(system("rm case/*.npy"), 0);
    snprintf(time, sizeof time, "0 %s", direction > 0 ? "forward" : "backward");
    table *t =
        table_create("case/manifest.tsv", "role\tname\tfile\tshape\tfrom\ttime\ttolerance\tabout");
    table_row(t, "ssssssss", "input", "x", "x.npy", "(40)", "", "", "0", "");
    table_row(t, "ssssssss", "step", "g", "g.npy", "(40)", "", time, "1e-12", "");
    table_row(t, "ssssssss", "output", "w", "w.npy", "(40)", "w", time, "1e-12", "");
    table_close(t);
    for (int i = 0; i < STEPS; i++) {
        x[i] = (i * 37 + 11) % 29 * 0.1 - 1.7;
        g[i] = (i * i * 7 + 3) % 31 * 0.1 - 1.2;
    }
    npy_write("case/x.npy", NPY_F8, 1, (int[]){STEPS}, x);
    npy_write("case/g.npy", NPY_F8, 1, (int[]){STEPS}, g);
}

// Of up to 1024 steps, along the only axis.
START_TEST(long_recurrences)
{
    enum { LONGEST = 1024 };
    double all[LONGEST + 1], given[LONGEST + 1], x[LONGEST + 1];
    char shape[32];
    make_case();
    ck_assert_int_eq(system("rm case/*.npy"), 0);
    for (int n = LONGEST; n <= LONGEST + 1; n++) {
        for (int t = 0; t < n; t++) {
            x[t] = (t * 37 + 11) % 29 * 0.1 - 1.7;
            all[t] = 0.7 * (t ? all[t - 1] : 1) + 0.3 * x[t];
            given[t] = 0.5 * (t ? given[t - 1] : 1) + 0.3 * x[t];
        }
        table *t = table_create("case/manifest.tsv",
                                "role\tname\tfile\tshape\tfrom\ttime\ttolerance\tabout");
        snprintf(shape, sizeof shape, "(%d)", n);
        table_row(t, "ssssssss", "input", "x", "x.npy", shape, "", "", "0", "");
        table_row(t, "ssssssss", "output", "w", "w.npy", shape, "w", "0 forward", "1e-12", "");
        table_close(t);
        npy_write("case/x.npy", NPY_F8, 1, &n, x);
        npy_write("case/w.npy", NPY_F8, 1, &n, all);
        npy_write("mine/w.npy", NPY_F8, 1, &n, given);
        COMPARE(1);
        const char *sum = "yours is 0.5 times the value before plus 0.3 times x; ours is 0.7";
        if (n == LONGEST)
            says(sum);
        else
            says_not("yours is");
    }
}
END_TEST

START_TEST(recurrences)
{
    static const struct {
        double before, x, g, one, product, late, early, own;
        const char *says;
    } all[] = {
        {.before = 0.7, .x = 0.3}, // ours
        {.before = 0.3,
         .x = 0.7,
         .says = "  After the first step yours is 0.3 times the value before plus 0.7 times x; "
                 "ours is 0.7 times the value before plus 0.3 times x.\n"},
        {.before = 0.7,
         .x = 0.3,
         .says = "  After the first step yours is 0.7 times the value before plus 0.3 times x, and "
                 "so is ours: look at where it begins.\n"},
        {.before = 0.5,
         .x = 0.3,
         .says = "  After the first step yours is 0.5 times the value before plus 0.3 times x; "
                 "ours is 0.7 times the value before plus 0.3 times x.\n"},
        {.x = 0.4, .says = "  These are 0.4 times x.\n"},
        {.before = 0.7, .x = 0.3, .one = 2, .says = " plus 0.3 times x plus 2; ours"},
        {.before = 0.7, .x = 0.3, .g = -2, .says = " plus 0.3 times x plus -2 times g; ours"},
        {.before = 1,
         .product = -1,
         .says = " yours is 1 times the value before plus -1 times x times g; ours"},
        {.before = 0.7, .late = 0.3, .says = " plus 0.3 times x of the step before; ours"},
        {.before = 0.7, .early = 0.3, .says = " plus 0.3 times x of the next step; ours"},
        {.own = 0.9, .says = " yours is 0.9 times the value before times x; ours"}};
    double x[STEPS], g[STEPS], w[STEPS];
    make_case();
    for (int direction = 1; direction >= -1; direction -= 2) {
        make_numbers(direction, x, g);
        for (size_t k = 0; k < sizeof all / sizeof *all; k++) {
            double last = k == 2 ? 3.5 : 1;
            for (int i = 0; i < STEPS; i++) {
                int t = direction > 0 ? i : STEPS - 1 - i, early = t - direction;
                last = all[k].before * last + all[k].x * x[t] + all[k].g * g[t] + all[k].one +
                       all[k].product * x[t] * g[t] + all[k].late * (i ? x[early] : 0) +
                       all[k].early * (i < STEPS - 1 ? x[t + direction] : 0) +
                       all[k].own * last * x[t];
                w[t] = last;
            }
            npy_write(k ? "mine/w.npy" : "case/w.npy", NPY_F8, 1, (int[]){STEPS}, w);
            if (k == 0)
                continue;
            COMPARE(1);
            says(all[k].says);
            for (int last_one = 0; last_one < 2 - (all[k].early + all[k].own > 0);
                 last_one++) { // one that is otherwise
                int off = !last_one ? 7 : direction > 0 ? STEPS - 1 : 0;
                w[off] += 1e-6;
                npy_write("mine/w.npy", NPY_F8, 1, (int[]){STEPS}, w);
                COMPARE(1);
                says_not("yours is");
                w[off] -= 1e-6;
            }
        }
    }
    // Of the reader's own w of the step before, though that stands below.
    double mine[STEPS], last = 0;
    for (int t = STEPS - 1; t >= 0; t--) {
        mine[t] = 0.5 * last + 2 * x[t];
        w[t] = last = cos(t * t);
    }
    npy_write("mine/w.npy", NPY_F8, 1, (int[]){STEPS}, w);
    npy_write("mine/g.npy", NPY_F8, 1, (int[]){STEPS}, mine);
    COMPARE(1);
    says("  After the first step yours is 2 times x plus 0.5 times w of the step before.\n");
    // Of the reader's own g, where ours is no such sum.
    last = 0;
    for (int t = 0; t < STEPS; t++) {
        mine[t] = g[t] + sin(3 * t * t);
        w[t] = sin(t * t);
    }
    npy_write("case/w.npy", NPY_F8, 1, (int[]){STEPS}, w);
    npy_write("mine/g.npy", NPY_F8, 1, (int[]){STEPS}, mine);
    for (int t = STEPS - 1; t >= 0; t--)
        w[t] = last = 0.5 * last + 0.25 * mine[t];
    npy_write("mine/w.npy", NPY_F8, 1, (int[]){STEPS}, w);
    write_text("case/case.tsv", "key\tvalue\nformat\t2\n");
    COMPARE(1);
    says("w: After the first step yours is 0.5 times the value before plus 0.25 times g.\n");
    for (int t = 0; t < STEPS; t++)
        w[t] = -0.25 * mine[t];
    npy_write("mine/w.npy", NPY_F8, 1, (int[]){STEPS}, w);
    COMPARE(1);
    says("w: After the first step yours is -0.25 times g.\n");
}
END_TEST

// Values of states, and a table that learns from another: (STEPS, STATES) each, without actions.
START_TEST(updates_of_states)
{
    enum { N = STEPS * STATES };
    double v[N], w[N], mine[N], old[STATES] = {0.4, -0.9, 1.3}, other[STATES] = {2, -1, 0.5};
    const int shape[] = {STEPS, STATES};
    make_stream();
    table *t =
        table_create("case/manifest.tsv", "role\tname\tfile\tshape\tfrom\ttime\ttolerance\tabout");
    static const char *const inputs[] = {"s", "r", "next", "end"};
    char file[16];
    for (int i = 0; i < 4; i++) {
        snprintf(file, sizeof file, "%s.npy", inputs[i]);
        table_row(t, "ssssssss", "input", inputs[i], file, "(40)", "", "", "0", "");
    }
    table_row(t, "ssssssss", "output", "w", "w.npy", "(40, 3)", "w[t-1]", "0 forward", "1e-12", "");
    table_row(t, "ssssssss", "output", "v", "v.npy", "(40, 3)", "v[t-1] w[t-1]", "0 forward",
              "1e-12", "");
    table_close(t);
    for (int way = 0; way < 3; way++) { // ours, from the other table, with this state's value
        double table_now[STATES], other_now[STATES];
        memcpy(table_now, old, sizeof old);
        memcpy(other_now, other, sizeof other);
        for (int step = 0; step < STEPS; step++) {
            int s = (int)stream.s[step], next = (int)stream.next[step];
            double *from = way == 1 ? other_now : table_now;
            double worth = stream.end[step] != 0 ? 0 : from[way == 2 ? s : next];
            double more = 0.1 * (stream.r[step] - other_now[s]);
            table_now[s] += 0.3 * (stream.r[step] + 0.9 * worth - table_now[s]);
            other_now[s] += more;
            memcpy((way ? mine : v) + step * STATES, table_now, sizeof old);
            memcpy(w + step * STATES, other_now, sizeof other);
        }
        npy_write(way ? "mine/v.npy" : "case/v.npy", NPY_F8, 2, shape, way ? mine : v);
        npy_write("case/w.npy", NPY_F8, 2, shape, w);
        if (way == 0)
            continue;
        COMPARE(1);
        says(way == 1 ? "0.27 times the next state's value in w; ours takes 0.7 times the old "
                        "value plus 0.3 times r plus 0.27 times the next state's value.\n"
                      : "yours takes 0.7 times the old value plus 0.3 times r plus 0.27 times this "
                        "state's value; ours");
    }
    npy_write("mine/w.npy", NPY_F8, 2, shape, w);
    COMPARE(1);
    says("this state's value; ours");
}
END_TEST

// ---- Known mistakes ----

static void
write_mistake(const char *id, int n, const double *values)
{
    char path[256];
    mkdir("case/mistakes", 0777);
    snprintf(path, sizeof path, "case/mistakes/%s.npy", id);
    npy_write(path, NPY_F8, 1, &n, values);
}

#define KNOWN "id\tkind\ttensors\tsentence\tsource\tline\twrong\n"

// Mistakes that make b and h of ours: twice b and a half of h; twice b and h negated; twice b alone.
static void
make_mistakes(void)
{
    double both[2 * MOST];
    for (int i = 0; i < MOST; i++) {
        both[i] = 2 * ours[find("b")][i];
        both[MOST + i] = ours[find("h")][i] / 2;
    }
    write_mistake("half", 2 * MOST, both);
    write_mistake("alone", MOST, both);
    for (int i = 0; i < MOST; i++)
        both[MOST + i] *= -2;
    write_mistake("sign", 2 * MOST, both);
    write_text("case/mistakes.tsv",
               KNOWN "half\tscale\tb h\tHalf of h.\ta/paper#3\tb = c;\tb = 2 * c;\n"
                     "sign\twrong-sign\tb h\tThe sign.\t\tb = c;\tb = -c;\n"
                     "alone\tother\tb\tOnly b.\t\tb = c;\tb = d;\n");
}

START_TEST(names_the_mistake)
{
    make_case();
    make_mistakes();
    double *mine = copy_of("h");
    for (int i = 0; i < MOST; i++)
        mine[i] /= 2;
    give("h", mine);
    COMPARE(1);
    says("These are the numbers of a known mistake:\n  Half of h.\n    (scale; seen in "
         "a/paper#3)\n    your line, as it would stand in our code:\n      b = 2 * c;\n"
         "    ours:\n      b = c;\n");
    mine = copy_of("b");
    for (int i = 0; i < MOST; i++)
        mine[i] *= 2;
    give("b", mine);
    COMPARE(1);
    says("a known mistake:\n  Half of h.\n");
    give_right("a loss dw"); // others that agree
    COMPARE(1);
    says("Half of h.");
    give_wrong("a", 2, 1); // one that the mistake does not change deviates
    COMPARE(1);
    says_not("known mistake");
    give_right("a h"); // a tensor that two of the mistakes change is right
    COMPARE(1);
    says("a known mistake:\n  Only b.\n    (other)\n");
    give_noise("h", 0, MOST); // or otherwise wrong
    COMPARE(1);
    says_not("known mistake");
    remove("mine/h.npy");
    COMPARE(1);
    says("the numbers of 3 known mistakes:\n  Half of h.\n");
    says("  The sign.\n");
    says("  Only b.\n");
    says("  What you gave cannot tell them apart; h would.\n");
    says_not(" more.");
    give_right("b"); // nothing of theirs
    COMPARE(0);
    says_not("mistake");
    give_wrong("a", 0, 1); // nothing that a mistake changes deviates
    COMPARE(1);
    says_not("mistake");
}
END_TEST

// What does not count of ours does not count of a mistake, nor between two of them.
START_TEST(mistakes_of_what_counts)
{
    make_case();
    make_mistakes();
    double *mine = copy_of("b");
    mine[5] = NAN;
    write_row("case", find("b"), mine);
    for (int i = 0; i < MOST; i++)
        mine[i] *= 2;
    mine[5] = 77;
    give("b", mine);
    COMPARE(1);
    says("Half of h.");
    mine = copy_of("h");
    for (int i = 0; i < MOST; i++)
        mine[i] = NAN;
    write_row("case", find("h"), mine);
    COMPARE(1);
    says("  They give the same numbers in every tensor of this case.\n");
}
END_TEST

// A single number tells two mistakes apart, the first one of the case, too; and no third one is counted.
START_TEST(told_apart_by_one_number)
{
    double both[2 * MOST];
    make_case();
    for (int i = 0; i < MOST; i++) {
        both[i] = ours[find("x")][i];
        both[MOST + i] = 2 * ours[find("b")][i];
    }
    both[0] += 1000;
    write_mistake("one", 2 * MOST, both);
    both[0] += 1000;
    write_mistake("two", 2 * MOST, both);
    write_text("case/mistakes.tsv", KNOWN "one\tother\tx b\tOne.\t\tl\tw\n"
                                          "two\tother\tx b\tTwo.\t\tl\tw\n");
    give("b", both + MOST);
    COMPARE(1);
    says("the numbers of 2 known mistakes:\n");
    says("  What you gave cannot tell them apart; x would.\n");
    says_not(" more.");
}
END_TEST

// At most three names; and where all of a case is the same, that is said.
START_TEST(names_three)
{
    make_case();
    make_mistakes();
    double *mine = copy_of("b");
    for (int i = 0; i < MOST; i++)
        mine[i] *= 2;
    give("b", mine);
    write_text("case/mistakes.tsv", KNOWN "alone\tother\tb\tOne.\t\tl\tw\n"
                                          "alone\tother\tb\tTwo.\t\tl\tw\n"
                                          "alone\tother\tb\tThree.\t\tl\tw\n"
                                          "alone\tother\tb\tFour.\t\tl\tw\n");
    COMPARE(1);
    says("the numbers of 4 known mistakes:");
    says("Three.");
    says_not("Four.");
    says("  And 1 more.\n  They give the same numbers in every tensor of this case.\n");
    write_text("case/mistakes.tsv", KNOWN "alone\tother\tq\tOne.\t\tl\tw\n");
    COMPARE(2);
    says("compare: case/mistakes.tsv:2: 'q': the case has no tensor 'q', or it stands there "
         "twice\n");
    says("b deviates first at [0, 0], step 0"); // what was found before stands there, too
    write_text("case/mistakes.tsv", KNOWN "alone\tother\tb b\tOne.\t\tl\tw\n");
    COMPARE(2);
    write_text("case/mistakes.tsv", KNOWN "alone\tother\tb h\tOne.\t\tl\tw\n");
    COMPARE(2);
    says("case/mistakes/alone.npy: 20 values, expected 40 for b h\n");
    char longest[202] = "", row[512]; // 201 bytes
    memset(longest, 'q', 201);
    const char *const bad[] = {"../x", "", "a/b", "a..b", longest};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(row, sizeof row, KNOWN "%s\tother\tb\tOne.\t\tl\tw\n", bad[i]);
        write_text("case/mistakes.tsv", row);
        COMPARE(2);
        snprintf(row, sizeof row, "compare: case/mistakes.tsv:2: '%s' is no id of a mistake\n",
                 bad[i]);
        says(row);
    }
    longest[200] = 0;
    snprintf(row, sizeof row, KNOWN "%s\tother\tb\tOne.\t\tl\tw\n", longest);
    write_text("case/mistakes.tsv", row);
    write_mistake(longest, MOST, mine);
    COMPARE(1);
    says("One.");
}
END_TEST

// A mistake's values are those that differ by at most the tolerance; a tensor may be the first of its case; and many
// mistakes that do not fit leave nothing behind.
START_TEST(limits_of_mistakes)
{
    enum { MANY = 40 };
    make_case();
    write_manifest("b", "tolerance", "0.25");
    for (int i = 0; i < MOST; i++)
        ours[find("b")][i] = i;
    write_row("case", find("b"), ours[find("b")]);
    double *mine = copy_of("b");
    for (int i = 0; i < MOST; i++)
        mine[i] = i * i - 7;
    for (int i = 0; i < MOST; i++)
        mine[i] = mine[i] > 19 ? 19 - mine[i] / 64 : mine[i]; // no larger than ours
    write_mistake("m", MOST, mine);
    write_text("case/mistakes.tsv", KNOWN "m\tother\tb\tIt is this.\t\tl\tw\n");
    mine[3] += 0.25;
    give("b", mine);
    COMPARE(1);
    says("It is this.");
    mine[3] += 0.125;
    give("b", mine);
    COMPARE(1);
    says_not("It is this.");
    char text[8192];
    size_t used = (size_t)snprintf(text, sizeof text, KNOWN);
    for (int k = 0; k < MANY; k++)
        used +=
            (size_t)snprintf(text + used, sizeof text - used, "m\tother\tb\tIt is this.\t\tl\tw\n");
    write_text("case/mistakes.tsv", text);
    COMPARE(1);
    says_not("It is this.");
    write_text("case/mistakes.tsv", KNOWN "m\tother\ta\tIt is a.\t\tl\tw\n");
    table *t =
        table_create("case/manifest.tsv", "role\tname\tfile\tshape\tfrom\ttime\ttolerance\tabout");
    table_row(t, "ssssssss", "step", "a", "a.npy", "(5, 4)", "", "", "0.25", "");
    table_close(t);
    mine[3] -= 0.375;
    give("a", mine);
    COMPARE(1);
    says("It is a.");
}
END_TEST

// Where only the gradients are otherwise, as where the backward that goes with the mistake is right, it is named so.
START_TEST(names_but_for_the_gradients)
{
    double both[2 * MOST], *mine;
    make_case();
    for (int i = 0; i < MOST; i++) {
        both[i] = 2 * ours[find("h")][i];
        both[MOST + i] = ours[find("dh")][i] / 2;
    }
    write_mistake("half", 2 * MOST, both);
    write_mistake("third", MOST, both);
    write_text("case/mistakes.tsv", KNOWN "half\tscale\th dh\tHalf of dh.\t\tl\tw\n"
                                          "third\tscale\th\tNo dh.\t\tl\tw\n");
    mine = copy_of("h");
    for (int i = 0; i < MOST; i++)
        mine[i] *= 2;
    give("h", mine);
    give_noise("dh", 0, MOST);
    COMPARE(1);
    says("But for the gradients these are the numbers of 2 known mistakes:\n  Half of dh.\n");
    says("  No dh.\n");
    says_not("tell them apart");
    says_not("same numbers");
    mine = copy_of("dh");
    for (int i = 0; i < MOST; i++)
        mine[i] /= 2;
    give("dh", mine);
    COMPARE(1);
    says("\nThese are the numbers of a known mistake:\n  Half of dh.\n");
    says_not("But for");
    give_noise("h", 0, MOST); // the gradients alone name none
    COMPARE(1);
    says_not("known mistake");
    give_right("h");
    give_noise("dh", 0, MOST);
    COMPARE(1);
    says_not("known mistake");
}
END_TEST

// A mistake may give NaN and values much larger than ours, and is held to as many digits as ours.
START_TEST(large_mistake)
{
    make_case();
    double *mine = copy_of("b");
    for (int i = 0; i < MOST; i++)
        mine[i] *= 1e6;
    mine[3] = NAN;
    write_mistake("large", MOST, mine);
    write_text("case/mistakes.tsv", KNOWN "large\tother\tb\tIt is large.\t\tl\tw\n");
    mine[0] += 0.5;
    give("b", mine);
    COMPARE(1);
    says("It is large.");
    mine[0] += 5;
    give("b", mine);
    COMPARE(1);
    says_not("It is large.");
    mine[0] -= 5;
    mine[3] = 0;
    give("b", mine);
    COMPARE(1);
    says_not("It is large.");
    // As many times larger than ours, where ours are below 1.
    for (int i = 0; i < MOST; i++) {
        ours[find("b")][i] *= 1e-3;
        mine[i] = 100 * ours[find("b")][i];
    }
    write_row("case", find("b"), ours[find("b")]);
    write_mistake("large", MOST, mine);
    mine[0] += 5e-5; // of 1e-4 that may be
    give("b", mine);
    COMPARE(1);
    says("It is large.");
    mine[0] += 1e-4;
    give("b", mine);
    COMPARE(1);
    says_not("It is large.");
}
END_TEST

// ---- What cannot be used ----

START_TEST(unusable)
{
    make_case();
    ck_assert_int_eq(run("compare", "none mine"), 2);
    says("compare: none: no such folder; the cases in . are case\n");
    ck_assert_int_eq(run("compare", "mine/none mine"), 2);
    says("compare: mine/none: no such folder, expected that of a case, like ");
    ck_assert_int_eq(run("compare", "nowhere/none mine"), 2);
    says("compare: nowhere/none: no such folder, expected that of a case, like ");
    ck_assert_int_eq(run("compare", "case none"), 2);
    says("compare: none: no such folder\n");
    ck_assert_int_eq(run("compare", "case case/case.tsv"), 2);
    says("compare: case/case.tsv: no such folder\n");
    // The first name of all is a case, too; the folder itself is none beside itself.
    ck_assert_int_eq(system("cp -r case '#1'"), 0);
    ck_assert_int_eq(run("compare", "none"), 2);
    says("compare: none: no such folder; the cases in . are #1, case\n");
    ck_assert_int_eq(run("compare", "case/none"), 2);
    says("compare: case/none: no such folder, expected that of a case, like ");
    ck_assert_int_eq(run("compare", "mine mine"), 2);
    says("compare: mine: has no case.tsv: expected the folder of a case, like ");
    COMPARE(2);
    says("compare: mine: has none of this case's tensors; `compare case` lists them\n");
    write_text("mine/a.txt", "1 2 3");
    COMPARE(2);
    says("compare: mine/a.txt: 3 numbers, expected 20 for (5, 4)\n");
    write_text("mine/a.txt", "1 2 \x1b[31m\n");
    COMPARE(2);
    says("compare: mine/a.txt: '\\x1b[31m\\n' is no number; expected 20 numbers for (5, 4)\n");
    write_text("mine/a.csv", "1 2 3 4 5 6");
    COMPARE(2);
    says("compare: mine/a.txt and mine/a.csv are both there: remove the one that is not meant\n");
    remove("mine/a.csv");
    remove("mine/a.txt");
    write_text("mine/a.npy", "nonsense");
    COMPARE(2);
    says("compare: mine/a.npy: no .npy file");
    remove("mine/a.npy");
    ck_assert_int_eq(mkfifo("mine/a.npy", 0666), 0);
    COMPARE(2);
    says("compare: mine/a.npy: is no plain file\n");
    remove("mine/a.npy");
    ck_assert_int_eq(mkfifo("mine/a.txt", 0666), 0);
    COMPARE(2);
    says("compare: mine/a.txt: is no plain file\n");
    remove("mine/a.txt");
    // A link to nothing is given, and not absent.
    ck_assert_int_eq(symlink("nothing", "mine/a.npy"), 0);
    COMPARE(2);
    says("compare: mine/a.npy: cannot be opened: No such file or directory\n");
    remove("mine/a.npy");
    char longest[202]; // 200 bytes of a file's name
    memset(longest, 'x', 201);
    longest[201] = 0;
    write_manifest("b", "file", longest);
    COMPARE(2);
    says("x' is no name of a file of this folder\n");
    longest[200] = 0;
    write_manifest("b", "file", longest);
    COMPARE(2);
    says("xxx: cannot be opened: No such file or directory\n");
    write_manifest("", NULL, "");
    ck_assert_int_eq(system("cp case/manifest.tsv kept; truncate -s 17M case/manifest.tsv"), 0);
    COMPARE(2);
    says("compare: case/manifest.tsv: has 17825792 bytes, at most 16777216 are expected\n");
    ck_assert_int_eq(system("mv kept case/manifest.tsv"), 0);
    ck_assert_int_eq(system("truncate -s 1G mine/a.npy"), 0);
    COMPARE(2);
    says("compare: mine/a.npy: has 1073741824 bytes, at most 1048896 are expected\n");
    remove("mine/a.npy");
    ck_assert_int_eq(system("truncate -s 1G mine/a.txt"), 0);
    COMPARE(2);
    says("compare: mine/a.txt: has 1073741824 bytes, at most 1049856 are expected\n");
    ck_assert_int_eq(run("compare", "$(printf 'q%.0s' $(seq 5000)) mine"), 2);
    says("compare: qqqqq");
    says("qqq...: the path is longer than 1023 bytes\n");
}
END_TEST

// Tables whose lines end as on Windows: a checkout that converts them.
START_TEST(ends_of_lines)
{
    make_case();
    give_right("a");
    COMPARE(0);
    char before[sizeof output];
    strcpy(before, output);
    ck_assert_int_eq(system("sed -i 's/$/\\r/' case/*.tsv"), 0);
    COMPARE(0);
    ck_assert_str_eq(output, before);
}
END_TEST

START_TEST(formats)
{
    make_case();
    write_about("3");
    ck_assert_int_eq(run("compare", "case"), 2);
    says("compare: case/case.tsv: is of format 3, this compare reads 2: use the one that came with "
         "the case\n");
    write_about(NULL);
    ck_assert_int_eq(run("compare", "case"), 2);
    says("compare: case/case.tsv: does not say its format, expected a row 'format' with 2\n");
}
END_TEST

START_TEST(bad_manifests)
{
    static const struct {
        const char *name, *column, *with, *says;
    } all[] = {
        {"b", "role", "mistake",
         ":5: the role 'mistake', expected input, step, output or gradient\n"},
        {"b", "name", "a", "case/manifest.tsv:5: a second tensor called a\n"},
        {"rate", "name", "x", "case/manifest.tsv:3: a second tensor called x\n"},
        {"b", "name", "../b", ":5: '../b' is no name of a file of this folder\n"},
        {"b", "file", "/etc/passwd", ":5: '/etc/passwd' is no name of a file of this folder\n"},
        {"b", "file", "..", ":5: '..' is no name of a file of this folder\n"},
        {"b", "file", "", ":5: '' is no name of a file of this folder\n"},
        {"b", "file", "case.tsv", "case/case.tsv: no .npy file"},
        {"b", "shape", "(4, 5)", "case/b.npy: shape (5, 4), the manifest says (4, 5)\n"},
        {"b", "shape", "(5, 5)", "case/b.npy: 20 values, expected 25 for (5, 5)\n"},
        {"b", "shape", "5, 4", ":5: '5, 4' is no shape of at most 268435456 values"},
        {"b", "shape", "(5, x)", ":5: '(5, x)' is no shape"},
        {"b", "shape", "(5, 4", ":5: '(5, 4' is no shape"},
        {"b", "shape", "(5, 4)x", ":5: '(5, 4)x' is no shape"},
        {"b", "shape", "(-5, -4)", ":5: '(-5, -4)' is no shape"},
        {"b", "shape", "(65536, 65536)", ":5: '(65536, 65536)' is no shape"},
        {"b", "shape", "(268435456)", "case/manifest.tsv: has more than 268435456 values\n"},
        {"b", "time", "2 forward",
         ":5: the time '2 forward' of step (5, 4), expected nothing or an axis like"},
        {"b", "time", "-1 forward", ":5: the time '-1 forward' of"},
        {"b", "time", "0", ":5: the time '0' of"},
        {"b", "time", " forward", ":5: the time ' forward' of"},
        {"b", "time", "0 sideways", ":5: the time '0 sideways' of"},
        {"x", "time", "0 forward", ":2: the time '0 forward' of input (5, 4)"},
        {"b", "tolerance", "-1", ":5: the tolerance -1, expected a number that is not negative\n"},
        {"b", "tolerance", "nan", ":5: the tolerance "},
        {"b", "tolerance", "inf", ":5: the tolerance inf"},
        {"b", "tolerance", "small", ":5: 'small' in column tolerance is no number\n"}};
    make_case();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        write_manifest(all[i].name, all[i].column, all[i].with);
        ck_assert_int_eq(run("compare", "case"), 2);
        says(all[i].says);
        ck_assert_ptr_eq(strchr(output, '\n'), output + strlen(output) - 1); // one line
    }
    // as many values as there may be
    write_text("case/manifest.tsv", "role\tname\tfile\tshape\tfrom\ttime\ttolerance\tabout\n"
                                    "step\tb\tb.npy\t(268435456)\t\t\t0\t\n");
    ck_assert_int_eq(run("compare", "case"), 2);
    says("compare: case/b.npy: 20 values, expected 268435456 for (268435456)\n");
    write_manifest("b", "shape", "(5, 4)");
    ck_assert_int_eq(run("compare", "case"), 0);
    write_manifest("b", "time", "1 forward");
    ck_assert_int_eq(run("compare", "case"), 0);
}
END_TEST

// Nothing of a case's or a reader's file moves the cursor.
START_TEST(escapes)
{
    make_case();
    write_manifest("dw", "name", "dw\x1b[2J");
    ck_assert_int_eq(run("compare", "case"), 0);
    says("dw\\x1b[2J");
    ck_assert_ptr_null(strchr(output, 27));
    test_write("mine/dw\x1b[2J.txt", "1", 1);
    COMPARE(2);
    ck_assert_ptr_null(strchr(output, 27));
    remove("mine/dw\x1b[2J.txt");
    double *mine = copy_of("dw");
    mine[0] += 1;
    npy_write("mine/dw\x1b[2J.npy", NPY_F8, 1, (int[]){H}, mine);
    write_mistake("m", H, mine);
    write_text("case/mistakes.tsv", KNOWN "m\to\x1b\tdw\x1b[2J\tOne\x1b.\ts\x1b\tl\x1b\tw\x1b\n");
    COMPARE(1);
    says("One\\x1b.");
    ck_assert_ptr_null(strchr(output, 27));
}
END_TEST

// A report that cannot be written is no agreement.
START_TEST(full_device)
{
    make_case();
    give_right("a");
    ck_assert_int_eq(run("compare", "case mine 2>&1 >/dev/full #"), 2);
    says("compare: the report cannot be written: ");
    ck_assert_int_eq(run("compare", "case mine >&-"), 2);
    ck_assert_int_eq(run("compare", "--help >/dev/full"), 2);
    ck_assert_int_eq(run("compare", "case >/dev/full"), 2);
    // Nobody reads: the pipe is closed before the first word.
    for (int i = 0; i < 2; i++) {
        char command[1024];
        snprintf(command, sizeof command,
                 "bash -c '{ sleep .2; %s/compare %s; } | true; exit ${PIPESTATUS[0]}' 2>/dev/null",
                 build, i ? "--help" : "case mine");
        ck_assert_int_eq(WEXITSTATUS(system(command)), 2);
    }
}
END_TEST

// ---- The maker of mistakes ----

#define MISTAKES "id\tkind\tcase\tfile\tdefinition\tline\twrong\tsentence\tsource\n"

// A line is changed where it stands in the definition that is named, and nowhere else.
START_TEST(varies)
{
    make_case();
    write_text("t.tsv",
               MISTAKES "doubled\tother\tcase\tm.c\ttwice\tb = c;\tb = 2 * c;\tYou doubled b.\t\n"
                        "first\tother\tcase\tm.c\tFIRST\tenum { FIRST, LAST };\tenum { LAST, FIRST "
                        "};\tThe order.\t\n"
                        "no-d\tother\tcase\tm.c\tonce\td = c;\td = 0;\tNo d.\t\n"
                        "table\tother\tcase\tm.c\ttable\t3,\t4,\tA table.\t\n"
                        "none\tother\tcase\tm.c\tnone\td = c;\td = 0;\tNo d.\t\n"
                        "again\tother\tcase\tm.c\tagain\td = c;\td = 0;\tNo d.\t\n"
                        "open\tother\tcase\tm.c\topen\td = c;\td = 0;\tNo d.\t\n"
                        "end\tother\tcase\tm.c\ttwice\t}\t\tNo end.\t\n");
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
    ck_assert_int_eq(run("mistakes", "vary t.tsv doubled v.c"), 0);
    test_holds("v.c", BEFORE "b = 2 * c;\n" BEHIND);
    ck_assert_int_eq(run("mistakes", "vary t.tsv first v.c"), 0);
    ck_assert_int_eq(system("grep -q '^enum { LAST, FIRST };$' v.c"), 0);
    ck_assert_int_eq(run("mistakes", "vary t.tsv table v.c"), 0);
    ck_assert_int_eq(system("grep -q '^    4,$' v.c"), 0);
    ck_assert_int_eq(run("mistakes", "vary t.tsv no-d v.c"), 2);
    says("mistakes: t.tsv:4: the line 'd = c;' stands 0 times in once of m.c, expected once\n");
    ck_assert_int_eq(run("mistakes", "vary t.tsv end v.c"), 2); // its end is none of its lines
    says("mistakes: t.tsv:9: the line '}' stands 0 times in twice of m.c, expected once\n");
    ck_assert_int_eq(run("mistakes", "vary t.tsv none v.c"), 2);
    says("mistakes: m.c: no definition of none\n");
    write_text("m.c", BEFORE "b = c;\n    b = c;\n" BEHIND);
    ck_assert_int_eq(run("mistakes", "vary t.tsv doubled v.c"), 2);
    says("mistakes: t.tsv:2: the line 'b = c;' stands 2 times in twice of m.c, expected once\n");
    write_text("m.c", "int again(void)\n{\n}\nint again(void)\n{\n}\n");
    ck_assert_int_eq(run("mistakes", "vary t.tsv again v.c"), 2);
    says("mistakes: m.c: again is defined twice\n");
    write_text("m.c", "open(void)\n{\n    d = c;\n");
    ck_assert_int_eq(run("mistakes", "vary t.tsv open v.c"), 2);
    says("mistakes: m.c: the definition of open has no end\n");
    ck_assert_int_eq(run("mistakes", "vary t.tsv eighth v.c"), 2);
    says("mistakes: t.tsv: has no mistake with the id eighth\n");
    static const char *const bad[] = {"",
                                      "vary t.tsv",
                                      "vary t.tsv x v.c more",
                                      "publish t.tsv v",
                                      "publish t.tsv v . more",
                                      "other t.tsv v ."};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_int_eq(run("mistakes", bad[i]), 2);
        says("usage: ");
    }
}
END_TEST

START_TEST(bad_tables)
{
    make_case();
    write_text("t.tsv", MISTAKES "a-1\tother\tcase\tm.c\tf\tl\tw\ts\t\n"
                                 "a-1\tother\tcase\tm.c\tf\tl\tw\ts\t\n");
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 2);
    says("mistakes: t.tsv:3: a second mistake with the id a-1\n");
    write_text("t.tsv", MISTAKES "A/1\tother\tcase\tm.c\tf\tl\tw\ts\t\n");
    ck_assert_int_eq(run("mistakes", "vary t.tsv A/1 v.c"), 2);
    says("mistakes: t.tsv:2: the id 'A/1', expected words of small letters and digits with "
         "dashes\n");
    write_text("t.tsv", MISTAKES "\tother\tcase\tm.c\tf\tl\tw\ts\t\n");
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 2);
    says("mistakes: t.tsv:2: the id '', expected words");
    char longest[256]; // 100 bytes, and one more
    snprintf(longest, sizeof longest, MISTAKES "%0100d\tother\tcase\tm.c\tf\tl\tw\ts\t\n", 1);
    write_text("t.tsv", longest);
    ck_assert_int_eq(run("mistakes", "vary t.tsv x v.c"), 2);
    says("mistakes: t.tsv: has no mistake with the id x\n");
    snprintf(longest, sizeof longest, MISTAKES "%0101d\tother\tcase\tm.c\tf\tl\tw\ts\t\n", 1);
    write_text("t.tsv", longest);
    ck_assert_int_eq(run("mistakes", "vary t.tsv x v.c"), 2);
    says(", expected words of small letters");
    write_text("t.tsv", MISTAKES "a\tmask s\tcase\tm.c\tf\tl\tw\ts\t\n");
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 2);
    says("mistakes: t.tsv:2: the kind 'mask s', expected one of convention missing-term ");
    write_text("t.tsv", MISTAKES "a\t\tcase\tm.c\tf\tl\tw\ts\t\n");
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 2);
}
END_TEST

// A variant's case: all of ours, but one tensor times a factor.
static void
make_variant(const char *id, const char *name, double factor)
{
    char path[128], command[256];
    snprintf(command, sizeof command, "mkdir -p v/%s/out && cp -r case v/%s/out/", id, id);
    ck_assert_int_eq(system(command), 0);
    double *values = copy_of(name);
    for (int i = 0; i < MOST; i++)
        values[i] *= factor;
    snprintf(path, sizeof path, "v/%s/out/case", id);
    write_row(path, find(name), values);
}

START_TEST(publishes)
{
    make_case();
    write_text("t.tsv", MISTAKES "twice-b\tscale\tcase\tm.c\tf\tb = c;\tb = 2 * c;\tTwice.\tp. 3\n"
                                 "no-a\tother\tcase\tm.c\tf\ta = c;\ta = 0;\tNone.\t\n");
    make_variant("twice-b", "b", 2);
    write_row("v/twice-b/out/case", find("x"), ours[0]);
    double *values = copy_of("h");
    values[0] += 3e-6; // more than the tolerance, and less than ten times it
    write_row("v/twice-b/out/case", find("h"), values);
    values = copy_of("dw");
    values[0] += 0.9e-6; // less than the tolerance
    write_row("v/twice-b/out/case", find("dw"), values);
    make_variant("no-a", "a", 0);
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 0);
    test_holds("case/mistakes.tsv", KNOWN "twice-b\tscale\tb h\tTwice.\tp. 3\tb = c;\tb = 2 * c;\n"
                                          "no-a\tother\ta\tNone.\t\ta = c;\ta = 0;\n");
    npy both = npy_read("case/mistakes/twice-b.npy");
    ck_assert_int_eq(both.rank, 1);
    ck_assert_int_eq(both.n[0], 2 * MOST);
    ck_assert_str_eq(both.type, "f8");
    for (int i = 0; i < MOST; i++)
        ck_assert_double_eq(both.values[i], 2 * ours[find("b")][i]);
    ck_assert_double_eq(both.values[MOST], ours[find("h")][0] + 3e-6);
    npy_free(&both);
    // Published once more, the case is the same.
    ck_assert_int_eq(system("cp -r case before && touch case/mistakes/old.npy"), 0);
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 0);
    ck_assert_int_eq(system("diff -r case before"), 0);
    give("a", (double[MOST]){0});
    COMPARE(1);
    says("None.");
    // A mistake that does not show, or too little, is refused; so is a variant without a tensor.
    make_variant("twice-b", "b", 1 + 7e-7);
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 2);
    says("mistakes: t.tsv:2: twice-b changes ./case by 10 tolerances at most, expected more than "
         "10: choose a case in which it shows\n");
    make_variant("twice-b", "b", 1 + 8e-7);
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 0);
    remove("v/twice-b/out/case/b.npy");
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 2);
    says("mistakes: t.tsv:2: twice-b does not compute b of case ./case\n");
}
END_TEST

// A tensor is changed by more than its tolerance, a mistake shows by more than ten; NaN of ours does not count, and NaN
// of the mistake is any change.
START_TEST(publishes_what_changes)
{
    make_case();
    write_text("t.tsv", MISTAKES "m\tscale\tcase\tm.c\tf\tl\tw\tS.\t\n");
    write_manifest("b", "tolerance", "0.25");
    for (int i = 0; i < MOST; i++)
        ours[find("b")][i] = i;
    write_row("case", find("b"), ours[find("b")]);
    const struct {
        double by;
        const char *tensors; // NULL: it does not show
    } all[] = {{0, NULL}, {0.25, NULL}, {2.5, NULL}, {2.625, "b"}, {NAN, "b"}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        make_variant("m", "a", 1);
        double *values = copy_of("b");
        values[3] += all[i].by;
        write_row("v/m/out/case", find("b"), values);
        ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), all[i].tensors ? 0 : 2);
        if (all[i].tensors)
            test_holds("case/mistakes.tsv", KNOWN "m\tscale\tb\tS.\t\tl\tw\n");
    }
    make_variant("m", "a", 1);
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 2);
    says("m changes ./case by 0 tolerances at most");
    // Beside one that shows: by one tolerance, by more, and what does not count.
    for (int more = 0; more < 2; more++) {
        make_variant("m", "a", 2);
        double *values = copy_of("b");
        values[3] += more ? 0.375 : 0.25;
        write_row("v/m/out/case", find("b"), values);
        values = copy_of("h");
        values[3] = NAN;
        write_row("case", find("h"), values);
        ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 0);
        test_holds("case/mistakes.tsv",
                   more ? KNOWN "m\tscale\ta b\tS.\t\tl\tw\n" : KNOWN "m\tscale\ta\tS.\t\tl\tw\n");
    }
}
END_TEST

// Every case gets the mistakes that are its own; what is no file of a mistake's values is left alone.
START_TEST(publishes_cases)
{
    make_case();
    ck_assert_int_eq(system("cp -r case other && mkdir -p case/mistakes/kept"), 0);
    write_text("t.tsv", MISTAKES "one\tscale\tcase\tm.c\tf\tl\tw\tOne.\t\n"
                                 "two\tscale\tother\tm.c\tf\tl\tw\tTwo.\t\n"
                                 "three\tscale\tcase\tm.c\tf\tl\tw\tThree.\t\n");
    make_variant("one", "a", 2);
    make_variant("two", "b", 3);
    make_variant("three", "h", 4);
    ck_assert_int_eq(system("mv v/two/out/case v/two/out/other"), 0);
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 0);
    test_holds("case/mistakes.tsv", KNOWN "one\tscale\ta\tOne.\t\tl\tw\n"
                                          "three\tscale\th\tThree.\t\tl\tw\n");
    test_holds("other/mistakes.tsv", KNOWN "two\tscale\tb\tTwo.\t\tl\tw\n");
    ck_assert_int_eq(system("ls other/mistakes | tr '\\n' ' ' | grep -qx 'two.npy '"), 0);
    ck_assert_int_eq(access("case/mistakes/kept", F_OK), 0);
}
END_TEST

// Where all is float32, so are the mistake's values; what must be exact is changed by anything.
START_TEST(publishes_float32)
{
    make_case();
    float narrow[MOST];
    write_text("t.tsv", MISTAKES "twice-b\tscale\tcase\tm.c\tf\tb = c;\tb = 2 * c;\tTwice.\t\n");
    for (int i = 0; i < MOST; i++)
        narrow[i] = (float)ours[find("b")][i];
    npy_write("case/b.npy", NPY_F4, 2, (int[]){T, H}, narrow);
    write_manifest("b", "tolerance", "0");
    make_variant("twice-b", "a", 1);
    narrow[0] = nextafterf(narrow[0], 100);
    npy_write("v/twice-b/out/case/b.npy", NPY_F4, 2, (int[]){T, H}, narrow);
    ck_assert_int_eq(run("mistakes", "publish t.tsv v ."), 0);
    npy b = npy_read("case/mistakes/twice-b.npy");
    ck_assert_str_eq(b.type, "f4");
    ck_assert_double_eq(b.values[0], narrow[0]);
    npy_free(&b);
}
END_TEST

TEST_MAIN("compare", lists, products_of_many, anywhere, nothing_in_it, accepts, before_a_function,
          tolerances, everything, single, cause, consequence, two_causes, backward_in_time,
          many_names, no_inputs, not_all_given, forms_of_from, without_time, looks_like, factors,
          blocks, products, regions, changes, updates, updates_of_states, updates_of_means,
          recurrences, long_recurrences, names_the_mistake, mistakes_of_what_counts,
          told_apart_by_one_number, names_three, limits_of_mistakes, names_but_for_the_gradients,
          large_mistake, unusable, ends_of_lines, formats, bad_manifests, escapes, full_device,
          varies, bad_tables, publishes, publishes_what_changes, publishes_cases, publishes_float32)
