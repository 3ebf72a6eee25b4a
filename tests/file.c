// Whole files and how a program ends: complete or absent, one clear line, status 2.
#include "files/file.h"
#include "files/memory.h"

#include "test.h"

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

START_TEST(written_and_read_back)
{
    test_folder();
    FILE *f = file_create("a.txt");
    fputs("one", f);
    fwrite("\0two", 1, 4, f);
    ck_assert_int_ne(access("a.txt", F_OK), 0); // not before it is complete
    file_commit(f, "a.txt");
    ck_assert_int_ne(access("a.txt.part", F_OK), 0);
    size_t size;
    char *bytes = file_read("a.txt", &size);
    ck_assert_uint_eq(size, 7);
    ck_assert_mem_eq(bytes, "one\0two", 8);
    free(bytes);
}
END_TEST

START_TEST(long_file)
{
    test_folder();
    enum { N = 300000 };
    char *all = malloc(N);
    for (int i = 0; i < N; i++)
        all[i] = (char)(i * 7);
    test_write("long", all, N);
    size_t size;
    char *bytes = file_read("long", &size);
    ck_assert_uint_eq(size, N);
    ck_assert_mem_eq(bytes, all, N);
    ck_assert_int_eq(bytes[N], 0);
    free(bytes);
    free(all);
}
END_TEST

START_TEST(refused)
{
    size_t size;
    test_folder();
    mkdir("folder", 0777);
    test_write("file", "x", 1);
    REFUSED(file_read("none", &size), "none: cannot be opened: No such file or directory");
    REFUSED(file_read("folder", &size), "folder: is a folder, expected a file");
    REFUSED(file_create("none/a"), "none/a: cannot be written: No such file or directory");
    REFUSED((folder_create("file/a"), 0), "file/a: the folder cannot be made: Not a directory");
    REFUSED((folder_create("file"), 0), "file: is no folder");
    REFUSED((folder_create(""), 0), "a folder with an empty name");
    REFUSED(file_read("/proc/self/mem", &size),
            "/proc/self/mem: cannot be read: Input/output error");
    FILE *f = file_create("folder2");
    mkdir("folder2", 0777);
    REFUSED((file_commit(f, "folder2"), 0), "folder2: cannot be put in place: Is a directory");
    fail_remove_unfinished();
    ck_assert_int_ne(access("folder2.part", F_OK), 0);
}
END_TEST

// Paths up to 1023 bytes, with .part up to 1018.
START_TEST(long_paths)
{
    enum { MOST = 1023 };
    char path[MOST + 2], expected[160];
    test_folder();
    memset(path, 'x', sizeof path);
    for (int at = 200; at < MOST; at += 200)
        path[at] = '/';
    path[MOST + 1] = 0;
    snprintf(expected, sizeof expected, "%.60s...: the path is longer than 1023 bytes", path);
    REFUSED((folder_create(path), 0), expected);
    path[MOST] = 0;
    folder_create(path);
    path[1000] = 0;
    folder_create(path);
    path[1000] = '/';
    path[MOST - 4] = 0;
    snprintf(expected, sizeof expected, "%.60s...: the path is longer than 1018 bytes", path);
    REFUSED(file_create(path), expected);
    path[MOST - 5] = 0;
    file_commit(file_create(path), path);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

// A folder is open to whom the user's mask lets in.
START_TEST(folder_mode)
{
    struct stat about;
    test_folder();
    umask(022);
    folder_create("a");
    ck_assert_int_eq(stat("a", &about), 0);
    ck_assert_int_eq(about.st_mode & 0777, 0755);
    umask(0);
    folder_create("b");
    ck_assert_int_eq(stat("b", &about), 0);
    ck_assert_int_eq(about.st_mode & 0777, 0777);
}
END_TEST

START_TEST(folders)
{
    test_folder();
    folder_create("a/b/c");
    folder_create("a/b/c");
    struct stat about;
    ck_assert_int_eq(stat("a/b/c", &about), 0);
    ck_assert(S_ISDIR(about.st_mode));
}
END_TEST

// A write that fails keeps the file that stood there, leaves no part, and says so.
START_TEST(full_disk)
{
    test_folder();
    test_write("kept", "old", 3);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){1000, 1000});
    FILE *f = file_create("kept");
    for (int i = 0; i < 100000; i++)
        fputc('x', f);
    REFUSED((file_commit(f, "kept"), 0), "kept: cannot be written completely: File too large");
    fail_remove_unfinished();
    test_holds("kept", "old");
    ck_assert_int_ne(access("kept.part", F_OK), 0);
    // A file so short that only closing it writes.
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){10, 1000});
    f = file_create("kept");
    fputs("longer than ten bytes", f);
    REFUSED((file_commit(f, "kept"), 0), "kept: cannot be written completely: File too large");
    test_holds("kept", "old");
}
END_TEST

// Without a handler: what was printed, then one line on stderr, status 2, no unfinished file but all that is not ours.
START_TEST(program_ends)
{
    test_folder();
    pid_t child = fork();
    if (child == 0) {
        ck_assert_ptr_nonnull(freopen("stderr", "wb", stderr));
        ck_assert_ptr_nonnull(freopen("stdout", "wb", stdout));
        printf("so far");
        file_create("x");
        fail("%s: no %d", "here", 7);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(WEXITSTATUS(status), 2);
    test_holds("stderr", "file.test: here: no 7\n");
    test_holds("stdout", "so far");
    ck_assert_int_ne(access("x.part", F_OK), 0);
}
END_TEST

START_TEST(many_files)
{
    test_folder();
    char path[32];
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 60; i++) {
            snprintf(path, sizeof path, "%d", i);
            file_commit(file_create(path), path);
        }
    for (int i = 0; i < 64; i++) {
        snprintf(path, sizeof path, "%d", i);
        file_create(path);
    }
    REFUSED(file_create("64"), "64.part: more than 64 files are being written at one time");
    // One that could not be opened is not counted.
    fail_remove_unfinished();
    for (int i = 0; i < 64; i++) {
        snprintf(path, sizeof path, "%d.part", i);
        fail_finished(path);
    }
    for (int i = 0; i < 70; i++)
        REFUSED(file_create("none/a"), "none/a: cannot be written: No such file or directory");
}
END_TEST

START_TEST(memory)
{
    int *zeros = memory_zeroed(1000, sizeof *zeros, "zeros"), *grown = NULL;
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(zeros[i], 0);
    free(zeros);
    void *nothing = memory_zeroed(0, 8, "nothing");
    ck_assert_ptr_nonnull(nothing);
    free(nothing);
    for (int i = 0; i < 1000; i++) {
        grown = memory_grow(grown, i + 1, sizeof *grown, "numbers");
        grown[i] = i;
        ck_assert_uint_ge(malloc_usable_size(grown), (i + 1) * sizeof *grown);
        ck_assert_uint_le(malloc_usable_size(grown), 2 * (i + 1) * sizeof *grown + 32);
    }
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(grown[i], i);
    free(grown);
    REFUSED(memory_zeroed(-1, 8, "a list"), "no memory for a list: -1 of 8 bytes each");
    REFUSED(memory_zeroed(1L << 60, 8, "a list"),
            "no memory for a list: 1152921504606846976 of 8 bytes each");
    REFUSED(memory_zeroed(1L << 62, 8, "a list"),
            "no memory for a list: 4611686018427387904 of 8 bytes each");
    REFUSED(memory_grow(NULL, (1L << 61) + 1, 8, "a list"),
            "no memory for a list: 2305843009213693953 of 8 bytes each");
    REFUSED(memory_grow(NULL, (1L << 45) + 1, 1 << 16, "a list"),
            "no memory for a list: 35184372088833 of 65536 bytes each");
}
END_TEST

TEST_MAIN("file", written_and_read_back, long_file, refused, long_paths, folder_mode, folders,
          full_disk, program_ends, many_files, memory)
