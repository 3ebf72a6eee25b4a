#include "frame/progress.h"

#include "frame/timing.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR = 34, COLUMNS = 80, REDRAW_MS = 100 };

static struct {
    const char *figure;
    double before, share;  // of the whole: what is done, what this figure adds
    atomic_long done, all; // steps of this figure
    double start;
    atomic_long drawn; // milliseconds since start
} progress;

// Of the terminal, as it is now.
static int
columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : COLUMNS;
}

static void
draw(void)
{
    long now = (long)(1e3 * (timing_seconds() - progress.start)), before = progress.drawn;
    if (!progress.figure || !isatty(STDERR_FILENO) || now - before < REDRAW_MS ||
        !atomic_compare_exchange_strong(&progress.drawn, &before, now))
        return;
    double part = progress.all ? (double)progress.done / (double)progress.all : 0;
    double done = progress.before + progress.share * fmin(part, 1);
    int filled = (int)(BAR * done);
    char left[32] = "";
    if (done > 0.02)
        snprintf(left, sizeof left, "%.0f s left", now / 1000.0 * (1 - done) / done);
    char line[128];
    snprintf(line, sizeof line, "%-20s [%.*s%*s] %3.0f %%  %-12s", progress.figure, filled,
             "##################################", BAR - filled, "", 100 * done, left);
    fprintf(stderr, "\r%.*s", columns() - 1, line); // a line that wraps would not be overwritten
}

void
progress_figure(const char *name, double share)
{
    if (!progress.figure)
        progress.start = timing_seconds();
    progress.before += progress.share;
    progress.share = share;
    progress.figure = name;
    progress.done = progress.all = 0;
    draw();
}

void
progress_expect(long steps)
{
    progress.all += steps;
}

void
progress_advance(long steps)
{
    progress.done += steps;
    draw();
}

void
progress_clear(void)
{
    if (isatty(STDERR_FILENO))
        fputs("\r\33[K", stderr); // erases to the line's end
}
