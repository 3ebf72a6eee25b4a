#include "map/data.h"

#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 16, CELL = 256, LARGEST = 1000000000 };

void
map_data_free(map_data *d)
{
    json_decref(d->value);
    map_names_free(&d->images);
    map_names_free(&d->classes);
    map_names_free(&d->ids);
    map_scene_free(&d->scene);
    free(d->size);
    *d = (map_data){0};
}

// ---- Values, from wherever they come ----

// Where a value stands: file.tsv:line, or file.json: [17].bbox[2].
typedef struct {
    const char *file, *section;
    int line; // of a table; of JSON: the index in the section
    bool json;
} place;

// Refuses the value called `key` at the place. The rest is as for printf.
#define REFUSE(p, key, ...)                                                                       \
    do {                                                                                          \
        char why_[256];                                                                           \
        snprintf(why_, sizeof why_, __VA_ARGS__);                                                 \
        if ((p)->json)                                                                            \
            fail("%s: %s[%d]%s%s %s", (p)->file, (p)->section, (p)->line, *(key) ? "." : "", key, \
                 why_);                                                                           \
        fail("%s:%d: %s%s%s", (p)->file, (p)->line, key, *(key) ? " " : "", why_);                \
    } while (0)

static const char *const box_keys[2][4] = {{"x", "y", "w", "h"},
                                           {"bbox[0]", "bbox[1]", "bbox[2]", "bbox[3]"}};

static void
check_box(const place *p, const map_box *box)
{
    const double value[] = {box->x, box->y, box->w, box->h};
    for (int i = 0; i < 4; i++) {
        const char *key = box_keys[p->json][i];
        if (!isfinite(value[i]) || fabs(value[i]) > LARGEST)
            REFUSE(p, key, "is %g, expected a number of pixels below %d", value[i], LARGEST);
        if (i >= 2 && value[i] < 0)
            REFUSE(p, key, "is %g, expected 0 or more: a box is x, y, width, height", value[i]);
    }
}

static void
add_truth(map_data *d, const place *p, map_truth t)
{
    check_box(p, &t.box);
    if (!isfinite(t.area) || t.area < 0)
        REFUSE(p, "area", "is %g, expected 0 or more", t.area);
    map_scene *s = &d->scene;
    s->truths = memory_grow(s->truths, s->G + 1, sizeof t, "ground truths");
    s->truths[s->G++] = t;
}

static void
add_detection(map_data *d, const place *p, map_detection t)
{
    check_box(p, &t.box);
    if (!isfinite(t.score))
        REFUSE(p, "score", "is %g, expected a finite number", t.score);
    map_scene *s = &d->scene;
    s->detections = memory_grow(s->detections, s->D + 1, sizeof t, "detections");
    s->detections[s->D++] = t;
}

// ---- Tables ----

typedef struct {
    const char *text;
    size_t length;
} cell;

typedef struct {
    const char *next, *end;
    place at;
    char between; // a tab or a comma
    int columns, column[10];
    cell cells[COLUMNS];
} rows;

enum { IMAGE, CLASS, X, Y, W, H, SCORE, AREA, CROWD, DIFFICULT, KNOWN };
static const char *const known[KNOWN] = {"image", "class", "x",    "y",     "w",
                                         "h",     "score", "area", "crowd", "difficult"};

// Cuts the next line into cells; false at the end.
static bool
next_row(rows *r)
{
    if (r->next == r->end)
        return false;
    const char *end = memchr(r->next, '\n', r->end - r->next), *at = r->next;
    r->next = end ? end + 1 : r->end;
    end = end ? end : r->end;
    end -= end > at && end[-1] == '\r';
    r->at.line++;
    int n = 0;
    for (;; n++) {
        const char *cut = memchr(at, r->between, end - at);
        if (n < COLUMNS)
            r->cells[n] = (cell){at, (cut ? cut : end) - at};
        if (n < COLUMNS && r->cells[n].length && *at == '"')
            REFUSE(&r->at, "", "a cell in quotes, expected plain cells");
        if (!cut)
            break;
        at = cut + 1;
    }
    if (r->at.line > 1 && n + 1 != r->columns)
        REFUSE(&r->at, "", "%d columns, the header has %d", n + 1, r->columns);
    if (n + 1 > COLUMNS)
        REFUSE(&r->at, "", "%d columns, expected at most %d", n + 1, KNOWN);
    r->columns = n + 1;
    return true;
}

// Some editors and spreadsheets write a byte-order mark before UTF-8.
static bool
has_mark(const char *bytes, size_t size)
{
    return size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0;
}

// Reads the header: `optional` and `needed` are bits of the columns there may and must be.
static rows
begin_rows(const char *bytes, size_t size, const char *name, int needed, int optional)
{
    rows r = {.next = bytes, .end = bytes + size, .at = {.file = name}, .between = ','};
    if (has_mark(bytes, size))
        r.next += 3;
    const char *end = memchr(bytes, '\n', size);
    if (memchr(bytes, '\t', end ? (size_t)(end - bytes) : size))
        r.between = '\t';
    for (int c = 0; c < KNOWN; c++)
        r.column[c] = -1;
    if (!next_row(&r))
        fail("%s: is empty, expected a table or JSON", name);
    for (int i = 0; i < r.columns; i++) {
        int c = 0;
        while (c < KNOWN && (strlen(known[c]) != r.cells[i].length ||
                             memcmp(known[c], r.cells[i].text, r.cells[i].length) != 0))
            c++;
        if (c == KNOWN || !((needed | optional) >> c & 1))
            REFUSE(&r.at, "",
                   "the column '%.*s' is not known here; there are image, class, %sx, y, w, h%s",
                   (int)(r.cells[i].length > 40 ? 40 : r.cells[i].length), r.cells[i].text,
                   needed >> SCORE & 1 ? "score, " : "",
                   optional ? ", area, crowd, difficult" : "");
        if (r.column[c] >= 0)
            REFUSE(&r.at, "", "the column '%s' stands twice", known[c]);
        r.column[c] = i;
    }
    for (int c = 0; c < KNOWN; c++)
        if (needed >> c & 1 && r.column[c] < 0)
            REFUSE(&r.at, "", "no column '%s'", known[c]);
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
    char text[CELL], *end;
    cell c = cell_of(r, column);
    if (c.length >= CELL)
        REFUSE(&r->at, known[column], "has %zu bytes, expected a number", c.length);
    memcpy(text, c.text, c.length);
    text[c.length] = 0;
    double value = strtod(text, &end);
    if (c.length == 0 || end != text + c.length || strpbrk(text, "xX \t\r\v\f"))
        REFUSE(&r->at, known[column], "is '%.40s', expected a number", text);
    return value;
}

static bool
flag_in(const rows *r, int column)
{
    if (r->column[column] < 0)
        return false;
    double value = number_in(r, column);
    if (value != 0 && value != 1)
        REFUSE(&r->at, known[column], "is %g, expected 0 or 1", value);
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

// A whole number as it would be printed, so that 7 and 007 are different names.
static bool
whole(cell c, long long *number)
{
    char text[24], again[24];
    if (c.length == 0 || c.length >= 20)
        return false;
    memcpy(text, c.text, c.length);
    text[c.length] = 0;
    *number = strtoll(text, NULL, 10);
    snprintf(again, sizeof again, "%lld", *number);
    return strcmp(text, again) == 0;
}

static int
name_in(const rows *r, int column, map_names *names, bool add)
{
    cell c = cell_of(r, column);
    long long number = 0;
    if (c.length == 0 || c.length >= CELL)
        REFUSE(&r->at, known[column], "has %zu bytes, expected a name shorter than %d", c.length,
               CELL);
    for (size_t i = 0; i < c.length; i++)
        if ((unsigned char)c.text[i] < ' ')
            REFUSE(&r->at, known[column], "has a control character in it");
    if (whole(c, &number))
        c = (cell){0};
    return add ? map_names_add(names, number, c.text, c.length)
               : map_names_find(names, number, c.text, c.length);
}

static void
table_truths(map_data *d, const char *bytes, size_t size, const char *name)
{
    const int needed = 1 << IMAGE | 1 << CLASS | 1 << X | 1 << Y | 1 << W | 1 << H;
    rows r = begin_rows(bytes, size, name, needed, 1 << AREA | 1 << CROWD | 1 << DIFFICULT);
    while (next_row(&r)) {
        int image = name_in(&r, IMAGE, &d->images, true);
        if (cell_of(&r, CLASS).length == 0) {
            for (int c = 0; c < KNOWN; c++)
                if (c != IMAGE && r.column[c] >= 0 && cell_of(&r, c).length)
                    REFUSE(&r.at, known[c], "is given and the class is empty");
            continue;
        }
        map_truth t = {.id = r.at.line - 1, .image = image};
        t.class = name_in(&r, CLASS, &d->classes, true);
        t.box = box_in(&r);
        t.crowd = flag_in(&r, CROWD);
        t.difficult = flag_in(&r, DIFFICULT);
        t.area = r.column[AREA] < 0 ? t.box.w * t.box.h : number_in(&r, AREA);
        add_truth(d, &r.at, t);
    }
}

static void
table_detections(map_data *d, const char *bytes, size_t size, const char *name)
{
    const int needed = 1 << IMAGE | 1 << CLASS | 1 << X | 1 << Y | 1 << W | 1 << H | 1 << SCORE;
    rows r = begin_rows(bytes, size, name, needed, 0);
    while (next_row(&r)) {
        map_detection t = {.image = name_in(&r, IMAGE, &d->images, false)};
        t.class = name_in(&r, CLASS, &d->classes, true);
        t.box = box_in(&r);
        t.score = number_in(&r, SCORE);
        if (t.image < 0)
            REFUSE(&r.at, "image", "is '%.*s', the ground truth has no such image",
                   (int)cell_of(&r, IMAGE).length, cell_of(&r, IMAGE).text);
        add_detection(d, &r.at, t);
    }
}

// ---- JSON: one item of a list at a time, so that memory stays small ----

typedef struct {
    const char *bytes;
    size_t size, at;
    place place;
} json_text;

static _Noreturn void
broken(const json_text *j, size_t at, const char *why)
{
    int line = 1;
    size_t begin = 0;
    at = at < j->size ? at : j->size;
    for (size_t i = 0; i < at; i++)
        if (j->bytes[i] == '\n') {
            line++;
            begin = i + 1;
        }
    fail("%s:%d: broken JSON at column %zu: %s", j->place.file, line, at - begin + 1, why);
}

// The next character that is no blank; 0 at the end.
static char
peek(json_text *j)
{
    while (j->at < j->size && j->bytes[j->at] && strchr(" \t\r\n", j->bytes[j->at]))
        j->at++;
    return j->at < j->size ? j->bytes[j->at] : 0;
}

static void
take(json_text *j, char expected)
{
    char message[] = "expected '?'";
    if (peek(j) != expected) {
        message[10] = expected;
        broken(j, j->at, message);
    }
    j->at++;
}

// Reads one value into d->value.
static json_t *
next_value(map_data *d, json_text *j)
{
    json_error_t error;
    json_decref(d->value);
    peek(j);
    d->value =
        json_loadb(j->bytes + j->at, j->size - j->at,
                   JSON_DISABLE_EOF_CHECK | JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!d->value)
        broken(j, j->at + error.position, error.text);
    j->at += error.position;
    return d->value;
}

// Skips a list without looking into it.
static void
skip_list(json_text *j)
{
    int depth = 0;
    bool quoted = false;
    for (; j->at < j->size; j->at++) {
        char c = j->bytes[j->at];
        if (quoted && c == '\\')
            j->at++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '[' || c == '{'))
            depth++;
        else if (!quoted && (c == ']' || c == '}') && --depth == 0)
            break;
    }
    take(j, ']');
}

// Calls item for each object of the list that begins here.
static void
each_item(map_data *d, json_text *j, void (*item)(map_data *d, const place *p, const json_t *o))
{
    take(j, '[');
    if (peek(j) == ']') {
        j->at++;
        return;
    }
    for (j->place.line = 0;; j->place.line++) {
        const json_t *o = next_value(d, j);
        if (!json_is_object(o))
            REFUSE(&j->place, "", "is no object, expected {...}");
        item(d, &j->place, o);
        if (peek(j) != ',')
            break;
        j->at++;
    }
    take(j, ']');
}

static const json_t *
member(const place *p, const json_t *o, const char *key)
{
    const json_t *value = json_object_get(o, key);
    if (!value)
        REFUSE(p, key, "is missing");
    return value;
}

static long long
whole_of(const place *p, const json_t *o, const char *key)
{
    const json_t *value = member(p, o, key);
    if (!json_is_integer(value))
        REFUSE(p, key, "is no whole number");
    return json_integer_value(value);
}

static double
number_of(const place *p, const json_t *value, const char *key)
{
    if (!json_is_number(value))
        REFUSE(p, key, "is no number");
    return json_number_value(value);
}

static bool
flag_of(const place *p, const json_t *o, const char *key)
{
    const json_t *value = json_object_get(o, key);
    if (!value || json_is_boolean(value))
        return json_is_true(value);
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > 1)
        REFUSE(p, key, "is neither 0 nor 1");
    return json_integer_value(value) == 1;
}

static map_box
box_of(const place *p, const json_t *o)
{
    const json_t *box = member(p, o, "bbox");
    double v[4];
    if (!json_is_array(box) || json_array_size(box) != 4)
        REFUSE(p, "bbox", "is no list of 4 numbers: x, y, width, height");
    for (int i = 0; i < 4; i++)
        v[i] = number_of(p, json_array_get(box, i), box_keys[1][i]);
    return (map_box){v[0], v[1], v[2], v[3]};
}

// Adds the object's id, which must be new.
static int
new_id(const place *p, const json_t *o, map_names *names)
{
    long long id = whole_of(p, o, "id");
    int before = names->n, i = map_names_add(names, id, NULL, 0);
    if (i < before)
        REFUSE(p, "id", "is %lld, which stands at %s[%d], too", id, p->section, i);
    return i;
}

static void
image_item(map_data *d, const place *p, const json_t *o)
{
    const char *const keys[] = {"width", "height"};
    int i = new_id(p, o, &d->images);
    d->size = memory_grow(d->size, i + 1, sizeof *d->size, "sizes of images");
    for (int k = 0; k < 2; k++) {
        const json_t *value = json_object_get(o, keys[k]);
        d->size[i][k] = value ? number_of(p, value, keys[k]) : 0;
    }
}

static void
category_item(map_data *d, const place *p, const json_t *o)
{
    int i = new_id(p, o, &d->classes);
    const char *label = json_string_value(json_object_get(o, "name"));
    if (label && !strpbrk(label, "\t\n")) {
        d->classes.name[i].label = memory_zeroed((long)strlen(label) + 1, 1, "a name");
        strcpy(d->classes.name[i].label, label);
    }
}

// The image or class with this id; a message if there is none.
static int
known_id(const place *p, const json_t *o, const char *key, const map_names *names, const char *what)
{
    long long id = whole_of(p, o, key);
    int i = map_names_find(names, id, NULL, 0);
    if (i < 0)
        REFUSE(p, key, "is %lld, the ground truth has no such %s", id, what);
    return i;
}

static void
annotation_item(map_data *d, const place *p, const json_t *o)
{
    new_id(p, o, &d->ids);
    const json_t *area = json_object_get(o, "area");
    map_truth t = {.id = whole_of(p, o, "id")};
    t.image = known_id(p, o, "image_id", &d->images, "image");
    t.class = known_id(p, o, "category_id", &d->classes, "category");
    t.box = box_of(p, o);
    t.crowd = flag_of(p, o, "iscrowd");
    t.difficult = flag_of(p, o, "ignore");
    d->no_area += !area;
    t.area = area ? number_of(p, area, "area") : t.box.w * t.box.h;
    add_truth(d, p, t);
}

static void
result_item(map_data *d, const place *p, const json_t *o)
{
    map_detection t = {.image = known_id(p, o, "image_id", &d->images, "image")};
    t.class = map_names_find(&d->classes, whole_of(p, o, "category_id"), NULL, 0);
    t.box = box_of(p, o);
    t.score = number_of(p, member(p, o, "score"), "score");
    if (t.class < 0) {
        d->foreign++;
        return;
    }
    add_detection(d, p, t);
}

// COCO's file has its lists in any order: annotations are read last.
static void
json_truths(map_data *d, const char *bytes, size_t size, const char *name)
{
    static const struct {
        const char *name;
        void (*item)(map_data *d, const place *p, const json_t *o);
    } sections[] = {
        {"images", image_item}, {"categories", category_item}, {"annotations", annotation_item}};
    size_t begin[3] = {0};
    json_text j = {bytes, size, 0, {.file = name, .json = true, .section = ""}};
    take(&j, '{');
    while (peek(&j) != '}') {
        const char *key = json_string_value(next_value(d, &j));
        int s = 0;
        if (!key)
            broken(&j, j.at, "expected a name in quotes");
        while (s < 3 && strcmp(key, sections[s].name) != 0)
            s++;
        take(&j, ':');
        peek(&j);
        if (s < 3 && begin[s])
            fail("%s: %s stands twice", name, sections[s].name);
        if (s < 3)
            begin[s] = j.at;
        if (s < 3 && peek(&j) != '[')
            fail("%s: %s is no list, expected [...]", name, sections[s].name);
        if (s < 2) {
            j.place.section = sections[s].name;
            each_item(d, &j, sections[s].item);
        } else if (s == 2)
            skip_list(&j);
        else
            next_value(d, &j);
        if (peek(&j) != ',')
            break;
        j.at++;
    }
    take(&j, '}');
    if (peek(&j) || j.at < j.size)
        broken(&j, j.at, "expected the end of the file");
    for (int s = 0; s < 3; s++)
        if (begin[s] == 0)
            fail("%s: no %s; expected {\"images\": [...], \"categories\": [...], \"annotations\": "
                 "[...]}",
                 name, sections[s].name);
    j.at = begin[2];
    j.place.section = sections[2].name;
    each_item(d, &j, sections[2].item);
}

static void
json_detections(map_data *d, const char *bytes, size_t size, const char *name)
{
    json_text j = {bytes, size, 0, {.file = name, .json = true, .section = ""}};
    if (peek(&j) != '[')
        fail("%s: is no list, expected COCO's results: [{\"image_id\": ..., \"category_id\": ..., "
             "\"bbox\": [x, y, w, h], \"score\": ...}, ...]",
             name);
    each_item(d, &j, result_item);
    if (peek(&j) || j.at < j.size)
        broken(&j, j.at, "expected the end of the file");
}

// ---- Both ----

// Refuses JSON with a byte-order mark; a table may have one.
static bool
is_json(const char *bytes, size_t size, const char *name)
{
    bool mark = has_mark(bytes, size);
    json_text j = {bytes, size, mark ? 3 : 0, {0}};
    char first = peek(&j);
    bool json = first == '{' || first == '[';
    if (json && mark)
        fail("%s: begins with a byte-order mark (EF BB BF), expected JSON from the first byte on; "
             "save it as UTF-8 without the mark",
             name);
    return json;
}

void
map_data_read_truths(map_data *d, const char *bytes, size_t size, const char *name)
{
    d->json = is_json(bytes, size, name);
    if (d->json)
        json_truths(d, bytes, size, name);
    else
        table_truths(d, bytes, size, name);
    if (d->scene.G == 0)
        fail("%s: has no ground truth at all", name);
    d->scene.N = d->images.n;
    d->scene.K = d->classes.n;
}

void
map_data_read_detections(map_data *d, const char *bytes, size_t size, const char *name)
{
    if (is_json(bytes, size, name) != d->json)
        fail("%s: is %s and the ground truth is %s, expected two of one kind", name,
             d->json ? "a table" : "JSON", d->json ? "JSON" : "a table");
    if (d->json)
        json_detections(d, bytes, size, name);
    else
        table_detections(d, bytes, size, name);
    if (d->scene.D == 0)
        fail("%s: has no detection%s", name,
             d->foreign ? " of a category of the ground truth" : " at all");
    d->scene.K = d->classes.n;
}

void
map_data_sort(map_data *d)
{
    int *image = map_names_sort(&d->images), *class = map_names_sort(&d->classes);
    for (int g = 0; g < d->scene.G; g++) {
        map_truth *t = &d->scene.truths[g];
        t->image = image[t->image];
        t->class = class[t->class];
    }
    for (int i = 0; i < d->scene.D; i++) {
        map_detection *t = &d->scene.detections[i];
        t->image = image[t->image];
        t->class = class[t->class];
    }
    if (d->size) {
        double(*size)[2] = memory_zeroed(d->scene.N, sizeof *size, "sizes of images");
        for (int i = 0; i < d->scene.N; i++)
            memcpy(size[image[i]], d->size[i], sizeof *size);
        free(d->size);
        d->size = size;
    }
    free(image);
    free(class);
}

void
map_data_read_files(map_data *d, const char *truths, const char *detections)
{
    size_t size;
    char *bytes = file_read(truths, &size);
    map_data_read_truths(d, bytes, size, truths);
    free(bytes);
    bytes = file_read(detections, &size);
    map_data_read_detections(d, bytes, size, detections);
    free(bytes);
    map_data_sort(d);
}
