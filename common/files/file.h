// Whole files: read at once, written under a temporary name and renamed when complete.
#ifndef FILE_H
#define FILE_H

#include <stddef.h>
#include <stdio.h>

enum { FILE_PATH = 1024 }; // bytes of a path, its end included

// All bytes of the file at path, with a zero byte behind them; *size is their number without it.
// The caller frees them. A missing or unreadable file, a folder, and a pipe or device of more than 1 GiB are an error.
char *file_read(const char *path, size_t *size);

// Opens path for writing; what is written stands in path.PID.part until file_commit renames it.
FILE *file_create(const char *path);

// Completes what file_create(path) began. A full disk or a failed write is an error, and the
// file that stood at path before is left as it was.
void file_commit(FILE *file, const char *path);

// Makes the folder at path with all folders above it; one that exists is no error.
void folder_create(const char *path);

#endif
