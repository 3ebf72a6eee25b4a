#include "files/file.h"

#include "files/fail.h"
#include "files/memory.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BLOCK = 1 << 16, // bytes that are read at once
    MOST = 1 << 14   // blocks of what is no plain file: 1 GiB; a device may never end
};

char *
file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail("%s: cannot be opened: %s", path, strerror(errno));
    char *bytes = NULL;
    long blocks = 0;
    struct stat about;
    bool plain = fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode);
    *size = 0;
    do {
        if (!plain && blocks == MOST) {
            free(bytes);
            fclose(file);
            fail("%s: is no plain file, and goes on after 1 GiB", path);
        }
        bytes = memory_grow(bytes, ++blocks, BLOCK, path);
        *size += fread(bytes + *size, 1, BLOCK, file);
    } while (*size == (size_t)blocks * BLOCK);
    if (ferror(file)) {
        free(bytes);
        fail("%s: cannot be read: %s", path, strerror(errno));
    }
    fclose(file);
    bytes[*size] = 0;
    return bytes;
}

static void
part_name(char part[FILE_PATH], const char *path)
{
    // A program's own, so that two that write one file do not write into one another.
    if (snprintf(part, FILE_PATH, "%s.%ld.part", path, (long)getpid()) >= FILE_PATH)
        fail("%.60s...: the path is too long", path);
}

FILE *
file_create(const char *path)
{
    char part[FILE_PATH];
    struct stat old;
    if (stat(path, &old) == 0 && !S_ISREG(old.st_mode) && !S_ISDIR(old.st_mode))
        fail("%s: is a device or a pipe, whose place a file would take", path);
    part_name(part, path);
    fail_unfinished(part); // before it exists, so that it never stands unnamed
    FILE *file = fopen(part, "wb");
    if (!file) {
        fail_finished(part);
        fail("%s: cannot be written: %s", path, strerror(errno));
    }
    return file;
}

void
file_commit(FILE *file, const char *path)
{
    char part[FILE_PATH];
    part_name(part, path);
    int bad = ferror(file);
    if (fclose(file) != 0 || bad)
        fail("%s: cannot be written completely: %s", path, strerror(errno));
    if (rename(part, path) != 0)
        fail("%s: cannot be put in place: %s", path, strerror(errno));
    fail_finished(part);
}

void
folder_create(const char *path)
{
    char part[FILE_PATH];
    if (snprintf(part, FILE_PATH, "%s", path) >= FILE_PATH)
        fail("%.60s...: the path is longer than %d bytes", path, FILE_PATH - 1);
    if (!*path)
        fail("a folder with an empty name");
    for (char *at = part + 1;; at++)
        if (*at == '/' || *at == 0) {
            char kept = *at;
            *at = 0;
            if (mkdir(part, 0777) != 0 && errno != EEXIST)
                fail("%s: the folder cannot be made: %s", part, strerror(errno));
            if (!kept)
                break;
            *at = kept;
        }
    struct stat about;
    if (stat(part, &about) != 0 || !S_ISDIR(about.st_mode))
        fail("%s: is no folder", part);
}
