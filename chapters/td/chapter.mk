SHARES := environments.c
