// Whole files and how a program ends: complete or absent, one clear line, status 2.
#include "files/file.h"
#include "files/memory.h"
#include "files/standard.h"

#include "test.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
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
    test_no_parts();
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
    REFUSED(file_read("folder", &size), "folder: cannot be read: Is a directory");
    REFUSED(file_create("none/a"), "none/a: cannot be written: No such file or directory");
    REFUSED((folder_create("file/a"), 0), "file/a: the folder cannot be made: Not a directory");
    REFUSED((folder_create("file"), 0), "file: is no folder");
    REFUSED((folder_create(""), 0), "a folder with an empty name");
    REFUSED(file_read("/proc/self/mem", &size),
            "/proc/self/mem: cannot be read: Input/output error");
    REFUSED(file_read("/dev/zero", &size), "/dev/zero: is no plain file, and goes on after 1 GiB");
    mkfifo("pipe", 0666);
    REFUSED(file_create("pipe"), "pipe: is a device or a pipe, whose place a file would take");
    FILE *f = file_create("folder2");
    mkdir("folder2", 0777);
    REFUSED((file_commit(f, "folder2"), 0), "folder2: cannot be put in place: Is a directory");
    fail_remove_unfinished();
    test_no_parts();
}
END_TEST

// Paths up to 1023 bytes, with what a name gets while its file is written.
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
    int added = snprintf(NULL, 0, ".%d.part", (int)getpid());
    path[MOST - added + 1] = 0;
    snprintf(expected, sizeof expected, "%.60s...: the path is too long", path);
    REFUSED(file_create(path), expected);
    path[MOST - added] = 0;
    file_commit(file_create(path), path);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

// Of an unfinished file, too.
START_TEST(long_names)
{
    enum { MOST = 1023 };
    char path[MOST + 2] = "", expected[160];
    memset(path, 'x', MOST);
    fail_unfinished(path);
    fail_finished(path);
    path[MOST] = 'x';
    snprintf(expected, sizeof expected,
             "%.60s...: the path has 1024 bytes, at most 1023 are possible", path);
    REFUSED((fail_unfinished(path), 0), expected);
}
END_TEST

// The number that the next file that is opened gets.
static int
next_descriptor(void)
{
    int next = dup(STDIN_FILENO);
    close(next);
    return next;
}

// Files that were read or written are closed.
START_TEST(closed)
{
    test_folder();
    int before = next_descriptor();
    file_commit(file_create("x"), "x");
    size_t size;
    free(file_read("x", &size));
    ck_assert_int_eq(next_descriptor(), before);
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
    test_no_parts();
    // A file so short that only closing it writes.
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){10, 1000});
    f = file_create("kept");
    fputs("longer than ten bytes", f);
    REFUSED((file_commit(f, "kept"), 0), "kept: cannot be written completely: File too large");
    test_holds("kept", "old");
}
END_TEST

// What a program does in a process of its own, begun by f; its status.
static int
status_of(void f(void))
{
    pid_t child = fork();
    if (child == 0) {
        f();
        _exit(9);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

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
    test_no_parts();
}
END_TEST

static void
fail_with_a_strange_path(void)
{
    size_t size;
    ck_assert_ptr_nonnull(freopen("stderr", "wb", stderr));
    file_read("a\033[2J\r\n\xff\xc3\xa9", &size);
}

// Bytes of a path never reach the terminal as they are.
START_TEST(strange_path)
{
    test_folder();
    ck_assert_int_eq(status_of(fail_with_a_strange_path), 2);
    test_holds("stderr",
               "file.test: a\\x1b[2J\\x0d\\n\\xff\xc3\xa9: cannot be opened: No such file or "
               "directory\n");
}
END_TEST

static void
do_nothing(const char *message)
{
    (void)message;
}

static void
fail_with_a_handler_that_returns(void)
{
    ck_assert_ptr_nonnull(freopen("stderr", "wb", stderr));
    fail_handler = do_nothing;
    fail("no way");
}

static void *
handler_of_this_thread(void *seen)
{
    *(bool *)seen = fail_handler != NULL;
    return NULL;
}

// A handler that returns does not keep the program alive, and is its thread's own.
START_TEST(handlers)
{
    test_folder();
    ck_assert_int_eq(status_of(fail_with_a_handler_that_returns), 2);
    test_holds("stderr", "file.test: no way\n");
    pthread_t thread;
    bool seen = true;
    fail_handler = do_nothing;
    ck_assert_int_eq(pthread_create(&thread, NULL, handler_of_this_thread, &seen), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    fail_handler = NULL;
    ck_assert(!seen);
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
    char expected[128];
    snprintf(expected, sizeof expected,
             "64.%d.part: more than 64 files are being written at one time", (int)getpid());
    REFUSED(file_create("64"), expected);
    // One that could not be opened is not counted.
    fail_remove_unfinished();
    for (int i = 0; i < 64; i++) {
        snprintf(path, sizeof path, "%d.%d.part", i, (int)getpid());
        fail_finished(path);
    }
    for (volatile int i = 0; i < 70; i++)
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
    size_t room = 0;
    for (int i = 0, times = 0; i < 1000; i++) {
        grown = memory_grow(grown, i + 1, sizeof *grown, "numbers");
        grown[i] = i;
        times += malloc_usable_size(grown) != room;
        room = malloc_usable_size(grown);
        ck_assert_uint_ge(room, (i + 1) * sizeof *grown);
        ck_assert_uint_le(room, 2 * (i + 1) * sizeof *grown + 32);
        ck_assert_int_le(times, 10); // 1, 2, 4, ... 512
    }
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(grown[i], i);
    free(grown);
    REFUSED(memory_zeroed(-1, 8, "a list"), "no memory for a list: -1 of 8 bytes each");
    REFUSED(memory_zeroed(1L << 60, 8, "a list"),
            "no memory for a list: 1152921504606846976 of 8 bytes each");
    REFUSED(memory_zeroed(1L << 62, 8, "a list"),
            "no memory for a list: 4611686018427387904 of 8 bytes each");
    REFUSED(memory_grow(NULL, 1L << 61, 8, "a list"),
            "no memory for a list: 2305843009213693952 of 8 bytes each");
    REFUSED(memory_grow(NULL, 1L << 45, 1 << 16, "a list"),
            "no memory for a list: 35184372088832 of 65536 bytes each");
}
END_TEST

// Two programs write one file: each into its own, and the last that is complete stands there.
START_TEST(two_writers)
{
    test_folder();
    FILE *mine = file_create("x");
    fputs("mine", mine);
    pid_t child = fork();
    if (child == 0) {
        FILE *other = file_create("x");
        fputs("the other's", other);
        file_commit(other, "x");
        _exit(0);
    }
    waitpid(child, NULL, 0);
    test_holds("x", "the other's");
    file_commit(mine, "x");
    test_holds("x", "mine");
    test_no_parts();
}
END_TEST

static int closed_ones; // of the standard streams: a bit for each

static void
without_streams(void)
{
    for (int i = 0; i <= 2; i++)
        close(i);
    standard_begin();
    FILE *file = file_create("table");
    printf("a message");
    fflush(stdout);
    fprintf(stderr, "another");
    fputs("a cell", file);
    file_commit(file, "table");
    _exit(standard_end(3));
}

// Started with any of its standard streams closed: those are open, and nothing else.
static void
with_some_streams(void)
{
    int next = next_descriptor();
    for (int i = 0; i <= 2; i++)
        if (closed_ones >> i & 1)
            close(i);
    standard_begin();
    for (int i = 0; i <= 2; i++)
        if (fcntl(i, F_GETFD) < 0)
            _exit(1);
    _exit(next_descriptor() == next ? 0 : 2);
}

// Where no file can be opened it begins all the same.
static void
without_descriptors(void)
{
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, 0});
    standard_begin();
    _exit(7);
}

// Started with its standard streams closed, a program writes no message into its files.
START_TEST(closed_streams)
{
    for (closed_ones = 0; closed_ones < 8; closed_ones++)
        ck_assert_int_eq(status_of(with_some_streams), 0);
    ck_assert_int_eq(status_of(without_descriptors), 7);
    test_folder();
    status_of(without_streams);
    test_holds("table", "a cell");
}
END_TEST

static void
to_full_device(void)
{
    standard_begin();
    if (!freopen("/dev/full", "wb", stdout) || !freopen("stderr", "wb", stderr))
        _exit(8);
    printf("an answer");
    _exit(standard_end(0));
}

// What was lost before the end is lost, whatever is written later.
static void
to_full_device_earlier(void)
{
    standard_begin();
    if (!freopen("/dev/full", "wb", stdout) || !freopen("stderr", "wb", stderr))
        _exit(8);
    printf("an answer");
    fflush(stdout);
    _exit(standard_end(0));
}

static void
to_closed_pipe(void)
{
    int ends[2];
    standard_begin();
    if (pipe(ends) != 0 || dup2(ends[1], STDOUT_FILENO) < 0 || !freopen("stderr", "wb", stderr))
        _exit(8);
    close(ends[0]);
    close(ends[1]);
    printf("an answer");
    _exit(standard_end(0));
}

static void
to_a_file(void)
{
    standard_begin();
    if (!freopen("stdout", "wb", stdout))
        _exit(8);
    printf("an answer");
    _exit(standard_end(1));
}

START_TEST(lost_output)
{
    test_folder();
    ck_assert_int_eq(status_of(to_full_device), 2);
    test_holds("stderr", "file.test: stdout cannot be written: No space left on device\n");
    ck_assert_int_eq(status_of(to_full_device_earlier), 2);
    ck_assert_int_eq(status_of(to_closed_pipe), 2);
    test_holds("stderr", "file.test: stdout cannot be written: Broken pipe\n");
    ck_assert_int_eq(status_of(to_a_file), 1);
    test_holds("stdout", "an answer");
}
END_TEST

static void
to_a_file_that_may_not_grow(void)
{
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){1000, 1000});
    ck_assert_ptr_nonnull(freopen("stderr", "wb", stderr));
    standard_begin();
    FILE *file = file_create("large");
    for (int i = 0; i < 10000; i++)
        fputc('x', file);
    file_commit(file, "large");
    _exit(0);
}

// The user's limit is told as any other error of writing, not by a signal.
START_TEST(file_limit)
{
    test_folder();
    ck_assert_int_eq(status_of(to_a_file_that_may_not_grow), 2);
    test_holds("stderr", "file.test: large: cannot be written completely: File too large\n");
    test_no_parts();
}
END_TEST

static int signal_number;

static void
be_interrupted(void)
{
    standard_begin();
    file_create("half");
    raise(signal_number);
}

// Interrupted, a program leaves no half-written file, and its status says the signal.
START_TEST(interrupted)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    test_folder();
    signal_number = numbers[_i];
    ck_assert_int_eq(status_of(be_interrupted), 128 + signal_number);
    test_no_parts();
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("file");
    TCase *all = tcase_create("file");
    tcase_add_test(all, written_and_read_back);
    tcase_add_test(all, long_file);
    tcase_add_test(all, refused);
    tcase_add_test(all, long_paths);
    tcase_add_test(all, long_names);
    tcase_add_test(all, closed);
    tcase_add_test(all, folder_mode);
    tcase_add_test(all, folders);
    tcase_add_test(all, full_disk);
    tcase_add_test(all, program_ends);
    tcase_add_test(all, strange_path);
    tcase_add_test(all, handlers);
    tcase_add_test(all, many_files);
    tcase_add_test(all, memory);
    tcase_add_test(all, two_writers);
    tcase_add_test(all, closed_streams);
    tcase_add_test(all, lost_output);
    tcase_add_test(all, file_limit);
    tcase_add_loop_test(all, interrupted, 0, 4);
    suite_add_tcase(suite, all);
    return test_run(suite, NULL, 0);
}
