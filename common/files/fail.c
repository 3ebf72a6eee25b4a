#define _GNU_SOURCE // program_invocation_short_name
#include "files/fail.h"

#include "files/escape.h"
#include "files/file.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { UNFINISHED = 64 }; // files being written at one time

_Thread_local void (*fail_handler)(const char *message);

static char unfinished[UNFINISHED][FILE_PATH]; // an empty string is a free place
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

_Noreturn void
fail(const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (fail_handler)
        fail_handler(message);
    fail_remove_unfinished();
    fflush(stdout);
    flockfile(stderr); // of two threads that fail at once, the first is heard
    fprintf(stderr, "%s: ", program_invocation_short_name);
    escape_print(stderr, message);
    fputs("\n", stderr);
    fflush(stderr);
    _exit(2); // at once: other threads may be at work
}

// Puts `with` where `find` stands; false if `find` stands nowhere.
static bool
replace_name(const char *find, const char *with)
{
    bool found = false;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < UNFINISHED && !found; i++)
        if (strcmp(unfinished[i], find) == 0) {
            snprintf(unfinished[i], FILE_PATH, "%s", with);
            found = true;
        }
    pthread_mutex_unlock(&lock);
    return found;
}

void
fail_unfinished(const char *path)
{
    if (strlen(path) >= FILE_PATH)
        fail("%.60s...: the path has %zu bytes, at most %d are possible", path, strlen(path),
             FILE_PATH - 1);
    if (!replace_name("", path))
        fail("%s: more than %d files are being written at one time", path, UNFINISHED);
}

void
fail_finished(const char *path)
{
    replace_name(path, "");
}

void
fail_remove_unfinished(void)
{
    for (int i = 0; i < UNFINISHED; i++)
        if (*unfinished[i])
            unlink(unfinished[i]);
}
