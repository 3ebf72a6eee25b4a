// How a program of the book ends when it cannot go on: one clear line, status 2, no half-written file.
#ifndef FAIL_H
#define FAIL_H

// Prints "program: message" on stderr and ends the program with status 2, through fail_handler.
// The message says what is wrong, where, and what would be right; it has no newline of its own, and is printed
// as escape_print does it: a path or a name in it may have any bytes.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Called with the finished message. A test or a fuzzer sets one that jumps back to it (longjmp);
// where it returns, or is NULL, the program ends. Each thread has its own.
extern _Thread_local void (*fail_handler)(const char *message);

// Every file that is being written is named here until it is complete; fail removes those that are left, and
// so do SIGINT and SIGTERM in a chapter's program. At most 64 at a time.
void fail_unfinished(const char *path);
void fail_finished(const char *path);

// Removes what fail_unfinished has named. Safe in a signal handler.
void fail_remove_unfinished(void);

#endif
