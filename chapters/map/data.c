#include "map/data.h"

#include "files/fail.h"
#include "files/file.h"
#include "files/memory.h"
#include "map/reading.h"

#include <dirent.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
free_file(map_data *d)
{
    free(d->bytes);
    d->bytes = NULL;
}

static void
free_folder(map_data *d)
{
    for (int i = 0; i < d->n_files; i++)
        free(d->files[i]);
    free(d->files);
    d->files = NULL;
    d->n_files = 0;
}

void
map_data_free(map_data *d)
{
    json_decref(d->value);
    free_file(d);
    free_folder(d);
    map_names_free(&d->images);
    map_names_free(&d->classes);
    map_names_free(&d->ids);
    map_scene_free(&d->scene);
    free(d->size);
    *d = (map_data){0};
}

const char *
map_data_id(const map_data *d, int g)
{
    static _Thread_local char text[24];
    if (g < d->ids.n)
        return map_names_text(&d->ids, g);
    snprintf(text, sizeof text, "%lld", d->scene.truths[g].id);
    return text;
}

// ---- Values, from wherever they come ----

static const char *const box_keys[2][4] = {{"x", "y", "w", "h"},
                                           {"bbox[0]", "bbox[1]", "bbox[2]", "bbox[3]"}};

static void
check_box(const map_reading_place *p, const map_box *box)
{
    const double value[] = {box->x, box->y, box->w, box->h};
    for (int i = 0; i < 4; i++) {
        const char *key = box_keys[p->json][i];
        if (!isfinite(value[i]) || fabs(value[i]) > MAP_READING_LARGEST)
            MAP_REFUSE(p, key, "is %g, expected a number of pixels below %d", value[i],
                       MAP_READING_LARGEST);
        if (i >= 2 && value[i] < 0)
            MAP_REFUSE(p, key, "is %g, expected 0 or more: a box is x, y, width, height", value[i]);
    }
}

void
map_reading_truth(map_data *d, const map_reading_place *p, map_truth t)
{
    check_box(p, &t.box);
    if (!isfinite(t.area) || t.area < 0)
        MAP_REFUSE(p, "area", "is %g, expected 0 or more", t.area);
    map_scene *s = &d->scene;
    s->truths = memory_grow(s->truths, s->G + 1, sizeof t, "ground truths");
    s->truths[s->G++] = t;
}

void
map_reading_detection(map_data *d, const map_reading_place *p, map_detection t)
{
    check_box(p, &t.box);
    if (!isfinite(t.score))
        MAP_REFUSE(p, "score", "is %g, expected a finite number", t.score);
    map_scene *s = &d->scene;
    s->detections = memory_grow(s->detections, s->D + 1, sizeof t, "detections");
    s->detections[s->D++] = t;
}

double
map_reading_number(const map_reading_place *p, const char *key, const char *bytes, size_t length)
{
    char text[MAP_READING_CELL], *end;
    if (length >= MAP_READING_CELL)
        MAP_REFUSE(p, key, "has %zu bytes, expected a number", length);
    memcpy(text, bytes, length);
    text[length] = 0;
    double value = strtod(text, &end);
    if (length == 0 || end != text + length || strpbrk(text, "xX \t\r\v\f"))
        MAP_REFUSE(p, key, "is '%.60s', expected a number", escape(text));
    return value;
}

// A whole number as it would be printed, so that 7 and 007 are different names.
static bool
whole(const char *bytes, size_t length, long long *number)
{
    char text[24], again[24];
    if (length == 0 || length >= 20)
        return false;
    memcpy(text, bytes, length);
    text[length] = 0;
    *number = strtoll(text, NULL, 10);
    snprintf(again, sizeof again, "%lld", *number);
    return strcmp(text, again) == 0;
}

int
map_reading_name(const map_reading_place *p, const char *key, map_names *names, const char *text,
                 size_t length, bool add)
{
    long long number = 0;
    if (length == 0)
        MAP_REFUSE(p, key, "is empty");
    if (length >= MAP_READING_CELL)
        MAP_REFUSE(p, key, "has %zu bytes, expected a name shorter than %d", length,
                   MAP_READING_CELL);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            MAP_REFUSE(p, key, "has a control character in it");
    if (whole(text, length, &number))
        text = NULL, length = 0;
    return add ? map_names_add(names, number, text, length)
               : map_names_find(names, number, text, length);
}

// The number of blanks at the beginning.
static size_t
blanks(const char *bytes, size_t size)
{
    size_t n = 0;
    while (n < size && memchr(" \t\r\n", bytes[n], 4))
        n++;
    return n;
}

const char *
map_reading_line(const char **next, const char *end, size_t *length)
{
    const char *at = *next;
    // What stands behind the last end of a line is no line, nor are blank ones that nothing follows.
    if (blanks(at, end - at) == (size_t)(end - at))
        return NULL;
    const char *stop = memchr(at, '\n', end - at);
    *next = stop ? stop + 1 : end;
    stop = stop ? stop : end;
    stop -= stop > at && stop[-1] == '\r';
    *length = stop - at;
    return at;
}

bool
map_reading_blank(const char *line, size_t length)
{
    return blanks(line, length) == length;
}

int
map_reading_words(const char *line, size_t length, int most, const char *word[], size_t count[])
{
    int n = 0;
    for (size_t i = 0; i < length;) {
        size_t from = i;
        while (i < length && line[i] != ' ' && line[i] != '\t')
            i++;
        if (i > from && n < most) {
            word[n] = line + from;
            count[n] = i - from;
        }
        n += i > from;
        i += i < length;
    }
    return n;
}

// ---- A file, whatever it holds ----

static bool
begins(const char *bytes, size_t size, const char *with, size_t length)
{
    return size >= length && memcmp(bytes, with, length) == 0;
}

// Refuses what is no text at all: compressed, or in another coding.
static void
check_text(const char *bytes, size_t size, const char *name)
{
    if (begins(bytes, size, "\x1f\x8b", 2))
        fail("%s: is compressed with gzip; gunzip it first", name);
    if (begins(bytes, size, "BZh", 3) ||
        begins(bytes, size,
               "\xfd"
               "7zXZ",
               5) ||
        begins(bytes, size, "\x28\xb5\x2f\xfd", 4))
        fail("%s: is compressed with bzip2, xz or zstd; unpack it first", name);
    if (begins(bytes, size, "PK\3\4", 4))
        fail("%s: is a zip archive or a spreadsheet; unpack it, or save it as CSV, first", name);
    // A letter of UTF-16 or UTF-32 has one byte of 0 or three; a file of zeros is neither.
    bool pair = size > 1 && !bytes[0] != !bytes[1];
    if (begins(bytes, size, "\xff\xfe", 2) || begins(bytes, size, "\xfe\xff", 2) || pair)
        fail("%s: is UTF-16 or UTF-32, expected UTF-8 (PowerShell: Out-File -Encoding utf8)", name);
    if (size && (!*bytes || memchr(bytes, 0, size < 64 ? size : 64)))
        fail("%s: is no text: there are bytes of 0 at its beginning", name);
}

// Refuses a table or lines of words whose lines end in CR.
static void
check_lines(const char *bytes, size_t size, const char *name)
{
    const char *end = bytes + size;
    for (const char *at = bytes; (at = memchr(at, '\r', end - at)); at++)
        if (at + 1 < end && at[1] != '\n' && at[1] != '\r')
            fail("%s: has a line that ends in CR alone, expected LF or CR LF", name);
}

// Passes over a byte-order mark, which some editors and spreadsheets write.
static bool
pass_mark(const char **bytes, size_t *size)
{
    bool mark = begins(*bytes, *size, "\xef\xbb\xbf", 3);
    *bytes += mark ? 3 : 0;
    *size -= mark ? 3 : 0;
    return mark;
}

// Refuses a byte-order mark before JSON.
static bool
is_json(const char **bytes, size_t *size, const char *name)
{
    bool mark = pass_mark(bytes, size);
    check_text(*bytes, *size, name);
    if (blanks(*bytes, *size) == *size)
        fail("%s: is empty, expected a table or JSON", name);
    size_t at = blanks(*bytes, *size);
    bool json = (*bytes)[at] == '{' || (*bytes)[at] == '[';
    if (json && mark)
        fail("%s: begins with a byte-order mark (EF BB BF), expected JSON from the first byte on; "
             "save it as UTF-8 without the mark",
             name);
    if (!json)
        check_lines(*bytes, *size, name);
    return json;
}

void
map_data_finish(map_data *d, const char *truths)
{
    if (d->scene.G == 0)
        fail("%s: has no ground truth at all", truths);
    d->scene.N = d->images.n;
    d->scene.K = d->classes.n;
}

void
map_data_read_truths(map_data *d, const char *bytes, size_t size, const char *name)
{
    d->json = is_json(&bytes, &size, name);
    if (d->json)
        map_coco_json_truths(d, bytes, size, name);
    else
        map_tables_truths(d, bytes, size, name);
    map_data_finish(d, name);
}

void
map_data_read_detections(map_data *d, const char *bytes, size_t size, const char *name)
{
    bool json = is_json(&bytes, &size, name);
    if (json && !d->json)
        fail("%s: is JSON and the ground truth is not, expected two of one kind", name);
    if (!json && d->json)
        fail("%s: does not begin with [ as COCO's results do, and the ground truth is JSON, "
             "expected two of one kind",
             name);
    if (json)
        map_coco_json_detections(d, bytes, size, name);
    else
        map_tables_detections(d, bytes, size, name);
    d->scene.K = d->classes.n;
}

// ---- Folders ----

typedef void read_file(map_data *d, const char *bytes, size_t size, const char *name);

static void
yolo_truths(map_data *d, const char *bytes, size_t size, const char *name)
{
    map_data_yolo(d, bytes, size, name, true);
}

static void
yolo_detections(map_data *d, const char *bytes, size_t size, const char *name)
{
    map_data_yolo(d, bytes, size, name, false);
}

static bool
ends_in(const char *name, const char *with)
{
    size_t n = strlen(name), m = strlen(with);
    return n > m && strcmp(name + n - m, with) == 0;
}

static bool
is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static void
read_one(map_data *d, const char *path, read_file *read)
{
    size_t size;
    d->bytes = file_read(path, &size);
    read(d, d->bytes, size, path);
    free_file(d);
}

// A file of a folder, which may be empty.
static void
read_member(map_data *d, const char *path, read_file *read)
{
    size_t size;
    d->bytes = file_read(path, &size);
    const char *text = d->bytes;
    pass_mark(&text, &size);
    check_text(text, size, escape(path));
    if (!ends_in(path, ".xml"))
        check_lines(text, size, escape(path));
    read(d, text, size, path);
    free_file(d);
}

// Lists the files of a folder that end so, in the order of their bytes; their number.
static int
list_files(map_data *d, const char *folder, const char *ending)
{
    free_folder(d);
    int found = scandir(folder, &d->files, NULL, alphasort);
    if (found < 0)
        fail("%s: cannot be read", folder);
    for (int i = 0; i < found; i++) {
        struct dirent *file = d->files[i];
        if (ends_in(file->d_name, ending) && strcmp(file->d_name, "classes.txt") != 0)
            d->files[d->n_files++] = file;
        else
            free(file);
    }
    return d->n_files;
}

// Reads all files of the folder that end so; their number.
static int
read_folder(map_data *d, const char *folder, const char *ending, read_file *read)
{
    char path[FILE_PATH];
    int n = list_files(d, folder, ending);
    for (int i = 0; i < n; i++) {
        if (snprintf(path, sizeof path, "%s/%s", folder, d->files[i]->d_name) >= FILE_PATH)
            fail("%.60s...: the path is longer than %d bytes", path, FILE_PATH - 1);
        read_member(d, path, read);
    }
    free_folder(d);
    return n;
}

static void
folder_truths(map_data *d, const char *folder)
{
    char path[FILE_PATH];
    snprintf(path, sizeof path, "%s/classes.txt", folder);
    if (read_folder(d, folder, ".xml", map_data_voc_truths) == 0) {
        if (access(path, R_OK) == 0)
            read_member(d, path, map_data_yolo_classes);
        if (read_folder(d, folder, ".txt", yolo_truths) == 0)
            fail("%s: has neither .xml files (VOC's annotations) nor .txt files (YOLO's labels)",
                 folder);
    }
    map_data_finish(d, folder);
}

static void
folder_detections(map_data *d, const char *folder)
{
    if (read_folder(d, folder, ".txt", d->yolo ? yolo_detections : map_data_voc_detections) == 0)
        fail("%s: has no .txt files (VOC's results of a class, or YOLO's labels with scores)",
             folder);
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
    if (is_folder(truths) && is_folder(detections) && list_files(d, truths, ".xml") == 0 &&
        list_files(d, detections, ".xml") > 0)
        fail("%s: has .xml files, which are VOC's ground truths: are --gt and --dt exchanged?",
             detections);
    if (is_folder(truths))
        folder_truths(d, truths);
    else
        read_one(d, truths, map_data_read_truths);
    if (is_folder(detections) && d->json)
        fail("%s: is a folder and the ground truth is JSON, expected two of one kind", detections);
    if (is_folder(detections))
        folder_detections(d, detections);
    else
        read_one(d, detections, map_data_read_detections);
    if (d->pixels[0] > 0 && !d->yolo)
        fail("--size is for YOLO's folders, and the ground truth is none");
    map_data_sort(d);
}
