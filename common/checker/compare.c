// compare CASE [MINE]: holds a reader's own results against a reference case, or lists the case.
#include "checker/place.h"
#include "checker/reference.h"
#include "checker/report.h"
#include "files/escape.h"
#include "files/fail.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "compare - hold your own results against a reference case\n"
    "\n"
    "  compare CASE         lists the case: what it computes, its conventions, its tensors\n"
    "  compare CASE MINE    holds the tensors in the folder MINE against it\n"
    "  compare --help       prints this\n"
    "\n"
    "CASE is a folder with case.tsv, manifest.tsv and one .npy file a tensor, such as\n"
    "chapters/rnn/reference/lstm. Its inputs are to be loaded; all else is to be computed.\n"
    "MINE is a folder of yours with one file a tensor, of the tensor's name:\n"
    "  h.npy                as NumPy writes it; axes of length 1 may be missing, or all be one\n"
    "  h.txt, .tsv, .csv    numbers in C order, with blanks, commas, semicolons, line ends "
    "between\n"
    "Give as many tensors as you have: the more, the closer is the place that is found.\n"
    "\n"
    "It says which tensor deviates first and in which step, whether all that it is computed from\n"
    "agrees, what your numbers look like (a factor, two axes exchanged, a term left out), and "
    "which\n"
    "well-known mistake gives exactly them.\n"
    "\n"
    "Example\n"
    "  compare chapters/rnn/reference/lstm\n"
    "  python3 my_lstm.py       # loads the inputs, writes mine/i.npy, mine/f.npy, mine/h.npy\n"
    "  compare chapters/rnn/reference/lstm mine\n"
    "\n"
    "Exit status: 0 all that was given agrees, 1 something deviates, 2 unusable input or nothing\n"
    "given. common/checker/FORMAT.md describes the files.\n";

// A message may quote the reader's files.
static void
refuse(const char *message)
{
    fflush(stdout);
    fputs("compare: ", stderr);
    escape_print(stderr, message);
    fputs("\n", stderr);
    _exit(2);
}

// A report that did not arrive is no report.
static int
finish(int status)
{
    fflush(stdout);
    if (ferror(stdout))
        fail("the report cannot be written: %s", strerror(errno));
    return status;
}

// How wide a text is on a terminal, its bytes of UTF-8 counted as characters.
static int
width(const char *text)
{
    int n = 0;
    for (const char *at = escape(text); *at; at++)
        n += (*at & 0xc0) != 0x80;
    return n;
}

static void
print_cell(const char *text, int column)
{
    printf("%s%*s", escape(text), column - width(text) + 2, "");
}

enum { COLUMNS = 6 };

static void
list(const reference *r)
{
    static const char *const columns[COLUMNS] = {"role", "name", "shape",
                                                 "from", "time", "tolerance"};
    int widths[COLUMNS];
    place_map checked = place_find(r); // the column from is read before it is shown
    place_free(&checked);
    for (int row = 0; row < r->about.rows; row++) {
        const char *key = reference_cell(&r->about, row, "key");
        if (strcmp(key, "about") != 0 && strcmp(key, "convention") != 0)
            continue;
        printf(strcmp(key, "about") == 0 ? "" : "- ");
        escape_print(stdout, reference_cell(&r->about, row, "value"));
        printf("\n");
    }
    for (int c = 0; c < COLUMNS; c++) {
        widths[c] = width(columns[c]);
        for (int row = 0; row < r->n; row++) {
            int wide = width(reference_cell(&r->manifest, row, columns[c]));
            widths[c] = wide > widths[c] ? wide : widths[c];
        }
        print_cell(columns[c], widths[c]);
    }
    printf("about\n");
    for (int row = 0; row < r->n; row++) {
        for (int c = 0; c < COLUMNS; c++)
            print_cell(reference_cell(&r->manifest, row, columns[c]), widths[c]);
        escape_print(stdout, r->all[row].about);
        printf("\n");
    }
    printf("Next: compute what is no input, write it to a folder, and `compare %s FOLDER`.\n",
           escape(r->folder));
}

int
main(int argc, char **argv)
{
    int status = 0;
    fail_handler = refuse;
    signal(SIGPIPE, SIG_IGN); // an error of writing, as any other
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return finish(0);
    }
    if (argc < 2 || argc > 3 || argv[1][0] == '-')
        fail("expected a case and your folder, as in: compare chapters/rnn/reference/lstm mine; "
             "`compare --help` says more");
    reference r = reference_read(argv[1]);
    if (argc == 2)
        list(&r);
    else {
        int given = reference_take(&r, argv[2]);
        if (!given)
            fail("%s: has none of this case's tensors; `compare %s` lists them", argv[2], argv[1]);
        status = report_print(&r, given);
    }
    reference_free(&r);
    return finish(status);
}
