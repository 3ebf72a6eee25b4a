// Room for the arrays of what runs in threads.
#ifndef STACK_H
#define STACK_H

// Where OpenMP's threads have a stack of less than 1 MiB (OMP_STACKSIZE, ulimit -s), arrays of one would reach into
// another's without a word: the program `argv` begins once more, with enough.
void stack_ensure(char **argv);

#endif
