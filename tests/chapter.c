// The frame: options, output, claims, cases, parallel runs, as a program of the book uses it.
#include "files/npy.h"
#include "frame/case.h"
#include "frame/case_tensor.h"
#include "frame/claims.h"
#include "frame/program.h"
#include "frame/progress.h"
#include "frame/training.h"
#include "nets/shape.h"
#include "nets/tensor.h"
#include "nets/train.h"
#include "numbers/random.h"

#include "nets/ops.h"
#include "test.h"

#include <math.h>
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
    REFUSED((BEGIN("--threads"), 0), "--threads without a value: expected a number from 1 to 1024");
}
END_TEST

// The claim_verdict is the author's, the measurement the program's; only a contradiction fails.
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
    case_begin("one");
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

START_TEST(curves)
{
    test_folder();
    float first[] = {1, 2, 3, 4}, second[] = {5, 7};
    const curve all[] = {{"first", 4, first}, {"second", 2, second}};
    BEGIN("--out", "here");
    training_curves("losses", 2, 2, all);
    test_holds("here/losses.tsv", "step\tfirst\tsecond\n2\t1.5\t6\n4\t3.5\tnan\n");
    REFUSED(training_curves("losses", 3, 2, all),
            "losses: 4 steps of first are not a whole number of blocks of 3");
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
    case_begin("one");
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

// --help prints every option and ends with 0.
START_TEST(help)
{
    test_folder();
    pid_t child = fork();
    if (child == 0) {
        ck_assert_ptr_nonnull(freopen("stdout", "wb", stdout));
        program_begin("trial", own, 2, (char *[]){"trial", "--help"});
        _exit(9);
    }
    int status;
    waitpid(child, &status, 0);
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    char text[4096] = "";
    FILE *f = fopen("stdout", "rb");
    ck_assert_uint_gt(fread(text, 1, sizeof text - 1, f), 0);
    fclose(f);
    const char *all[] = {"--out",   "--quick", "--cases",   "--threads",
                         "--stats", "--help",  "--own WHAT"};
    for (int i = 0; i < 7; i++)
        ck_assert_ptr_nonnull(strstr(text, all[i]));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("chapter");
    TCase *all = tcase_create("chapter");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, options);
    tcase_add_test(all, bad_options);
    tcase_add_test(all, claims);
    tcase_add_loop_test(all, contradicted, 0, 5);
    tcase_add_test(all, skipped);
    tcase_add_test(all, cases);
    tcase_add_test(all, runs);
    tcase_add_test(all, curves);
    tcase_add_test(all, learning);
    tcase_add_test(all, case_helpers);
    tcase_add_test(all, help);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
