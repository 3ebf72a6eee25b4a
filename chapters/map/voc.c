// PASCAL VOC's own files: an annotation of an image in XML, and results of a class in lines.
#include "files/fail.h"
#include "files/memory.h"
#include "map/reading.h"

#include <string.h>

// ---- As much of XML as an annotation needs ----

enum { DEPTH = 16, VALUE = MAP_READING_CELL };

typedef struct {
    const char *at, *end;
    map_reading_place place;
    char path[VALUE];       // of the open elements: /annotation/object/name
    int depth, open[DEPTH]; // where each begins in the path
    char value[VALUE];      // the text of the element that has just ended
    size_t length;
    bool too_long;
} xml;

static bool
is_at(const xml *x, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(x->end - x->at) >= n && memcmp(x->at, text, n) == 0;
}

// Whether the name of an end tag has n bytes.
static bool
closes(const xml *x, size_t n)
{
    return (size_t)(x->end - x->at) > n && memchr("> \t\r\n", x->at[n], 5);
}

// Passes over everything up to the end of `text`.
static void
pass(xml *x, const char *text)
{
    for (; x->at < x->end; x->at++) {
        if (is_at(x, text)) {
            x->at += strlen(text);
            return;
        }
        x->place.line += *x->at == '\n';
    }
    MAP_REFUSE(&x->place, "", "broken XML: expected %s", text);
}

static void
add_byte(xml *x, char c)
{
    if (x->length < VALUE - 1)
        x->value[x->length++] = c;
    else
        x->too_long = true;
}

// One character of text; &amp; and its like are what they stand for.
static void
take_text(xml *x)
{
    static const char *const entity[][2] = {
        {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}};
    for (int i = 0; i < 5; i++)
        if (is_at(x, entity[i][0])) {
            x->at += strlen(entity[i][0]);
            add_byte(x, *entity[i][1]);
            return;
        }
    if (*x->at == '&')
        MAP_REFUSE(&x->place, "", "broken XML: an & that is none of &amp; &lt; &gt; &quot; &apos;");
    x->place.line += *x->at == '\n';
    add_byte(x, *x->at++);
}

// The name of a tag, up to a blank, / or >.
static void
push(xml *x)
{
    size_t n = 0, begin = strlen(x->path);
    while (x->at + n < x->end && !strchr(" \t\r\n/>", x->at[n]))
        n++;
    if (n == 0 || x->depth == DEPTH || begin + n + 2 > sizeof x->path)
        MAP_REFUSE(&x->place, "", "broken XML: a tag without a name, or tags too deep");
    x->open[x->depth++] = (int)begin;
    x->path[begin] = '/';
    memcpy(x->path + begin + 1, x->at, n);
    x->path[begin + 1 + n] = 0;
    x->at += n;
}

// Passes over the attributes; whether the tag ends itself.
static bool
pass_attributes(xml *x)
{
    for (char quote = 0; x->at < x->end; x->at++) {
        char c = *x->at;
        x->place.line += c == '\n';
        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>') {
            x->at++;
            return x->at[-2] == '/';
        }
    }
    MAP_REFUSE(&x->place, "", "broken XML: a tag without its >");
}

// Without the blanks at both ends.
static void
trim(xml *x)
{
    size_t from = 0;
    while (x->length > from && strchr(" \t\r\n", x->value[x->length - 1]))
        x->length--;
    while (from < x->length && strchr(" \t\r\n", x->value[from]))
        from++;
    x->length -= from;
    memmove(x->value, x->value + from, x->length);
    x->value[x->length] = 0;
}

// Goes on to where an element ends: x->path is its path, x->value its text. False at the end of the file.
static bool
next_element(xml *x)
{
    while (x->at < x->end) {
        if (is_at(x, "<!--"))
            pass(x, "-->");
        else if (is_at(x, "<?"))
            pass(x, "?>");
        else if (is_at(x, "<![CDATA["))
            MAP_REFUSE(&x->place, "", "CDATA is not read here; write the text as it is");
        else if (is_at(x, "<!"))
            pass(x, ">");
        else if (is_at(x, "</")) {
            x->at += 2;
            const char *name = x->depth ? x->path + x->open[x->depth - 1] + 1 : "";
            if (!x->depth || !is_at(x, name) || !closes(x, strlen(name)))
                MAP_REFUSE(&x->place, "", "broken XML: an end of <%.60s> is expected here",
                           escape(name));
            pass(x, ">");
            trim(x);
            return true;
        } else if (is_at(x, "<")) {
            x->at++;
            push(x);
            x->length = 0;
            x->value[0] = 0;
            x->too_long = false;
            if (pass_attributes(x))
                return true;
        } else
            take_text(x);
    }
    if (x->depth)
        MAP_REFUSE(&x->place, "", "broken XML: <%.60s> is not closed",
                   escape(x->path + x->open[x->depth - 1] + 1));
    return false;
}

// The element has been dealt with.
static void
pop(xml *x)
{
    x->path[x->open[--x->depth]] = 0;
    x->length = 0;
}

// ---- An annotation ----

// The name of the file without its folder and ending.
static const char *
stem_of(const char *name, size_t *length)
{
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
    const char *dot = strrchr(base, '.');
    *length = dot ? (size_t)(dot - base) : strlen(base);
    return base;
}

enum { XMIN, YMIN, XMAX, YMAX, DIFFICULT, SIDES };
static const char *const side_path[SIDES] = {
    "/annotation/object/bndbox/xmin", "/annotation/object/bndbox/ymin",
    "/annotation/object/bndbox/xmax", "/annotation/object/bndbox/ymax",
    "/annotation/object/difficult"};
static const char *const side_name[SIDES] = {"xmin", "ymin", "xmax", "ymax", "difficult"};

// An object that is being read. Parts of it have boxes of their own, under other paths.
typedef struct {
    double side[SIDES];
    bool given[SIDES];
    int class; // -1: not yet
} object;

static void
object_ends(map_data *d, const xml *x, const object *o, int image)
{
    for (int i = XMIN; i <= YMAX; i++)
        if (!o->given[i])
            MAP_REFUSE(&x->place, "object", "has no bndbox with %s", side_name[i]);
    for (int i = XMIN; i <= YMIN; i++)
        if (o->side[i + 2] < o->side[i])
            MAP_REFUSE(&x->place, side_name[i + 2], "is %g, below %s, %g", o->side[i + 2],
                       side_name[i], o->side[i]);
    if (o->class < 0)
        MAP_REFUSE(&x->place, "object", "has no name");
    map_truth t = {.id = d->scene.G + 1,
                   .image = image,
                   .class = o->class,
                   .box = {o->side[XMIN], o->side[YMIN], o->side[XMAX] - o->side[XMIN],
                           o->side[YMAX] - o->side[YMIN]},
                   .difficult = o->side[DIFFICULT] != 0};
    t.area = t.box.w * t.box.h;
    map_reading_truth(d, &x->place, t);
}

static const object nothing = {.class = -1};

void
map_data_voc_truths(map_data *d, const char *bytes, size_t size, const char *name)
{
    xml x = {.at = bytes, .end = bytes + size, .place = {.file = name, .line = 1}};
    size_t length;
    const char *stem = stem_of(name, &length);
    int image = map_reading_name(&x.place, "the file's name", &d->images, stem, length, true);
    bool annotation = false;
    object o = nothing;
    d->size = memory_grow(d->size, image + 1, sizeof *d->size, "sizes of images");
    d->size[image][0] = d->size[image][1] = 0;
    while (next_element(&x)) {
        annotation |= strcmp(x.path, "/annotation") == 0;
        if (x.too_long && strncmp(x.path, "/annotation/object", 18) == 0)
            MAP_REFUSE(&x.place, "", "a text has more than %d bytes", VALUE - 1);
        if (strcmp(x.path, "/annotation/size/width") == 0)
            d->size[image][0] = map_reading_number(&x.place, "width", x.value, x.length);
        if (strcmp(x.path, "/annotation/size/height") == 0)
            d->size[image][1] = map_reading_number(&x.place, "height", x.value, x.length);
        if (strcmp(x.path, "/annotation/object/name") == 0)
            o.class = map_reading_name(&x.place, "name", &d->classes, x.value, x.length, true);
        for (int i = 0; i < SIDES; i++)
            if (strcmp(x.path, side_path[i]) == 0) {
                o.side[i] = map_reading_number(&x.place, side_name[i], x.value, x.length);
                o.given[i] = true;
            }
        if (strcmp(x.path, "/annotation/object") == 0) {
            object_ends(d, &x, &o, image);
            o = nothing;
        }
        pop(&x);
    }
    if (!annotation)
        fail("%s: has no <annotation>, expected VOC's XML", escape(name));
}

// ---- Results ----

// The class whose results the file called comp4_det_test_CLASS.txt or CLASS.txt has: the longest known name that it
// ends in, else what follows the last _.
static int
class_of(map_data *d, const map_reading_place *p)
{
    size_t length, best = 0;
    const char *stem = stem_of(p->file, &length);
    int class = -1;
    for (int k = 0; k < d->classes.n; k++) {
        const char *known = map_names_text(&d->classes, k);
        size_t n = strlen(known);
        if (n > best && n <= length && memcmp(stem + length - n, known, n) == 0 &&
            (n == length || stem[length - n - 1] == '_')) {
            class = k;
            best = n;
        }
    }
    if (class >= 0)
        return class;
    const char *from = stem;
    for (size_t i = 0; i < length; i++)
        if (stem[i] == '_')
            from = stem + i + 1;
    return map_reading_name(p, "the file's name", &d->classes, from, length - (from - stem), true);
}

void
map_data_voc_detections(map_data *d, const char *bytes, size_t size, const char *name)
{
    enum { WORDS = 6 };
    static const char *const key[WORDS] = {"image", "score", "x1", "y1", "x2", "y2"};
    map_reading_place p = {.file = name};
    const char *next = bytes, *line, *word[WORDS];
    size_t length, count[WORDS];
    int class = class_of(d, &p);
    while ((line = map_reading_line(&next, bytes + size, &length))) {
        double v[WORDS] = {0};
        p.line++;
        int n = map_reading_words(line, length, WORDS, word, count);
        if (n == 0)
            MAP_REFUSE(&p, "", "an empty line");
        if (n != WORDS)
            MAP_REFUSE(&p, "", "%d word%s, expected image, score, x1, y1, x2, y2", n,
                       n == 1 ? "" : "s");
        for (int i = 1; i < WORDS; i++)
            v[i] = map_reading_number(&p, key[i], word[i], count[i]);
        int image = map_reading_name(&p, key[0], &d->images, word[0], count[0], false);
        if (image < 0)
            MAP_REFUSE(&p, key[0], "is '%.*s', the ground truth has no such image",
                       (int)(count[0] < 60 ? count[0] : 60), word[0]);
        for (int i = 2; i < 4; i++)
            if (v[i + 2] < v[i])
                MAP_REFUSE(&p, key[i + 2], "is %g, below %s, %g: VOC's results are two corners",
                           v[i + 2], key[i], v[i]);
        map_reading_detection(
            d, &p, (map_detection){image, class, {v[2], v[3], v[4] - v[2], v[5] - v[3]}, v[1]});
    }
}
