// What the suites share: a call that must be refused, a folder for files, running a suite.
#ifndef TEST_H
#define TEST_H

#include "files/fail.h"

#include <check.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#undef fail // an old name of Check's

static jmp_buf test_refusal;
static char test_message[1024];

static inline void
test_caught(const char *text)
{
    snprintf(test_message, sizeof test_message, "%s", text);
    longjmp(test_refusal, 1);
}

// What a refused call has taken would go with the program: the sanitizer of leaks, where there is one, looks away.
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));
static inline void
test_ends(bool ends)
{
    if (ends && __lsan_disable)
        __lsan_disable();
    if (!ends && __lsan_enable)
        __lsan_enable();
}

// The call must end in fail() with exactly this message.
#define REFUSED(call, expected)                   \
    do {                                          \
        fail_handler = test_caught;               \
        test_ends(true);                          \
        if (!setjmp(test_refusal)) {              \
            (void)(call);                         \
            ck_abort_msg("accepted: " #call);     \
        }                                         \
        test_ends(false);                         \
        fail_handler = NULL;                      \
        ck_assert_str_eq(test_message, expected); \
    } while (0)

// The folder of one runner, and in it one for each test that asks for it.
static char test_folders[64];

// Makes a new folder for this test's files the working folder. All of them go when the suite ends, whether a
// test passed, failed or was stopped.
static inline void
test_folder(void)
{
    char path[80];
    snprintf(path, sizeof path, "%s/XXXXXX", test_folders);
    ck_assert_ptr_nonnull(mkdtemp(path));
    ck_assert_int_eq(chdir(path), 0);
}

// A fail_handler for calls that may be refused, with any message: back to setjmp(test_refusal).
static inline void
test_give_up(const char *text)
{
    (void)text;
    longjmp(test_refusal, 1);
}

// Writes `size` bytes to the file at path.
static inline void
test_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

// The file at path must hold exactly this text.
static inline void
test_holds(const char *path, const char *text)
{
    char bytes[4096] = "";
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s is missing", path);
    bytes[fread(bytes, 1, sizeof bytes - 1, file)] = 0;
    fclose(file);
    ck_assert_str_eq(bytes, text);
}

// No file that is half written is left in the working folder.
static inline void
test_no_parts(void)
{
    ck_assert_int_ne(system("find . -name '*.part' | grep -q ."), 0);
}

// Runs the suite, every test in a process of its own; the exit status of main. With UNTIL_FAILED in the environment
// the n named tests run one after another until the first fails: a mutant needs no second one.
static inline int
test_run(Suite *suite, const TTest *const *tests, size_t n)
{
    char command[80];
    strcpy(test_folders, "/tmp/line-by-line-XXXXXX");
    if (!mkdtemp(test_folders))
        perror(test_folders);
    SRunner *runner = srunner_create(suite);
    if (n > 0 && getenv("UNTIL_FAILED")) {
        for (size_t i = 0; i < n && srunner_ntests_failed(runner) == 0; i++)
            srunner_run(runner, NULL, tests[i]->name, CK_SILENT);
        srunner_print(runner, CK_NORMAL);
    } else {
        srunner_run_all(runner, CK_NORMAL);
    }
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    snprintf(command, sizeof command, "rm -rf %s", test_folders);
    if (system(command) != 0)
        fprintf(stderr, "%s could not be removed\n", test_folders);
    return failed ? 1 : 0;
}

// measured must be expected +- tolerance max(|expected|, 1); it is what[i].
static inline void
test_near(double measured, double expected, double tolerance, const char *what, long i)
{
    double most = tolerance * (expected > 1 ? expected : expected < -1 ? -expected : 1);
    double error = measured > expected ? measured - expected : expected - measured;
    ck_assert_msg(error <= most, "%s[%ld]: %.9g, expected %.9g", what, i, measured, expected);
}

// The main of a suite of plain tests; the second with what runs before and after each (or NULL).
#define TEST_MAIN(subject, ...) TEST_MAIN_WITH(subject, NULL, NULL, __VA_ARGS__)
#define TEST_MAIN_WITH(subject, before, after, ...)        \
    int main(void)                                         \
    {                                                      \
        const TTest *const tests[] = {__VA_ARGS__};        \
        const size_t n = sizeof tests / sizeof *tests;     \
        Suite *suite = suite_create(subject);              \
        for (size_t i = 0; i < n; i++) {                   \
            TCase *one = tcase_create(tests[i]->name);     \
            tcase_set_timeout(one, 60);                    \
            tcase_add_checked_fixture(one, before, after); \
            tcase_add_test(one, tests[i]);                 \
            suite_add_tcase(suite, one);                   \
        }                                                  \
        return test_run(suite, tests, n);                  \
    }

#endif
