// The frame: options, output, claims, cases, trainings side by side, as a program of the book uses it.
#include "files/file.h"
#include "files/npy.h"
#include "frame/case.h"
#include "frame/case_tensor.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/stack.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "test.h"

#include <math.h>
#include <omp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *own_value;
static const char *own_flag;
static const program_option own[] = {{"--own", "WHAT", "an option of the chapter's", &own_value},
                                     {"--flag", "", "one without a value", &own_flag},
                                     {0}};

static void
begin(int argc, char **argv)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout)); // the claims that it prints
    program_begin("trial", own, argc, argv);
}
#define BEGIN(...)                                                   \
    begin(sizeof((char *[]){"trial", __VA_ARGS__}) / sizeof(char *), \
          (char *[]){"trial", __VA_ARGS__, NULL})

START_TEST(options)
{
    test_folder();
    BEGIN("--quick", "--own", "x", "--threads", "2");
    ck_assert_str_eq(own_value, "x");
    ck_assert_ptr_null(own_flag);
    BEGIN("--flag", "--quick");
    ck_assert_str_eq(own_flag, "--flag");
    ck_assert_int_eq(program_steps(5, 3), 3);
    ck_assert_int_eq(program_steps(100, 3), 3);
    BEGIN("--flag");
    ck_assert_int_eq(program_steps(5, 3), 5);
    ck_assert_str_eq(program_path("a.tsv"), "build/trial/out/a.tsv");
    program_own_data("text");
    ck_assert_str_eq(program_path("a.tsv"), "build/trial/text/a.tsv");
    BEGIN("--out", "here");
    program_own_data("text"); // a folder that was asked for stays
    ck_assert_str_eq(program_path("deep/a.tsv"), "here/deep/a.tsv");
    struct stat about;
    ck_assert_int_eq(stat("here/deep", &about), 0);
}
END_TEST

// An option that is given and not used is refused, whatever stands around it.
START_TEST(unused)
{
    test_folder();
    BEGIN("--seed", "0", "--quick", "--own", "x");
    program_refuse("it", "");
    program_refuse("it", "--see --threads --quickly --out");
    REFUSED((program_refuse("it", "--seed"), 0),
            "--seed is for the chapter's own run: it has no use for it");
    REFUSED((program_refuse("the scoring", "--only  --quick"), 0),
            "--quick is for the chapter's own run: the scoring has no use for it");
    program_own_data("text");
    BEGIN("--cases");
    REFUSED((program_own_data("text"), 0),
            "--cases is for the chapter's own run: a run on your own data has no use for it");
    BEGIN("--only", "one");
    REFUSED((program_own_data("text"), 0),
            "--only is for the chapter's own run: a run on your own data has no use for it");
    REFUSED((BEGIN("--cases", "--only", "one"), 0),
            "--cases and --only: the cases belong to no figure; expected one of the two");
    REFUSED((BEGIN("--seed", "3", "--cases"), 0),
            "--cases --seed 3: the cases are the same under every seed");
}
END_TEST

// The default is all processors, for what is not run by the frame, too.
START_TEST(thread_number)
{
    BEGIN("--quick");
    ck_assert_int_eq(program_threads(), omp_get_num_procs());
    BEGIN("--threads", "3");
    ck_assert_int_eq(program_threads(), 3);
    ck_assert_int_eq(omp_get_max_threads(), 3);
}
END_TEST

// A path lasts while another thread makes its own.
START_TEST(numbers_of_options)
{
    ck_assert_double_eq(program_number("--rate", NULL, 0, 1, 0.25), 0.25);
    ck_assert_double_eq(program_number("--rate", "1e-3", 0, 1, 0.25), 1e-3);
    ck_assert_double_eq(program_number("--rate", "1", 0, 1, 0.25), 1);
    ck_assert_int_eq(program_whole("--steps", NULL, 2, 9, 5), 5);
    ck_assert_int_eq(program_whole("--steps", "2", 2, 9, 5), 2);
    ck_assert_int_eq(program_whole("--steps", "9", 2, 9, 5), 9);
    const char *const none[] = {"", "x", "0.5x", "1.5", "-0.5", "nan", "inf"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char expected[128];
        snprintf(expected, sizeof expected, "--rate %s: expected a number from 0 to 1", none[i]);
        REFUSED(program_number("--rate", none[i], 0, 1, 0.25), expected);
        snprintf(expected, sizeof expected, "--steps %s: expected a whole number from 2 to 9",
                 none[i]);
        REFUSED(program_whole("--steps", none[i], 2, 9, 5), expected);
    }
    REFUSED(program_whole("--steps", "2.5", 2, 9, 5),
            "--steps 2.5: expected a whole number from 2 to 9");
    REFUSED(program_whole("--steps", "1", 2, 9, 5),
            "--steps 1: expected a whole number from 2 to 9");
    REFUSED(program_whole("--steps", "10", 2, 9, 5),
            "--steps 10: expected a whole number from 2 to 9");
    REFUSED(program_whole("--steps", "99999999999999999999", 2, 9, 5),
            "--steps 99999999999999999999: expected a whole number from 2 to 9");
    REFUSED(program_number("--rate", "\x1b[2J", 0, 1, 0),
            "--rate \\x1b[2J: expected a number from 0 to 1");
}
END_TEST

START_TEST(paths_of_threads)
{
    const char *path[2];
    test_folder();
    BEGIN("--out", "out");
#pragma omp parallel for num_threads(2) schedule(static, 1)
    for (int i = 0; i < 2; i++)
        path[i] = program_path(i ? "one" : "zero");
    ck_assert_ptr_ne(path[0], path[1]);
}
END_TEST

// Paths of up to 1023 bytes.
START_TEST(long_paths)
{
    char at[1024], expected[160];
    memset(at, 'x', sizeof at);
    for (int i = 100; i < 1018; i += 100)
        at[i] = '/';
    at[1019] = 0; // behind "out/"
    test_folder();
    BEGIN("--out", "out");
    ck_assert_uint_eq(strlen(program_path(at)), 1023);
    at[1019] = 'x';
    at[1020] = 0;
    snprintf(expected, sizeof expected, "out/%.56s...: the path is longer than 1023 bytes", at);
    REFUSED(program_path(at), expected);
}
END_TEST

START_TEST(bad_options)
{
    REFUSED((BEGIN("--bogus"), 0), "unknown option --bogus; --help lists what there is");
    REFUSED((BEGIN("bogus"), 0), "unknown option bogus; --help lists what there is");
    REFUSED((BEGIN("--own"), 0), "--own needs a value: --own WHAT");
    REFUSED((BEGIN("--own", "--quick"), 0), "--own needs a value: --own WHAT");
    REFUSED((BEGIN("--out"), 0), "--out needs a folder, its path shorter than 512 bytes");
    REFUSED((BEGIN("--threads", ""), 0), "--threads : expected a whole number from 1 to 1024");
    REFUSED((BEGIN("--seed", ""), 0), "--seed : expected a whole number from 0 to 1000");
    REFUSED((BEGIN("--threads", "2x"), 0), "--threads 2x: expected a whole number from 1 to 1024");
    REFUSED((BEGIN("--threads", "0"), 0), "--threads 0: expected a whole number from 1 to 1024");
    REFUSED((BEGIN("--threads", "1025"), 0),
            "--threads 1025: expected a whole number from 1 to 1024");
    BEGIN("--threads", "1024");
    char long_path[514];
    memset(long_path, 'x', sizeof long_path);
    long_path[512] = 0;
    REFUSED((BEGIN("--out", long_path), 0),
            "--out needs a folder, its path shorter than 512 bytes");
    long_path[511] = 0;
    BEGIN("--out", long_path);
    REFUSED((BEGIN("--threads"), 0),
            "--threads without a value: expected a whole number from 1 to 1024");
}
END_TEST

// The kind is the author's, the measurement the program's; only a contradiction fails.
START_TEST(claims)
{
    test_folder();
    BEGIN("--out", "here");
    claim_near("near", "s", 1, 1.05, 0.1, "x", REPRODUCED);
    claim_below("below", "s", 1, 0.5, "x", IN_PART);
    claim_above("more", "s", 1, 2, "x", FOUND);
    claim_above("above", "s", 1, 0.5, "x", NOT_AT_THIS_SCALE);
    claim_near("exact", "s", 1, 1, 0, "x", CHECK);
    claim_changed("below", "bound was 0.4");
    REFUSED((claim_changed("belo", "its bound"), 0),
            "claim_changed: no claim belo, of which \"its bound\" is said");
    ck_assert_int_eq(program_end(claims_report()), 0);
    test_holds(
        "here/claims.tsv",
        "id\tstatement\trelation\texpected\tmeasured\ttolerance\tsource\tkind\tchanged\toutcome\n"
        "near\ts\t=\t1\t1.05\t0.10000000000000001\tx\treproduced\t\tas stated\n"
        "below\ts\t<\t1\t0.5\t0\tx\tin part\tbound was 0.4\tas stated\n"
        "more\ts\t>\t1\t2\t0\tx\tfound\t\tas stated\n"
        "above\ts\t>\t1\t0.5\t0\tx\tnot at this scale\t\tdoes not hold\n"
        "exact\ts\t=\t1\t1\t0\tx\tcheck\t\tas stated\n");
}
END_TEST

// Any number of claims; the bound of "near" belongs to it.
START_TEST(many_claims)
{
    test_folder();
    BEGIN("--out", "here");
    char id[200][16];
    for (int i = 0; i < 200; i++) {
        snprintf(id[i], sizeof id[i], "a%d", i);
        claim_near(id[i], "s", 1, 1.25, 0.25, "x", REPRODUCED);
    }
    REFUSED((claim_below("a7", "other", 1, 0, "x", REPRODUCED), 0),
            "claim a7 stands twice: \"s\" and \"other\"");
    REFUSED((claim_below("a0", "other", 1, 0, "x", REPRODUCED), 0),
            "claim a0 stands twice: \"s\" and \"other\"");
    ck_assert_int_eq(program_end(claims_report()), 0);
    size_t size;
    char *text = file_read("here/claims.tsv", &size);
    int rows = 0;
    for (size_t i = 0; i < size; i++)
        rows += text[i] == '\n';
    ck_assert_int_eq(rows, 201);
    free(text);
    // The next program of this process has none, and no table of them, the one after that its own.
    BEGIN("--out", "none");
    ck_assert(!claims_report());
    ck_assert_int_ne(access("none/claims.tsv", F_OK), 0);
    claim_near("a7", "s", 1, 2, 0, "x", REPRODUCED);
    ck_assert(claims_report());
}
END_TEST

START_TEST(contradicted)
{
    test_folder();
    BEGIN("--out", "here");
    switch (_i) {
    case 0: claim_near("a", "s", 1, 1.2, 0.1, "x", REPRODUCED); break;
    case 1: claim_below("a", "s", 1, 1, "x", REPRODUCED); break;
    case 2: claim_above("a", "s", 1, 1, "x", IN_PART); break;
    case 3: claim_below("a", "s", 1, 0.5, "x", NOT_AT_THIS_SCALE); break;
    case 4: claim_near("a", "s", 1, NAN, 0.1, "x", REPRODUCED); break;
    }
    ck_assert_int_eq(program_end(claims_report()), 1);
}
END_TEST

START_TEST(skipped)
{
    test_folder();
    BEGIN("--out", "here", "--quick");
    claim_near("a", "s", 1, unless_quick(7), 0.1, "x", REPRODUCED);
    ck_assert_int_eq(program_end(claims_report()), 0);
    BEGIN("--out", "here");
    ck_assert_double_eq(unless_quick(7), 7);
}
END_TEST

#define MANIFEST "role\tname\tfile\tshape\tfrom\ttime\ttolerance\tabout\n"

START_TEST(cases)
{
    test_folder();
    BEGIN("--out", "here");
    case_begin("one", "What it computes.");
    case_convention("the first");
    case_convention("the second");
    case_input_f4("x", SHAPE(2), (float[]){1, -2}, "what is read");
    case_input_f8("v", SHAPE(2), (double[]){1, -2}, "what is read");
    case_input_i4("ids", SHAPE(2), (int[]){3, 4}, "some ids");
    case_scalar("heads", 3, "a number");
    case_number("eps", 1e-5, "another");
    case_time(1, CASE_FORWARD);
    case_write_f4("step", "a", "a[t-1] x", SHAPE(1, 2), (float[]){1, 100}, 1e-5, "forward");
    case_write_i4("step", "n", "a b[t-1]", SHAPE(1, 2), (int[]){7, 8}, "integers");
    case_write_f8("step", "b", "n a[:]", SHAPE(2, 2), (double[]){0, 3, NAN, -INFINITY}, 1e-12,
                  "some do not count");
    case_time(0, CASE_BACKWARD);
    case_write_f4("gradient", "da", "* dh[t+1]", SHAPE(2), (float[]){0, 0}, 1e-5, "backward");
    case_write_f4("gradient", "dh", "da", SHAPE(2), (float[]){1.5f, 0}, 0, "backward");
    case_time_none();
    case_write_f8("output", "y", "", SHAPE(1, 1), (double[]){3}, 0, "what comes out");
    ck_assert_int_ne(access("here/one/manifest.tsv", F_OK), 0);
    case_end();
    test_holds("here/one/case.tsv", "key\tvalue\nformat\t2\ncase\tone\nabout\tWhat it computes.\n"
                                    "convention\tthe first\nconvention\tthe second\n");
    test_holds("here/one/manifest.tsv",
               MANIFEST "input\tx\tx.npy\t(2)\t\t\t2e-06\twhat is read\n"
                        "input\tv\tv.npy\t(2)\t\t\t2e-06\twhat is read\n"
                        "input\tids\tids.npy\t(2)\t\t\t0\tsome ids\n"
                        "input\theads\theads.npy\t()\t\t\t0\ta number\n"
                        "input\teps\teps.npy\t()\t\t\t1e-11\tanother\n"
                        "step\ta\ta.npy\t(1, 2)\ta[t-1] x\t1 forward\t0.001\tforward\n"
                        "step\tn\tn.npy\t(1, 2)\ta b[t-1]\t1 forward\t0\tintegers\n"
                        "step\tb\tb.npy\t(2, 2)\tn a[:]\t1 forward\t3e-12\tsome do not count\n"
                        "gradient\tda\tda.npy\t(2)\t* dh[t+1]\t0 backward\t0\tbackward\n"
                        "gradient\tdh\tdh.npy\t(2)\tda\t0 backward\t4.768e-07\tbackward\n"
                        "output\ty\ty.npy\t(1, 1)\t\t\t1.776e-15\twhat comes out\n");
    npy heads = npy_read("here/one/heads.npy"), eps = npy_read("here/one/eps.npy");
    ck_assert_str_eq(heads.type, "i4");
    ck_assert_double_eq(heads.values[0], 3);
    ck_assert_str_eq(eps.type, "f8");
    ck_assert_double_eq(eps.values[0], 1e-5);
    npy_free(&heads);
    npy_free(&eps);
}
END_TEST

// A case with x, a forward and da backward of three steps, and one more row.
static void
one_more(const char *name, const char *from, int steps, int direction)
{
    static const float values[9] = {1, 2, 3, 4};
    case_begin("one", "One.");
    case_input_f4("x", SHAPE(3), values, "");
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "a", "", SHAPE(3), values, 1e-6, "");
    case_time(0, CASE_BACKWARD);
    case_write_f4("step", "da", "", SHAPE(3), values, 1e-6, "");
    if (direction)
        case_time(0, direction > 0 ? CASE_FORWARD : CASE_BACKWARD);
    else
        case_time_none();
    case_write_f4("step", name, from, SHAPE(steps), values, 1e-6, "");
    case_time(0, CASE_FORWARD);
    case_write_f4("step", "last", "", SHAPE(3), values, 1e-6, "");
    case_end();
}

// What a tensor is computed from must exist and be computed before.
START_TEST(what_cases_are_computed_from)
{
    test_folder();
    BEGIN("--out", "here");
    static const struct {
        const char *from;
        int direction;
    } good[] = {{"", 0},        {"x a da", 0},    {"*", 0},           {"x a[t-1] da[t+1]", 1},
                {"a[t+1]", 1},  {"last[t-1]", 1}, {"last[:t]", 1},    {"y[t-1]", 1},
                {"y[t+1]", -1}, {"y[t+1:]", -1},  {"a[t-2:t+1]", -1}, {"x[t]", 0}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        one_more("y", good[i].from, 3, good[i].direction);
    one_more("y", "a", 2, 0);
    one_more("y", "a[:] da[:]", 2, 1);
    char longest[64], file[80];
    memset(longest, 'n', 63);
    longest[63] = 0;
    one_more(longest, "a", 3, 1);
    snprintf(file, sizeof file, "here/one/%s.npy", longest);
    ck_assert_int_eq(access(file, R_OK), 0);
    case_begin("one", "One.");
    case_time(1, CASE_FORWARD);
    REFUSED(case_write_f4("step", "y", "", SHAPE(3), (float[3]){0}, 0, ""),
            "case one: y (3) has no axis 1, which is to be time");
    case_time(-1, CASE_FORWARD);
    REFUSED(case_write_f4("step", "z", "", SHAPE(3), (float[3]){0}, 0, ""),
            "case one: z (3) has no axis -1, which is to be time");
}
END_TEST

static void
train(int i, void *context)
{
    ck_assert_int_eq(param_count(), 0); // nothing of another run
    tensor *w = param("w", SHAPE(3));
    w->data[0] = (float)i;
    backward(t_sum(t_mul(w, w)));
    ((float *)context)[i] = w->grad[0];
}

static int ran;
static void
first(void)
{
    ck_assert_int_eq(ran++, 0);
}
static void
second(void)
{
    float out[20];
    training_side_by_side(20, train, out);
    for (int i = 0; i < 20; i++)
        ck_assert_float_eq(out[i], 2.0f * (float)i);
    ck_assert_int_eq(ran++, 1);
}
static void
third(void)
{
    progress_expect(10);
    progress_advance(10);
    ck_assert_int_eq(ran++, 2);
}

START_TEST(runs)
{
    test_folder();
    BEGIN("--out", "here", "--threads", "3");
    program_run(first, (const program_figure[]){{"second", second, 1}, {"third", third, 1}, {0}});
    ck_assert_int_eq(ran, 3);
    ran = 0;
    BEGIN("--out", "here", "--cases");
    program_run(first, (const program_figure[]){{"second", second, 1}, {0}});
    ck_assert_int_eq(ran, 1);
    test_holds("here/run.tsv", "key\tvalue\nprogram\ttrial\nrun\tcases\nfigures\tall\nseed\t0\n");
}
END_TEST

static float drawn[3];
static void
draw_case(void)
{
    rng r = rng_at(5, 0);
    drawn[0] = rng_uniform(&r);
}
static void
draw_one(void)
{
    rng r = rng_at(5, 0);
    drawn[1] = rng_uniform(&r);
}
static void
draw_two(void)
{
    rng r = rng_at(5, 0);
    drawn[2] = rng_uniform(&r);
}

// --only computes one figure and no case; --seed moves the figures and never the cases.
START_TEST(parts)
{
    const program_figure contents[] = {{"one", draw_one, 1}, {"two", draw_two, 1}, {0}};
    rng published = rng_at(5, 0), moved = rng_at(2005, 0);
    float as_published = rng_uniform(&published), as_moved = rng_uniform(&moved);
    test_folder();
    BEGIN("--only", "two");
    ck_assert_str_eq(program_path("a"), "build/trial/only/a");
    program_run(draw_case, contents);
    ck_assert(drawn[0] == 0 && drawn[1] == 0 && drawn[2] == as_published);
    test_holds("build/trial/only/run.tsv",
               "key\tvalue\nprogram\ttrial\nrun\twhole\nfigures\ttwo\nseed\t0\n");
    BEGIN("--seed", "2");
    ck_assert_str_eq(program_path("a"), "build/trial/seed-2/a");
    program_run(draw_case, contents);
    ck_assert_float_eq(drawn[0], as_published);
    ck_assert_float_eq(drawn[1], as_moved);
    rng_shift_seeds(0);
    BEGIN("--seed", "2", "--out", "here");
    program_own_data("text");
    program_run(NULL, contents);
    test_holds("here/run.tsv",
               "key\tvalue\nprogram\ttrial\nrun\twhole\nfigures\town data\nseed\t2\n");
    rng_shift_seeds(0);
    BEGIN("--seed", "2", "--quick", "--out", "here");
    ck_assert_str_eq(program_path("a"), "here/a");
    program_run(draw_case, contents);
    test_holds("here/run.tsv", "key\tvalue\nprogram\ttrial\nrun\tquick\nfigures\tall\nseed\t2\n");
    rng_shift_seeds(0);
    BEGIN("--only", "three");
    REFUSED((program_run(draw_case, contents), 0),
            "--only three: no figure has this name; there are one, two");
    // As many names as there is room for.
    char name[] = "a figure whose name is as long as this one's is";
    program_figure many[41] = {{0}};
    for (int i = 0; i < 40; i++)
        many[i] = (program_figure){name, draw_one, 1};
    fail_handler = test_caught;
    if (!setjmp(test_refusal))
        program_run(NULL, many);
    fail_handler = NULL;
    ck_assert_ptr_eq(strstr(test_message, "--only three: no figure has"), test_message);
    REFUSED((BEGIN("--only"), 0), "--only needs the name of a figure");
    REFUSED((BEGIN("--seed", "-1"), 0), "--seed -1: expected a whole number from 0 to 1000");
    REFUSED((BEGIN("--seed", "1001"), 0), "--seed 1001: expected a whole number from 0 to 1000");
    REFUSED((BEGIN("--seed", "x"), 0), "--seed x: expected a whole number from 0 to 1000");
    BEGIN("--cases", "--quick");
    ck_assert_str_eq(program_path("a"), "build/trial/cases/a");
    BEGIN("--quick");
    ck_assert_str_eq(program_path("a"), "build/trial/quick/a");
}
END_TEST

// A training, and what its figure adds to it.
typedef struct {
    training t;
    float scale;
} scaled;

static void
count_up(int i, void *all)
{
    scaled *run = (scaled *)all + i;
    ck_assert_int_eq(param_count(), 0);
    param("w", SHAPE(1));
    for (int s = 0; s < run->t.steps; s++) {
        run->t.loss[s] = run->scale * (float)(s + 1);
        if (run->t.every && (s + 1) % run->t.every == 0)
            run->t.test[s / run->t.every] = run->scale * (float)s;
    }
}

START_TEST(trainings)
{
    test_folder();
    scaled all[] = {{{.name = "first", .steps = 4, .every = 2}, 1},
                    {{.name = "second", .steps = 2, .every = 1}, 1.0f / 3}};
    BEGIN("--out", "here", "--threads", "2");
    training_run(2, all, sizeof *all, count_up);
    training_write_losses("losses", 2, 2, all, sizeof *all);
    // Nine digits say which float it is.
    test_holds("here/losses.tsv", "step\tfirst\tsecond\n2\t1.5\t0.5\n4\t3.5\tnan\n");
    training_write_losses("each", 1, 1, all + 1, sizeof *all);
    test_holds("here/each.tsv", "step\tsecond\n1\t0.333333343\n2\t0.666666687\n");
    training_write_tests("losses", 2, all, sizeof *all);
    test_holds("here/losses-tests.tsv", "step\tfirst\tsecond\n2\t1\t0\n4\t3\t0.333333343\n");
    ck_assert_double_eq(training_last_test(&all[0].t), 3);
    // No tests; no steps; a name as long as can be.
    scaled more[] = {{{.name = "1234567890123456789012345678901", .steps = 1}, 1},
                     {{.name = "1234567890123456789012345678901"}, 1}};
    training_run(2, more, sizeof *more, count_up);
    ck_assert_ptr_null(more[0].t.test);
    training_write_losses("long", 1, 2, more, sizeof *more);
    test_holds("here/long.tsv", "step\t1234567890123456789012345678901\t"
                                "1234567890123456789012345678901\n1\t1\tnan\n");
    training_write_losses("none", 1, 1, more + 1, sizeof *more);
    test_holds("here/none.tsv", "step\t1234567890123456789012345678901\n");
    training_free(2, more, sizeof *more);
    REFUSED((training_write_losses("losses", 3, 2, all, sizeof *all), 0),
            "losses: 4 steps of first are not a whole number of blocks of 3");
    training_free(2, all, sizeof *all);
}
END_TEST

// What this thread has would be freed by the runs.
START_TEST(tensors_alive)
{
    BEGIN("--threads", "2");
    const char *message = "training_side_by_side: this thread has tensors of its own, which its "
                          "runs would free";
    float out[1];
    param("w", SHAPE(1));
    REFUSED((training_side_by_side(1, train, out), 0), message);
    tensors_free();
    constant("x", SHAPE(1), NULL);
    REFUSED((training_side_by_side(1, train, out), 0), message);
    tensors_free();
    training_side_by_side(1, train, out);
}
END_TEST

// Spread over the threads; one run alone may use them itself.
static void
look_around(int i, void *context)
{
    int *threads = context;
    threads[i] = omp_get_num_threads();
}

START_TEST(spread_over_threads)
{
    int threads[5];
    BEGIN("--threads", "3");
    parallel_runs(5, look_around, threads);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(threads[i], 3);
    training_side_by_side(5, look_around, threads);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(threads[i], 3);
    training_side_by_side(1, look_around, threads);
    ck_assert_int_eq(threads[0], 1);
}
END_TEST

static void
square(int i, void *context)
{
    ((int *)context)[i] = i * i;
}

START_TEST(plain_runs)
{
    int out[50];
    BEGIN("--threads", "3");
    parallel_runs(50, square, out);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(out[i], i * i);
}
END_TEST

// Steps on (3 w)^2 from w = 1: Adam's first is the rate; the third one's gradient is clipped to 0.5.
START_TEST(learning)
{
    tensor *w = param("w", SHAPE(1));
    w->data[0] = 1;
    adamw adam = adamw_new(0.9f, 0.999f, 0, 0);
    for (int i = 0; i < 3; i++) {
        tensor *x = t_scale(w, 3);
        float before = w->data[0],
              loss = training_step(t_sum(t_mul(x, x)), &adam, 0.25f, i == 2 ? 0.5 : 0);
        ck_assert_float_eq(loss, 9 * before * before);
        ck_assert_float_eq_tol(w->grad[0], i == 2 ? 0.5f : 18 * before, 1e-5f);
        ck_assert_uint_eq(tape_used(), 0);
        if (i == 0)
            ck_assert_float_eq_tol(w->data[0], 0.75f, 1e-6f);
    }
}
END_TEST

#define LATER "which is computed later: expected one that stands above it, or an earlier step"
static const struct {
    const char *name, *from;
    int steps, direction;
    const char *says;
} refused_cases[] = {
    {"y", "a q", 3, 0,
     "case one: y is computed from 'q', expected the name of a tensor of this case"},
    {"y", "last", 3, 1, "case one: y is computed from 'last', " LATER},
    {"y", "y", 3, 1, "case one: y is computed from 'y', " LATER},
    {"y", "y[t]", 3, 1, "case one: y is computed from 'y[t]', " LATER},
    {"y", "last[t+1]", 3, 1, "case one: y is computed from 'last[t+1]', " LATER},
    {"y", "y[t-1]", 3, -1, "case one: y is computed from 'y[t-1]', " LATER},
    {"y", "last[t+1]", 3, -1, "case one: y is computed from 'last[t+1]', " LATER},
    {"y", "last[t-1]", 3, -1, "case one: y is computed from 'last[t-1]', " LATER},
    {"y", "last[:t+1]", 3, 1, "case one: y is computed from 'last[:t+1]', " LATER},
    {"y", "last[t:]", 3, 1, "case one: y is computed from 'last[t:]', " LATER},
    {"y", "a[t-1]", 3, 0,
     "case one: y is computed from 'a[t-1]', but one of the "
     "two has no time: leave the brackets out"},
    {"y", "a", 2, 1, "case one: y has 2 steps, a that it is computed from 3: write a[:]"},
    {"y", "a[t", 3, 1,
     "case one: y is computed from 'a[t', expected names like x, "
     "x[t-1], x[:t], x[:] or *"},
    {"y", "a[t:x", 3, 1,
     "case one: y is computed from 'a[t:x', expected names like x, "
     "x[t-1], x[:t], x[:] or *"},
    {"a", "", 3, 1, "case one: has two tensors called a"},
    {"a b", "", 3, 1,
     "case one: 'a b' is no name for a tensor: expected up to 63 characters without blanks, "
     "[, ], :, *, / or .."},
    {"", "", 3, 1,
     "case one: '' is no name for a tensor: expected up to 63 characters without blanks, "
     "[, ], :, *, / or .."}};
enum { REFUSED_CASES = sizeof refused_cases / sizeof *refused_cases };

START_TEST(refused_case)
{
    test_folder();
    BEGIN("--out", "here");
    REFUSED(one_more(refused_cases[_i].name, refused_cases[_i].from, refused_cases[_i].steps,
                     refused_cases[_i].direction),
            refused_cases[_i].says);
}
END_TEST

// Inputs are drawn and published, gradients take the names of their parameters.
START_TEST(case_helpers)
{
    test_folder();
    rng r = rng_at(1, 0), again = rng_at(1, 0);
    BEGIN("--out", "here");
    case_begin("one", "One.");
    const tensor *x = case_constant("x", SHAPE(2), &r, 2, "read");
    const char *const names[] = {"w", "u", "v"};
    for (int i = 0; i < 3; i++) {
        tensor *p = case_param(names[i], SHAPE(1), &r, 1, "learnt");
        p->data[0] = 1;
        p->grad[0] = (float)(5 + i);
    }
    case_time(0, CASE_FORWARD);
    case_write("step", "a", "x", x, 0, "a tensor");
    case_gradients(1e-5, (const case_gradient[]){{"v", "x", "0"}, {"w", "a dv", NULL}, {0}});
    case_write("step", "b", "x", x, 0, "no time");
    case_end();
    for (int i = 0; i < 2; i++)
        ck_assert_float_eq(x->data[i], (float)(2 * rng_normal(&again)));
    char bytes[2048] = "";
    FILE *manifest = fopen("here/one/manifest.tsv", "rb");
    bytes[fread(bytes, 1, sizeof bytes - 1, manifest)] = 0;
    fclose(manifest);
    ck_assert_ptr_nonnull(strstr(bytes, "input\tw\tw.npy\t(1)\t\t\t"));
    ck_assert_ptr_nonnull(strstr(bytes, "step\ta\ta.npy\t(2)\tx\t0 forward\t"));
    ck_assert_ptr_nonnull(strstr(bytes,
                                 "gradient\tdv\tdv.npy\t(1)\tx\t0 backward\t7e-05\tdloss/dv\n"
                                 "gradient\tdw\tdw.npy\t(1)\ta dv\t\t5e-05\tdloss/dw\n"
                                 "gradient\tdu\tdu.npy\t(1)\t*\t\t6e-05\tdloss/du\n"
                                 "step\tb\tb.npy\t(2)\tx\t\t"));
    npy dw = npy_read("here/one/dw.npy");
    ck_assert_double_eq(dw.values[0], 5);
    npy_free(&dw);
    case_begin("two", "Two.");
    case_gradients(1e-5, NULL);
    REFUSED(case_gradients(1e-5, (const case_gradient[]){{"q", "*", NULL}, {0}}),
            "case_gradients: there is no parameter q");
}
END_TEST

// The end of a case: out with its time, the loss, the gradients.
START_TEST(case_ends)
{
    test_folder();
    rng r = rng_at(1, 0);
    BEGIN("--out", "here");
    case_begin("one", "One.");
    tensor *w = case_param("w", SHAPE(2), &r, 1, "learnt");
    tensor *weight = case_loss_weight(w, &r);
    w->data[0] = 1;
    w->data[1] = 2;
    weight->data[0] = 3;
    weight->data[1] = 4;
    case_time(0, CASE_FORWARD);
    case_finish("out", "w", t_mul(w, w), weight, 1e-6, "what comes out",
                (const case_gradient[]){{"w", "out", NULL}, {0}});
    ck_assert_int_eq(param_count(), 0);
    char bytes[2048] = "";
    FILE *manifest = fopen("here/one/manifest.tsv", "rb");
    bytes[fread(bytes, 1, sizeof bytes - 1, manifest)] = 0;
    fclose(manifest);
    ck_assert_ptr_nonnull(strstr(bytes,
                                 "\tthe loss is sum(out loss_weight)\n"
                                 "output\tout\tout.npy\t(2)\tw\t0 forward\t4e-06\twhat comes "
                                 "out\n"
                                 "output\tloss\tloss.npy\t()\tout\t\t1.9e-05\tsum of out "
                                 "loss_weight\n"
                                 "gradient\tdw\tdw.npy\t(2)\tout\t\t1.6e-05\tdloss/dw\n"));
    npy dw = npy_read("here/one/dw.npy"), loss = npy_read("here/one/loss.npy");
    ck_assert_double_eq(dw.values[1], 16);
    ck_assert_double_eq(loss.values[0], 19);
    npy_free(&dw);
    npy_free(&loss);
}
END_TEST

// Runs f in a process of its own, with its stdout in the file "stdout"; its status.
static int
status_of(void f(void))
{
    pid_t child = fork();
    if (child == 0) {
        ck_assert_ptr_nonnull(freopen("stdout", "wb", stdout));
        f();
        fflush(stdout);
        _exit(9);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
ask_for_help(void)
{
    program_begin("trial", own, 2, (char *[]){"trial", "--help"});
}

// --help prints every option and ends with 0.
START_TEST(help)
{
    test_folder();
    ck_assert_int_eq(status_of(ask_for_help), 0);
    size_t size;
    char *text = file_read("stdout", &size);
    const char *all[] = {"--out",     "--quick", "--cases", "--only NAME", "--seed K",
                         "--threads", "--stats", "--help",  "--own WHAT"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        ck_assert_ptr_nonnull(strstr(text, all[i]));
    free(text);
}
END_TEST

static void
report_one(void)
{
    program_begin("trial", own, 1, (char *[]){"trial"});
    claim_near("a", "near", 1, 1.5, 0.25, "x", REPRODUCED);
    _exit(program_end(claims_report()));
}

static void
report_two(void)
{
    program_begin("trial", own, 2, (char *[]){"trial", "--quick"});
    claim_below("a", "below", 1, unless_quick(0.5), "x", IN_PART);
    claim_above("b", "above, in words that just fill a line of a terminal, that is, 79 columns", 1,
                0.5, "x", NOT_AT_THIS_SCALE);
    claim_above("d", "above, in words that just fill a line of a terminal, which are 79 columns", 1,
                0.5, "x", NOT_AT_THIS_SCALE);
    claim_above("c", "a_word_that_is_longer_than_a_line_has_room_for_and_so_stands_in_one_alone", 1,
                2, "x", FOUND);
    _exit(program_end(claims_report()));
}

// What claims look like on the screen; nothing else stands there.
START_TEST(screen)
{
    test_folder();
    ck_assert_int_eq(status_of(report_one), 1);
    test_holds("stdout", "CONTRADICTED   near: 1.5 = 1 (reproduced)\n"
                         "1 claim, 1 contradicted\n");
    ck_assert_int_eq(status_of(report_two), 0);
    test_holds("stdout",
               "skipped        below: nan < 1 (in part)\n"
               "does not hold  above, in words that just fill a line of a terminal, that is, 79\n"
               "               columns: 0.5 > 1 (not at this scale)\n"
               "does not hold  above, in words that just fill a line of a terminal, which are\n"
               "               79 columns: 0.5 > 1 (not at this scale)\n"
               "as stated      "
               "a_word_that_is_longer_than_a_line_has_room_for_and_so_stands_in_one_alone:\n"
               "               2 > 1 (found)\n"
               "4 claims, 0 contradicted\n");
}
END_TEST

static void
be_ended(void)
{
    program_begin("trial", own, 1, (char *[]){"trial"});
    file_create("half");
    raise(SIGTERM);
}

// A program that is ended leaves no half-written file.
START_TEST(ended)
{
    test_folder();
    ck_assert_int_eq(status_of(be_ended), 128 + SIGTERM);
    test_no_parts();
}
END_TEST

static void
take_memory(int i, void *context)
{
    (void)context;
    constant("x", SHAPE(i == 0 ? 3 << 20 : 1), NULL); // 12 MiB
}

static void
ask_for_statistics(void)
{
    program_begin("trial", own, 4, (char *[]){"trial", "--stats", "--threads", "1"});
    training_side_by_side(3, take_memory, NULL);
    program_end(false);
}

// The most of all runs, not the last one's.
START_TEST(statistics)
{
    test_folder();
    ck_assert_int_eq(status_of(ask_for_statistics), 9);
    test_holds("stdout", "most memory of a tape: 12.0 MiB\n");
}
END_TEST

// Fills an array of most of 1 MiB.
static __attribute__((noinline)) bool
fill_deep(void)
{
    enum { BYTES = 900000 };
    volatile char deep[BYTES];
    for (int i = 0; i < BYTES; i++)
        deep[i] = (char)i;
    return deep[BYTES - 1] == (char)(BYTES - 1);
}

// What this program does where small_stacks starts it: a second thread has such an array.
static int
deep_thread(char **argv)
{
    bool right = false;
    stack_ensure(argv);
#pragma omp parallel num_threads(2)
    if (omp_get_thread_num() == 1)
        right = fill_deep();
    return right ? 0 : 1;
}

START_TEST(small_stacks)
{
    const char *sizes[] = {"64k", "16k", "1000k", "1M"};
    char path[512], command[1024];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    ck_assert(length > 0);
    path[length] = 0;
    for (int i = 0; i < 4; i++) {
        snprintf(command, sizeof command, "DEEP_THREAD=1 OMP_STACKSIZE=%s '%s'", sizes[i], path);
        ck_assert_msg(system(command) == 0, "%s", command);
    }
    snprintf(command, sizeof command, "ulimit -s 256; DEEP_THREAD=1 '%s'", path);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

int
main(int argc, char **argv)
{
    (void)argc;
    if (getenv("DEEP_THREAD"))
        return deep_thread(argv);
    Suite *suite = suite_create("frame");
    TCase *all = tcase_create("frame");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, options);
    tcase_add_test(all, unused);
    tcase_add_test(all, thread_number);
    tcase_add_test(all, numbers_of_options);
    tcase_add_test(all, small_stacks);
    tcase_add_test(all, paths_of_threads);
    tcase_add_test(all, long_paths);
    tcase_add_test(all, bad_options);
    tcase_add_test(all, claims);
    tcase_add_loop_test(all, contradicted, 0, 5);
    tcase_add_test(all, skipped);
    tcase_add_test(all, cases);
    tcase_add_test(all, what_cases_are_computed_from);
    tcase_add_loop_test(all, refused_case, 0, REFUSED_CASES);
    tcase_add_test(all, runs);
    tcase_add_test(all, parts);
    tcase_add_test(all, many_claims);
    tcase_add_test(all, trainings);
    tcase_add_test(all, tensors_alive);
    tcase_add_test(all, spread_over_threads);
    tcase_add_test(all, plain_runs);
    tcase_add_test(all, learning);
    tcase_add_test(all, case_helpers);
    tcase_add_test(all, case_ends);
    tcase_add_test(all, screen);
    tcase_add_test(all, ended);
    tcase_add_test(all, help);
    tcase_add_test(all, statistics);
    suite_add_tcase(suite, all);
    return test_run(suite, NULL, 0);
}
