SHARES := objective.c
