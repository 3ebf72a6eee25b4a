// The frame: options, output, claims, cases, trainings side by side, as a program of the book uses it.
#include "files/file.h"
#include "files/npy.h"
#include "frame/case.h"
#include "frame/case_tensor.h"
#include "frame/claims.h"
#include "frame/parallel.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/random.h"
#include "test.h"

#include <math.h>
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
          (char *[]){"trial", __VA_ARGS__})

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

START_TEST(bad_options)
{
    REFUSED((BEGIN("--bogus"), 0), "unknown option --bogus; --help lists what there is");
    REFUSED((BEGIN("bogus"), 0), "unknown option bogus; --help lists what there is");
    REFUSED((BEGIN("--own"), 0), "--own needs a value: --own WHAT");
    REFUSED((BEGIN("--own", "--quick"), 0), "--own needs a value: --own WHAT");
    REFUSED((BEGIN("--out"), 0), "--out needs a folder, its path shorter than 512 bytes");
    REFUSED((BEGIN("--threads", "2x"), 0), "--threads 2x: expected a number from 1 to 1024");
    REFUSED((BEGIN("--threads", "0"), 0), "--threads 0: expected a number from 1 to 1024");
    REFUSED((BEGIN("--threads", "1025"), 0), "--threads 1025: expected a number from 1 to 1024");
    BEGIN("--threads", "1024");
    char long_path[514];
    memset(long_path, 'x', sizeof long_path);
    long_path[512] = 0;
    REFUSED((BEGIN("--out", long_path), 0),
            "--out needs a folder, its path shorter than 512 bytes");
    long_path[511] = 0;
    BEGIN("--out", long_path);
    REFUSED((BEGIN("--threads"), 0), "--threads without a value: expected a number from 1 to 1024");
}
END_TEST

// The verdict is the author's, the measurement the program's; only a contradiction fails.
START_TEST(claims)
{
    test_folder();
    BEGIN("--out", "here");
    claim_near("near", "s", 1, 1.05, 0.1, "x", REPRODUCED);
    claim_below("below", "s", 1, 0.5, "x", IN_PART);
    claim_above("above", "s", 1, 0.5, "x", NOT_AT_THIS_SCALE);
    ck_assert_int_eq(program_end(claims_report()), 0);
    test_holds("here/claims.tsv",
               "id\tstatement\trelation\texpected\tmeasured\ttolerance\tsource\tverdict\toutcome\n"
               "near\ts\t=\t1\t1.05\t0.10000000000000001\tx\treproduced\tas stated\n"
               "below\ts\t<\t1\t0.5\t0\tx\tin part\tas stated\n"
               "above\ts\t>\t1\t0.5\t0\tx\tnot at this scale\tas stated\n");
}
END_TEST

// Any number of claims; the bound of "near" belongs to it.
START_TEST(many_claims)
{
    test_folder();
    BEGIN("--out", "here");
    for (int i = 0; i < 200; i++)
        claim_near("a", "s", 1, 1.25, 0.25, "x", REPRODUCED);
    ck_assert_int_eq(program_end(claims_report()), 0);
    size_t size;
    char *text = file_read("here/claims.tsv", &size);
    int rows = 0;
    for (size_t i = 0; i < size; i++)
        rows += text[i] == '\n';
    ck_assert_int_eq(rows, 201);
    free(text);
    ck_assert(!claims_report()); // the next program of this process has none
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

START_TEST(cases)
{
    test_folder();
    BEGIN("--out", "here");
    case_begin("one", "One.");
    case_write_f4("input", "x", SHAPE(2), (float[]){1, 2}, 1e-6, "what is read");
    case_write_i4("input", "ids", SCALAR, (int[]){3}, "an id");
    case_write_f8("output", "y", SHAPE(1, 1), (double[]){3}, 1e-12, "what comes out");
    ck_assert_int_ne(access("here/one/manifest.tsv", F_OK), 0);
    case_end();
    test_holds("here/one/manifest.tsv", "role\tname\tof\tfile\tshape\ttolerance\tabout\n"
                                        "input\tx\t\tx.npy\t(2)\t1e-06\twhat is read\n"
                                        "input\tids\t\tids.npy\t()\t0\tan id\n"
                                        "output\ty\t\ty.npy\t(1, 1)\t1e-12\twhat comes out\n");
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
        if ((s + 1) % run->t.every == 0)
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

static void
wait_longer(void *context)
{
    static const int milliseconds[] = {60, 0, 20};
    usleep(1000 * milliseconds[(*(int *)context)++]);
}

// The median of 60, 0 and 20 ms.
START_TEST(timing)
{
    int calls = 0;
    double seconds = timing_median(3, wait_longer, &calls);
    ck_assert_int_eq(calls, 3);
    ck_assert_double_ge(seconds, 0.02);
    ck_assert_double_lt(seconds, 0.06);
}
END_TEST

// One step on (3 w)^2 from w = 1: the gradient 18 is clipped to 2, and Adam's first step is the rate.
START_TEST(learning)
{
    tensor *w = param("w", SHAPE(1));
    w->data[0] = 1;
    adamw adam = adamw_new(0.9f, 0.999f, 0, 0);
    for (int clipped = 0; clipped < 2; clipped++) {
        tensor *x = t_scale(w, 3);
        float before = w->data[0],
              loss = training_step(t_sum(t_mul(x, x)), &adam, 0.25f, clipped ? 2 : 0);
        ck_assert_float_eq(loss, 9 * before * before);
        ck_assert_float_eq_tol(w->grad[0], clipped ? 2 : 18 * before, 1e-5f);
        ck_assert_uint_eq(tape_used(), 0);
        if (!clipped)
            ck_assert_float_eq_tol(w->data[0], 0.75f, 1e-6f);
    }
}
END_TEST

// Inputs are drawn and published, gradients take the names of their parameters.
START_TEST(case_helpers)
{
    test_folder();
    rng r = rng_at(1, 0), again = rng_at(1, 0);
    BEGIN("--out", "here");
    case_begin("one", "One.");
    const tensor *x = case_constant("x", SHAPE(2), &r, 2, 1e-6, "read");
    const tensor *w = case_param("w", SHAPE(1), &r, 1, 1e-6, "learnt");
    w->grad[0] = 5;
    case_gradients(1e-5);
    case_end();
    for (int i = 0; i < 2; i++)
        ck_assert_float_eq(x->data[i], (float)(2 * rng_normal(&again)));
    test_holds("here/one/manifest.tsv",
               "role\tname\tof\tfile\tshape\ttolerance\tabout\n"
               "input\tx\t\tx.npy\t(2)\t1e-06\tread\ninput\tw\t\tw.npy\t(1)\t1e-06\tlearnt\n"
               "gradient\tdw\t\tdw.npy\t(1)\t1e-05\tdloss/dw\n");
    npy dw = npy_read("here/one/dw.npy");
    ck_assert_double_eq(dw.values[0], 5);
    npy_free(&dw);
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
    const char *all[] = {"--out",   "--quick", "--cases",   "--threads",
                         "--stats", "--help",  "--own WHAT"};
    for (int i = 0; i < 7; i++)
        ck_assert_ptr_nonnull(strstr(text, all[i]));
    free(text);
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

static int signal_number;

static void
be_interrupted(void)
{
    program_begin("trial", own, 3, (char *[]){"trial", "--out", "here"});
    table *t = program_table("half", "a");
    table_row(t, "i", 1);
    raise(signal_number);
}

// Interrupted, a program leaves no half-written file, and its status says the signal.
START_TEST(interrupted)
{
    test_folder();
    signal_number = _i ? SIGTERM : SIGINT;
    ck_assert_int_eq(status_of(be_interrupted), 128 + signal_number);
    ck_assert_int_eq(access("here", F_OK), 0);
    ck_assert_int_ne(access("here/half.tsv", F_OK), 0);
    ck_assert_int_ne(access("here/half.tsv.part", F_OK), 0);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("frame");
    TCase *all = tcase_create("frame");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, options);
    tcase_add_test(all, bad_options);
    tcase_add_test(all, claims);
    tcase_add_loop_test(all, contradicted, 0, 5);
    tcase_add_test(all, skipped);
    tcase_add_test(all, cases);
    tcase_add_test(all, runs);
    tcase_add_test(all, many_claims);
    tcase_add_test(all, trainings);
    tcase_add_test(all, tensors_alive);
    tcase_add_test(all, plain_runs);
    tcase_add_test(all, timing);
    tcase_add_test(all, learning);
    tcase_add_test(all, case_helpers);
    tcase_add_test(all, help);
    tcase_add_test(all, statistics);
    tcase_add_loop_test(all, interrupted, 0, 2);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
