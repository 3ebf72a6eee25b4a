// The progress bar and timings, on a clock of its own and a terminal that is a file.
#include "frame/progress.h"

#include "frame/program.h"
#include "frame/timing.h"
#include "frame/training.h"
#include "nets/ops.h"
#include "nets/shape.h"
#include "test.h"

#include <stdarg.h>
#include <sys/ioctl.h>
#include <time.h>

static double seconds, worked; // of the clock, and of this thread's processor time
static bool terminal;

static int columns; // of the terminal; 0: it does not say

// In place of those of the C library.
int
ioctl(int descriptor, unsigned long request, ...)
{
    va_list rest;
    va_start(rest, request);
    struct winsize *size = va_arg(rest, struct winsize *);
    va_end(rest);
    if (descriptor != STDERR_FILENO || request != TIOCGWINSZ || !columns)
        return -1;
    *size = (struct winsize){.ws_col = (unsigned short)columns};
    return 0;
}

int
clock_gettime(clockid_t clock, struct timespec *now)
{
    double time = clock == CLOCK_THREAD_CPUTIME_ID ? worked : seconds;
    now->tv_sec = (time_t)time;
    now->tv_nsec = (long)(1e9 * (time - (double)now->tv_sec));
    return 0;
}

int
isatty(int descriptor)
{
    return terminal && descriptor == STDERR_FILENO;
}

static void
begin(void)
{
    test_folder();
    ck_assert_ptr_nonnull(freopen("stderr", "wb", stderr));
    terminal = true;
    seconds = 8;
}

// What was written on the terminal since the last call.
#define SHOWS(text)                                             \
    do {                                                        \
        fflush(stderr);                                         \
        test_holds("stderr", text);                             \
        ck_assert_ptr_nonnull(freopen("stderr", "wb", stderr)); \
    } while (0)

#define FULL "##################################"

static const char *
line_of(const char *name, const char *bar, const char *percent, const char *left)
{
    static char text[128];
    snprintf(text, sizeof text, "\r%-20s [%s] %s %%  %-12s", name, bar, percent, left);
    return text;
}

// A line for every tenth of a second in which something was done.
START_TEST(line)
{
    begin();
    progress_advance(1); // of no figure
    progress_figure("first", 0.25);
    progress_expect(6);
    progress_expect(2);
    progress_advance(1);
    seconds = 8.0999;
    progress_advance(1);
    SHOWS("");
    seconds = 8.1001; // a quarter of the first quarter
    progress_advance(0);
    SHOWS(line_of("first", "##                                ", "  6", "2 s left"));
    progress_advance(1);
    seconds = 8.2;
    progress_advance(1);
    SHOWS("");
    seconds = 10; // as much as was announced, and then more
    progress_advance(5);
    SHOWS(line_of("first", "########                          ", " 25", "6 s left"));
    seconds = 11;
    progress_figure("second", 0.5);
    SHOWS(line_of("second", "########                          ", " 25", "9 s left"));
    seconds = 12;
    progress_expect(4);
    progress_advance(2);
    SHOWS(line_of("second", "#################                 ", " 50", "4 s left"));
    progress_figure("third", 0.25);
    seconds = 16;
    progress_expect(1);
    progress_advance(1);
    SHOWS(line_of("third", FULL, "100", "0 s left"));
    progress_clear();
    SHOWS("\r\33[K");
}
END_TEST

// The line fits 79 columns, and is cut where there are fewer: one that wraps would stay.
START_TEST(narrow)
{
    begin();
    columns = 30;
    progress_figure("first", 1);
    progress_expect(2);
    seconds = 9;
    progress_advance(1);
    SHOWS("\rfirst                [#######");
    columns = 200;
    seconds = 10;
    progress_advance(1);
    SHOWS(line_of("first", FULL, "100", "0 s left"));
    ck_assert_uint_le(strlen(line_of("first", FULL, "100", "0 s left")), 1 + 79);
}
END_TEST

// How much time is left is said when more than a fiftieth is done.
START_TEST(time_left)
{
    begin();
    progress_figure("a", 0.02);
    progress_expect(1);
    seconds = 9;
    progress_advance(1);
    SHOWS(line_of("a", "                                  ", "  2", ""));
    progress_figure("b", 0.001);
    progress_expect(1);
    seconds = 10;
    progress_advance(1);
    SHOWS(line_of("b", "                                  ", "  2", "93 s left"));
}
END_TEST

// What goes into a file has no progress in it.
START_TEST(no_terminal)
{
    begin();
    terminal = false;
    progress_figure("first", 1);
    progress_expect(2);
    seconds = 9;
    progress_advance(1);
    progress_clear();
    SHOWS("");
}
END_TEST

static void
first(void)
{
    seconds += 0.5;
    progress_expect(1);
    progress_advance(1);
    SHOWS(line_of("one", "########                          ", " 25", "2 s left"));
}

static void
second(void)
{
    seconds += 0.5;
    progress_expect(1);
    progress_advance(1);
    SHOWS(line_of("two", FULL, "100", "0 s left"));
}

static const program_figure contents[] = {{"one", first, 10}, {"two", second, 30}, {0}};

// A program's figures have their shares of the bar by what they take; the line is gone at the end.
START_TEST(of_a_program)
{
    begin();
    program_begin("trial", (program_option[]){{0}}, 1, (char *[]){"trial"});
    program_run(NULL, contents);
    SHOWS("\r\33[K");
}
END_TEST

// The figure that --only names has all of it.
START_TEST(of_one_figure)
{
    begin();
    program_begin("trial", (program_option[]){{0}}, 3, (char *[]){"trial", "--only", "two"});
    program_run(NULL, contents);
    SHOWS("\r\33[K");
}
END_TEST

static void
take_two_steps(int i, void *all)
{
    static const struct {
        const char *bar, *percent, *left;
    } lines[] = {{"########                          ", " 25", "2 s left"},
                 {"#################                 ", " 50", "1 s left"},
                 {"#########################         ", " 75", "0 s left"},
                 {FULL, "100", "0 s left"}};
    tensor *w = param("w", SHAPE(1));
    adamw adam = adamw_new(0.9f, 0.999f, 0, 0);
    for (int s = 0; s < ((training *)all)[i].steps; s++) {
        seconds += 0.5;
        training_step(t_sum(w), &adam, 0.25f, 0);
        int k = 2 * i + s;
        SHOWS(line_of("nets", lines[k].bar, lines[k].percent, lines[k].left));
    }
}

static void
train(void)
{
    training all[] = {{.name = "first", .steps = 2}, {.name = "second", .steps = 2}};
    training_run(2, all, sizeof *all, take_two_steps);
    training_free(2, all, sizeof *all);
}

// Trainings announce their steps, and each step is one.
START_TEST(of_trainings)
{
    begin();
    program_begin("trial", (program_option[]){{0}}, 3, (char *[]){"trial", "--threads", "1"});
    program_run(NULL, (program_figure[]){{"nets", train, 1}, {0}});
    SHOWS("\r\33[K");
}
END_TEST

START_TEST(clock_of_timings)
{
    seconds = 3.25;
    worked = 1.5;
    ck_assert_double_eq(timing_seconds(), 3.25);
    ck_assert_double_eq(timing_thread_seconds(), 1.5);
}
END_TEST

static void
take_longer(void *context)
{
    static const double times[] = {4, 0.5, 1.25};
    seconds += times[(*(int *)context)++];
}

// The median of 4, 0.5 and 1.25 seconds.
START_TEST(timing)
{
    int calls = 0;
    seconds = 8;
    ck_assert_double_eq(timing_median(3, take_longer, &calls), 1.25);
    ck_assert_int_eq(calls, 3);
}
END_TEST

TEST_MAIN("progress", clock_of_timings, timing, line, narrow, time_left, no_terminal, of_a_program,
          of_one_figure, of_trainings)
