// Any bytes as files of a case's folder and of a reader's: a case is read, held against what the reader gave and
// reported, or refused through fail(), and nothing else happens: no byte read or written beside an array, no endless
// loop, nothing left in memory. For libFuzzer; `make fuzz` runs it.
//
// The bytes are files, each begun by 0x1e and a letter for its name, which take the place of those of a case that is
// right: what is wrong in one file does not hide what the others would do. The first byte says which of two cases.
#include "left.h"
#include "refuse.h"

#include "checker/reference.h"
#include "checker/report.h"
#include "files/fail.h"
#include "files/file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- The two cases ----

enum { MOST = 96, NAMES = 16, TABLES = 3 };

typedef struct {
    const char *name, *row; // of the manifest: role, shape, from, time
    int rank, n[3];
    double factor, plus; // the reader's values are ours times this, plus that
} tensor_row;

typedef struct {
    const char *mistakes; // a tensor that a mistake changes
    int n;
    tensor_row rows[8];
} small_case;

static const small_case cases[2] = {
    {"b",
     6,
     {{"x", "input\t(3, 4)\t\t", 2, {3, 4}, 1, 0},
      {"rate", "input\t()\t\t", 0, {0}, 1, 0},
      {"b", "step\t(3, 4)\tx b[t-1]\t0 forward", 2, {3, 4}, 2, 0},
      {"w", "output\t(3, 3)\tb rate\t", 2, {3, 3}, 1, 0.5},
      {"db", "gradient\t(3, 4)\tb db[t+1]\t0 backward", 2, {3, 4}, 1, 0},
      {"loss", "output\t()\t*\t", 0, {0}, -1, 0}}},
    {"q",
     7,
     {{"s", "input\t(16)\t\t", 1, {16}, 1, 0},
      {"a", "input\t(16)\t\t", 1, {16}, 1, 0},
      {"r", "input\t(16)\t\t", 1, {16}, 1, 0},
      {"next", "input\t(16)\t\t", 1, {16}, 1, 0},
      {"end", "input\t(16)\t\t", 1, {16}, 1, 0},
      {"q0", "input\t(3, 2)\t\t", 2, {3, 2}, 1, 0},
      {"q", "output\t(16, 3, 2)\tq[t-1]\t0 forward", 3, {16, 3, 2}, 1, 0}}}};

static long
size_of(const tensor_row *row)
{
    long size = 1;
    for (int a = 0; a < row->rank; a++)
        size *= row->n[a];
    return size;
}

static void
write_values(const char *path, const tensor_row *row, double factor, double plus)
{
    double values[MOST] = {0};
    for (long i = 0; i < size_of(row); i++)
        values[i] = factor * (double)(i * i * 7 % 3) + plus; // counts a state, an action, an end
    for (long i = 0; i < size_of(row) && row->rank == 2; i++)
        values[i] = factor * (double)(i * i % 13 - 4) * 0.3 + plus;
    npy_write(path, NPY_F8, row->rank, row->n, values);
}

// The tables of a case, in the order of their letters.
static void
write_table(const small_case *c, int which, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file)
        abort();
    if (which == 0)
        fputs("key\tvalue\nformat\t2\ncase\tcase\nabout\tA case.\nconvention\tnone\n", file);
    else if (which == 1) {
        fputs("role\tshape\tfrom\ttime\tname\tfile\ttolerance\tabout\n", file);
        for (int i = 0; i < c->n; i++)
            fprintf(file, "%s\t%s\t%s.npy\t1e-9\twhat\n", c->rows[i].row, c->rows[i].name,
                    c->rows[i].name);
    } else
        fprintf(file,
                "id\tkind\ttensors\tsentence\tsource\tline\twrong\nm\tother\t%s\tS.\tp\tl\tw\n",
                c->mistakes);
    fclose(file);
}

// ---- Files, by their letters: A to C tables, D a mistake's values, a on the case's arrays, then the reader's ----

static const char *const tables[TABLES] = {"case.tsv", "manifest.tsv", "mistakes.tsv"};
static char folder[64] =
    "/dev/shm/line-by-line-fuzz-XXXXXX"; // in memory: four times as many inputs
static bool is_other[2][128]; // the file of this letter is not that of the case that is right

static bool
path_of(char path[256], int which, int letter)
{
    const small_case *c = &cases[which];
    if (letter >= 'A' && letter < 'A' + TABLES)
        snprintf(path, 256, "%s/%d/%s", folder, which, tables[letter - 'A']);
    else if (letter == 'A' + TABLES)
        snprintf(path, 256, "%s/%d/mistakes/m.npy", folder, which);
    else if (letter >= 'a' && letter < 'a' + c->n)
        snprintf(path, 256, "%s/%d/%s.npy", folder, which, c->rows[letter - 'a'].name);
    else if (letter >= 'a' + c->n && letter < 'a' + 2 * c->n)
        snprintf(path, 256, "%s/%dm/%s.npy", folder, which, c->rows[letter - 'a' - c->n].name);
    else if (letter >= '0' && letter < '0' + c->n)
        snprintf(path, 256, "%s/%dm/%s.txt", folder, which, c->rows[letter - '0'].name);
    else
        return false;
    return true;
}

static void
write_right(int which, int letter)
{
    const small_case *c = &cases[which];
    char path[256];
    if (!path_of(path, which, letter))
        return;
    if (letter >= 'A' && letter < 'A' + TABLES)
        write_table(c, letter - 'A', path);
    else if (letter == 'A' + TABLES) {
        int row = 0;
        while (strcmp(c->rows[row].name, c->mistakes) != 0)
            row++;
        tensor_row flat = c->rows[row];
        flat.n[0] = (int)size_of(&flat);
        flat.rank = 1;
        write_values(path, &flat, 2, 0);
    } else if (letter >= 'a' && letter < 'a' + c->n)
        write_values(path, &c->rows[letter - 'a'], 1, 0);
    else if (letter >= 'a' + c->n) {
        const tensor_row *row = &c->rows[letter - 'a' - c->n];
        write_values(path, row, row->factor, row->plus);
    } else
        remove(path);
    is_other[which][letter] = false;
}

static void
write_other(int which, int letter, const uint8_t *bytes, size_t size)
{
    char path[256];
    if (letter < 0 || letter > 127 || !path_of(path, which, letter))
        return;
    FILE *file = fopen(path, "wb");
    if (!file)
        abort();
    fwrite(bytes, 1, size, file);
    fclose(file);
    is_other[which][letter] = true;
}

static void
remove_all(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        abort();
}

static void
make_folders(void)
{
    static const char *const parts[] = {"0", "1", "0/mistakes", "1/mistakes", "0m", "1m"};
    char path[256];
    if (access("/dev/shm", W_OK) != 0)
        strcpy(folder, "/tmp/line-by-line-fuzz-XXXXXX");
    if (!mkdtemp(folder) || atexit(remove_all) != 0 || !freopen("/dev/null", "w", stdout))
        abort();
    for (int i = 0; i < 6; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        folder_create(path);
    }
    for (int which = 0; which < 2; which++)
        for (int letter = 'A'; letter < 128; letter++)
            write_right(which, letter);
}

// ---- One input ----

static void
compare(int which)
{
    char case_folder[128], mine[128];
    snprintf(case_folder, sizeof case_folder, "%s/%d", folder, which);
    snprintf(mine, sizeof mine, "%s/%dm", folder, which);
    left_begin();
    if (setjmp(refused)) {
        left_free();
        return;
    }
    reference r = reference_read(case_folder);
    int given = reference_take(&r, mine);
    if (given && report_print(&r, given) > 1)
        abort();
    reference_free(&r);
    left_none();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static bool is_made;
    if (!is_made) {
        static char room[4096]; // printf's, which would stay
        make_folders();
        setvbuf(stdout, room, _IOFBF, sizeof room);
        is_made = true;
    }
    fail_handler = give_up;
    int which = size ? bytes[0] & 1 : 0;
    for (size_t i = 1; i < size;) {
        const uint8_t *end = memchr(bytes + i, 0x1e, size - i);
        size_t next = end ? (size_t)(end - bytes) : size;
        if (next > i)
            write_other(which, bytes[i], bytes + i + 1, next - i - 1);
        i = next + 1;
    }
    compare(which);
    for (int letter = 0; letter < 128; letter++)
        if (is_other[which][letter])
            write_right(which, letter);
    return 0;
}
