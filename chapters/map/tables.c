// Tables with a header line, between whose cells stand tabs or commas.
#include "files/fail.h"
#include "map/reading.h"

#include <string.h>

enum { COLUMNS = 16 };

typedef struct {
    const char *text;
    size_t length;
} cell;

typedef struct {
    const char *next, *end;
    map_reading_place at;
    char between; // a tab or a comma
    int columns, column[10];
    cell cells[COLUMNS];
    char quoted[COLUMNS][MAP_READING_CELL]; // what stands in quotes, without them
} rows;

enum { IMAGE, CLASS, X, Y, W, H, SCORE, AREA, CROWD, DIFFICULT, KNOWN };
static const char *const known[KNOWN] = {"image", "class", "x",    "y",     "w",
                                         "h",     "score", "area", "crowd", "difficult"};

// The cell in quotes that begins at `at`: two quotes within it are one. Returns what follows.
static const char *
take_quoted(rows *r, int column, const char *at, const char *end)
{
    char *to = r->quoted[column];
    size_t n = 0;
    for (at++; at < end; at++) {
        if (*at == '"' && (at + 1 == end || at[1] != '"')) {
            r->cells[column] = (cell){to, n};
            return at + 1;
        }
        at += *at == '"';
        if (n == MAP_READING_CELL - 1)
            MAP_REFUSE(&r->at, "", "a cell in quotes has more than %d bytes", MAP_READING_CELL - 1);
        to[n++] = *at;
    }
    MAP_REFUSE(&r->at, "", "a quote without its end in this line");
}

// Cuts the next line into cells; false at the end.
static bool
next_row(rows *r)
{
    size_t length;
    const char *at = map_reading_line(&r->next, r->end, &length);
    if (!at)
        return false;
    const char *end = at + length;
    int n = 0;
    r->at.line++;
    if (length == 0 || (r->between == ',' && map_reading_blank(at, length)))
        MAP_REFUSE(&r->at, "", "an empty line");
    for (bool more = true; more; n++) {
        const char *cut;
        if (n == COLUMNS)
            MAP_REFUSE(&r->at, "", "more than %d columns", COLUMNS);
        if (at < end && *at == '"') {
            cut = take_quoted(r, n, at, end);
            if (cut < end && *cut != r->between)
                MAP_REFUSE(&r->at, "", "'%.40s' after a cell in quotes", escape((char[]){*cut, 0}));
        } else {
            cut = memchr(at, r->between, end - at);
            cut = cut ? cut : end;
            r->cells[n] = (cell){at, cut - at};
        }
        more = cut < end;
        at = cut + more;
    }
    if (r->at.line > 1 && n != r->columns)
        MAP_REFUSE(&r->at, "", "%d column%s, the header has %d", n, n == 1 ? "" : "s", r->columns);
    r->columns = n;
    return true;
}

static int
known_column(cell c)
{
    for (int i = 0; i < KNOWN; i++)
        if (strlen(known[i]) == c.length && memcmp(known[i], c.text, c.length) == 0)
            return i;
    return -1;
}

// The cell's text with a zero behind it, for a message.
static const char *
text_of(cell c)
{
    static _Thread_local char text[MAP_READING_CELL];
    size_t n = c.length < MAP_READING_CELL ? c.length : MAP_READING_CELL - 1;
    memcpy(text, c.text, n);
    text[n] = 0;
    return escape(text);
}

// Refuses a first line that names no column, or those of the other file.
static void
check_header(const rows *r, int needed)
{
    const char *first = text_of(r->cells[0]);
    bool scores = needed >> SCORE & 1;
    int found = 0;
    for (int i = 0; i < r->columns; i++)
        found |= known_column(r->cells[i]) < 0 ? 0 : 1 << known_column(r->cells[i]);
    if (!found && strchr(first, ';'))
        MAP_REFUSE(&r->at, "", "semicolons stand between the cells, expected commas or tabs");
    if (!found)
        MAP_REFUSE(
            &r->at, "",
            "begins with '%.40s', expected a line that names the columns: image,class,%sx,y,w,h",
            first, scores ? "score," : "");
    if (!scores && found >> SCORE & 1)
        MAP_REFUSE(&r->at, "",
                   "the ground truth has a column 'score': are --gt and --dt exchanged?");
}

// Reads the header: `optional` and `needed` are bits of the columns there may and must be.
static rows
begin_rows(const char *bytes, size_t size, const char *name, int needed, int optional)
{
    rows r = {.next = bytes, .end = bytes + size, .at = {.file = name}, .between = ','};
    const char *end = memchr(bytes, '\n', size);
    if (memchr(bytes, '\t', end ? (size_t)(end - bytes) : size))
        r.between = '\t';
    for (int c = 0; c < KNOWN; c++)
        r.column[c] = -1;
    if (!next_row(&r))
        fail("%s: is empty, expected a table or JSON", name);
    check_header(&r, needed);
    for (int i = 0; i < r.columns; i++) {
        int c = known_column(r.cells[i]);
        if (c < 0 || !((needed | optional) >> c & 1))
            MAP_REFUSE(
                &r.at, "",
                "the column '%.40s' is not known here; there are image, class, %sx, y, w, h%s",
                text_of(r.cells[i]), needed >> SCORE & 1 ? "score, " : "",
                optional ? ", area, crowd, difficult" : "");
        if (r.column[c] >= 0)
            MAP_REFUSE(&r.at, "", "the column '%s' stands twice", known[c]);
        r.column[c] = i;
    }
    for (int c = 0; c < KNOWN; c++)
        if (needed >> c & 1 && r.column[c] < 0)
            MAP_REFUSE(&r.at, "", "no column '%s'", known[c]);
    return r;
}

static cell
cell_of(const rows *r, int column)
{
    return r->cells[r->column[column]];
}

static double
number_in(const rows *r, int column)
{
    cell c = cell_of(r, column);
    return map_reading_number(&r->at, known[column], c.text, c.length);
}

static bool
flag_in(const rows *r, int column)
{
    if (r->column[column] < 0)
        return false;
    double value = number_in(r, column);
    if (value != 0 && value != 1)
        MAP_REFUSE(&r->at, known[column], "is %g, expected 0 or 1", value);
    return value == 1;
}

// One after the other: the first bad cell is the one that is named.
static map_box
box_in(const rows *r)
{
    map_box b;
    b.x = number_in(r, X);
    b.y = number_in(r, Y);
    b.w = number_in(r, W);
    b.h = number_in(r, H);
    return b;
}

static int
name_in(const rows *r, int column, map_names *names, bool add)
{
    cell c = cell_of(r, column);
    return map_reading_name(&r->at, known[column], names, c.text, c.length, add);
}

void
map_tables_truths(map_data *d, const char *bytes, size_t size, const char *name)
{
    const int needed = 1 << IMAGE | 1 << CLASS | 1 << X | 1 << Y | 1 << W | 1 << H;
    rows r = begin_rows(bytes, size, name, needed, 1 << AREA | 1 << CROWD | 1 << DIFFICULT);
    while (next_row(&r)) {
        int image = name_in(&r, IMAGE, &d->images, true);
        if (cell_of(&r, CLASS).length == 0) {
            for (int c = 0; c < KNOWN; c++)
                if (c != IMAGE && r.column[c] >= 0 && cell_of(&r, c).length)
                    MAP_REFUSE(&r.at, known[c], "is given and the class is empty");
            continue;
        }
        map_truth t = {.id = r.at.line - 1, .image = image};
        t.class = name_in(&r, CLASS, &d->classes, true);
        t.box = box_in(&r);
        t.crowd = flag_in(&r, CROWD);
        t.difficult = flag_in(&r, DIFFICULT);
        t.area = r.column[AREA] < 0 ? t.box.w * t.box.h : number_in(&r, AREA);
        map_reading_truth(d, &r.at, t);
    }
}

void
map_tables_detections(map_data *d, const char *bytes, size_t size, const char *name)
{
    const int needed = 1 << IMAGE | 1 << CLASS | 1 << X | 1 << Y | 1 << W | 1 << H | 1 << SCORE;
    rows r = begin_rows(bytes, size, name, needed, 0);
    while (next_row(&r)) {
        map_detection t = {.image = name_in(&r, IMAGE, &d->images, false)};
        t.class = name_in(&r, CLASS, &d->classes, true);
        t.box = box_in(&r);
        t.score = number_in(&r, SCORE);
        if (t.image < 0)
            MAP_REFUSE(&r.at, "image", "is '%s', the ground truth has no such image",
                       text_of(cell_of(&r, IMAGE)));
        map_reading_detection(d, &r.at, t);
    }
}
