// How a program of the book begins and ends: nothing lost, nothing half-written, whatever it was started with.
#ifndef STANDARD_H
#define STANDARD_H

// Opens /dev/null where stdin, stdout or stderr are closed, so that no file gets their number and no message lands in
// it. SIGINT, SIGTERM, SIGHUP and SIGQUIT remove the unfinished files before they end the program; a closed pipe, and
// a file that grows beyond the user's limit, are errors of writing.
void standard_begin(void);

// The status with which main ends. Where stdout could not be written the program ends with an error, status 2.
int standard_end(int status);

#endif
