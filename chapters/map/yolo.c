// YOLO's labels: a text file for each image, a line for each object, in parts of the image's width and height.
#include "files/fail.h"
#include "map/reading.h"

#include <string.h>

// ---- Names of classes ----

void
map_data_yolo_classes(map_data *d, const char *bytes, size_t size, const char *name)
{
    const char *next = bytes, *line;
    size_t length;
    map_reading_place p = {.file = name};
    while ((line = map_reading_line(&next, bytes + size, &length))) {
        p.line++;
        if (map_reading_name(&p, "class", &d->classes, line, length, true) != p.line - 1)
            MAP_REFUSE(&p, "class", "stands twice");
    }
    d->classes_named = true;
}

// The class of this number: the line of classes.txt, or where there is none the number itself.
static int
class_of(map_data *d, const map_reading_place *p, const char *text, size_t length)
{
    double number = map_reading_number(p, "class", text, length);
    if (!(number >= 0 && number <= MAP_READING_LARGEST) || number != (int)number)
        MAP_REFUSE(p, "class", "is %g, expected 0, 1, 2, ...", number);
    if (!d->classes_named)
        return map_names_add(&d->classes, (int)number, NULL, 0);
    if (number >= d->classes.n)
        MAP_REFUSE(p, "class", "is %g, classes.txt has %d name%s", number, d->classes.n,
                   d->classes.n == 1 ? "" : "s");
    return (int)number;
}

// ---- Labels ----

// The image that the file is about: its name without folder and ending.
static int
image_of(map_data *d, const map_reading_place *p, bool add)
{
    const char *slash = strrchr(p->file, '/'), *base = slash ? slash + 1 : p->file;
    const char *dot = strrchr(base, '.');
    size_t length = dot ? (size_t)(dot - base) : strlen(base);
    int image = map_reading_name(p, "the file's name", &d->images, base, length, add);
    if (image < 0)
        fail("%s: the ground truth has no such image; one with nothing on it has an empty file",
             escape(p->file));
    return image;
}

// One line into `value`: x, y, w, h, and with a score 5.
static void
numbers_of(const map_reading_place *p, int n, const char *const word[], const size_t count[],
           double value[5])
{
    static const char *const key[] = {"x", "y", "w", "h", "score"};
    for (int i = 0; i < n; i++)
        value[i] = map_reading_number(p, key[i], word[i + 1], count[i + 1]);
    for (int i = 0; i < 4; i++)
        if (!(value[i] >= -1 && value[i] <= 2))
            MAP_REFUSE(p, key[i], "is %g, expected a part of the image, 0 to 1", value[i]);
}

void
map_data_yolo(map_data *d, const char *bytes, size_t size, const char *name, bool truths)
{
    map_reading_place p = {.file = name};
    const char *next = bytes, *line, *word[6];
    size_t length, count[6];
    int image = image_of(d, &p, truths), needed = truths ? 5 : 6;
    double wide = d->pixels[0], high = d->pixels[1], v[5];
    if (!wide || !high)
        fail("%s: YOLO's labels are parts of an image, areas are in pixels; give --size, as --size "
             "640x480",
             escape(name));
    d->yolo = true;
    while ((line = map_reading_line(&next, bytes + size, &length))) {
        p.line++;
        int n = map_reading_words(line, length, 6, word, count);
        if (n == 0)
            MAP_REFUSE(&p, "", "an empty line");
        if (n != needed)
            MAP_REFUSE(&p, "", "%d word%s, expected class, x, y, width, height%s%s", n,
                       n == 1 ? "" : "s", truths ? "" : ", score (save_conf=True)",
                       truths && n == 6           ? ": a score? Are --gt and --dt exchanged?"
                       : truths && n > 6 && n % 2 ? ": an outline? Only boxes are scored here"
                                                  : "");
        int class = class_of(d, &p, word[0], count[0]);
        numbers_of(&p, needed - 1, word, count, v);
        map_box box = {(v[0] - v[2] / 2) * wide, (v[1] - v[3] / 2) * high, v[2] * wide,
                       v[3] * high};
        if (truths)
            map_reading_truth(d, &p,
                              (map_truth){.id = d->scene.G + 1,
                                          .image = image,
                                          .class = class,
                                          .box = box,
                                          .area = box.w * box.h});
        else
            map_reading_detection(d, &p, (map_detection){image, class, box, v[4]});
    }
}
