#include "files/file.h"

#include "files/fail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *
file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail("%s: cannot be opened: %s", path, strerror(errno));
    struct stat about;
    if (fstat(fileno(file), &about) == 0 && S_ISDIR(about.st_mode))
        fail("%s: is a folder, expected a file", path);
    size_t room = 1 << 16, used = 0;
    char *bytes = malloc(room);
    while (bytes) {
        used += fread(bytes + used, 1, room - 1 - used, file);
        if (used < room - 1)
            break;
        char *more = realloc(bytes, room *= 2);
        if (!more)
            free(bytes);
        bytes = more;
    }
    if (!bytes)
        fail("%s: too large for the memory of this machine", path);
    if (ferror(file))
        fail("%s: cannot be read: %s", path, strerror(errno));
    fclose(file);
    bytes[used] = 0;
    *size = used;
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
