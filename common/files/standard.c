#include "files/standard.h"

#include "files/fail.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
interrupted(int number)
{
    fail_remove_unfinished();
    _exit(128 + number);
}

void
standard_begin(void)
{
    int opened;
    do
        opened = open("/dev/null", O_RDWR); // the lowest number that is free
    while (opened >= 0 && opened <= STDERR_FILENO);
    close(opened);
    signal(SIGINT, interrupted);
    signal(SIGTERM, interrupted);
    signal(SIGHUP, interrupted);
    signal(SIGQUIT, interrupted);
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

int
standard_end(int status)
{
    fflush(stdout);
    if (ferror(stdout))
        fail("stdout cannot be written: %s", strerror(errno));
    return status;
}
