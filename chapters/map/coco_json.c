// COCO's JSON: ground truths {"images": [...], "categories": [...], "annotations": [...]}, results [...].
#define _GNU_SOURCE // memmem
#include "files/fail.h"
#include "files/memory.h"
#include "map/reading.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const box_keys[] = {"bbox[0]", "bbox[1]", "bbox[2]", "bbox[3]"};

// jansson tells no memory as an error of the text, or not at all.
static void *
json_memory(size_t size)
{
    void *memory = malloc(size);
    if (!memory)
        fail("no memory for JSON: %zu bytes", size);
    return memory;
}

void
map_coco_json_memory(void)
{
    json_set_alloc_funcs(json_memory, free);
}

// ---- JSON: one item of a list at a time, so that memory stays small ----

typedef struct {
    const char *bytes;
    size_t size, at;
    map_reading_place place;
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
    fail("%s:%d: broken JSON at column %zu: %s", escape(j->place.file), line, at - begin + 1,
         escape(why));
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
    char found = peek(j), message[64];
    if (found != expected) {
        snprintf(message, sizeof message, "expected '%c'%s", expected,
                 j->at < j->size ? "" : ", and the file ends");
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
each_item(map_data *d, json_text *j,
          void (*item)(map_data *d, const map_reading_place *p, const json_t *o))
{
    take(j, '[');
    if (peek(j) == ']') {
        j->at++;
        return;
    }
    for (j->place.line = 0;; j->place.line++) {
        const json_t *o = next_value(d, j);
        if (!json_is_object(o))
            MAP_REFUSE(&j->place, "", "is no object, expected {...}");
        item(d, &j->place, o);
        if (peek(j) != ',')
            break;
        j->at++;
    }
    take(j, ']');
}

static const json_t *
member(const map_reading_place *p, const json_t *o, const char *key)
{
    const json_t *value = json_object_get(o, key);
    if (!value)
        MAP_REFUSE(p, key, "is missing");
    return value;
}

// An id: a whole number, which may be written 1.0, or a text.
typedef struct {
    long long number;
    const char *text; // NULL: the number
    size_t length;
} json_id;

static json_id
id_of(const map_reading_place *p, const json_t *o, const char *key)
{
    const json_t *value = member(p, o, key);
    if (json_is_string(value))
        return (json_id){0, json_string_value(value), json_string_length(value)};
    if (json_is_integer(value))
        return (json_id){json_integer_value(value), NULL, 0};
    double number = json_is_real(value) ? json_real_value(value) : NAN;
    if (!(fabs(number) <= 0x1p53) || number != floor(number))
        MAP_REFUSE(p, key, "is neither a whole number nor a text");
    return (json_id){(long long)number, NULL, 0};
}

// As it stands in a message; valid as escape()'s.
static const char *
shown(json_id id)
{
    char text[32];
    snprintf(text, sizeof text, "%lld", id.number);
    return escape(id.text ? id.text : text);
}

static double
number_of(const map_reading_place *p, const json_t *value, const char *key)
{
    if (!json_is_number(value))
        MAP_REFUSE(p, key, "is no number");
    return json_number_value(value);
}

static bool
flag_of(const map_reading_place *p, const json_t *o, const char *key)
{
    const json_t *value = json_object_get(o, key);
    if (!value || json_is_boolean(value))
        return json_is_true(value);
    double number = json_is_number(value) ? json_number_value(value) : NAN;
    if (number != 0 && number != 1)
        MAP_REFUSE(p, key, "is neither 0 nor 1");
    return number == 1;
}

static map_box
box_of(const map_reading_place *p, const json_t *o)
{
    if (!json_object_get(o, "bbox") && json_object_get(o, "segmentation"))
        MAP_REFUSE(p, "bbox",
                   "is missing; there is a segmentation, and only boxes are scored here");
    const json_t *box = member(p, o, "bbox");
    double v[4];
    if (!json_is_array(box) || json_array_size(box) != 4)
        MAP_REFUSE(p, "bbox", "is no list of 4 numbers: x, y, width, height");
    for (int i = 0; i < 4; i++)
        v[i] = number_of(p, json_array_get(box, i), box_keys[i]);
    return (map_box){v[0], v[1], v[2], v[3]};
}

// Adds the object's id, which must be new.
static int
new_id(const map_reading_place *p, const json_t *o, map_names *names)
{
    json_id id = id_of(p, o, "id");
    int before = names->n, i = map_names_add(names, id.number, id.text, id.length);
    if (i < before)
        MAP_REFUSE(p, "id", "is %s, which stands at %s[%d], too", shown(id), p->section, i);
    return i;
}

static void
image_item(map_data *d, const map_reading_place *p, const json_t *o)
{
    const char *const keys[] = {"width", "height"};
    int i = new_id(p, o, &d->images);
    d->size = memory_grow(d->size, i + 1, sizeof *d->size, "sizes of images");
    for (int k = 0; k < 2; k++) {
        const json_t *value = json_object_get(o, keys[k]);
        // Only a warning needs it: null or a text is as good as nothing.
        d->size[i][k] = json_is_number(value) ? json_number_value(value) : 0;
    }
}

static void
category_item(map_data *d, const map_reading_place *p, const json_t *o)
{
    int i = new_id(p, o, &d->classes);
    const char *label = json_string_value(json_object_get(o, "name"));
    if (label && *label) {
        label = escape(label);
        d->classes.name[i].label = memory_zeroed((long)strlen(label) + 1, 1, "a name");
        strcpy(d->classes.name[i].label, label);
    }
}

// The image or class with this id; a message if there is none.
static int
known_id(const map_reading_place *p, const json_t *o, const char *key, const map_names *names,
         const char *what)
{
    json_id id = id_of(p, o, key);
    int i = map_names_find(names, id.number, id.text, id.length);
    if (i < 0)
        MAP_REFUSE(p, key, "is %s%s, the ground truth has no such %s", shown(id),
                   id.text ? " (a text)" : "", what);
    return i;
}

static void
annotation_item(map_data *d, const map_reading_place *p, const json_t *o)
{
    new_id(p, o, &d->ids);
    const json_t *area = json_object_get(o, "area");
    json_id id = id_of(p, o, "id");
    map_truth t = {.id = id.text ? d->ids.n : id.number};
    t.image = known_id(p, o, "image_id", &d->images, "image");
    t.class = known_id(p, o, "category_id", &d->classes, "category");
    t.box = box_of(p, o);
    t.crowd = flag_of(p, o, "iscrowd");
    t.difficult = flag_of(p, o, "ignore");
    d->no_area += !area;
    t.area = area ? number_of(p, area, "area") : t.box.w * t.box.h;
    map_reading_truth(d, p, t);
}

static void
result_item(map_data *d, const map_reading_place *p, const json_t *o)
{
    map_detection t = {.image = known_id(p, o, "image_id", &d->images, "image")};
    json_id class = id_of(p, o, "category_id");
    t.class = map_names_find(&d->classes, class.number, class.text, class.length);
    t.box = box_of(p, o);
    t.score = number_of(p, member(p, o, "score"), "score");
    if (t.class < 0) {
        d->foreign++;
        return;
    }
    map_reading_detection(d, p, t);
}

// COCO's file has its lists in any order: annotations are read last.
void
map_coco_json_truths(map_data *d, const char *bytes, size_t size, const char *name)
{
    static const struct {
        const char *name;
        void (*item)(map_data *d, const map_reading_place *p, const json_t *o);
    } sections[] = {
        {"images", image_item}, {"categories", category_item}, {"annotations", annotation_item}};
    size_t begin[3] = {0};
    map_coco_json_memory();
    json_text j = {bytes, size, 0, {.file = name, .json = true, .section = ""}};
    if (peek(&j) == '[')
        fail("%s: is a list, as results are; expected ground truth {\"images\": [...], "
             "\"categories\": [...], \"annotations\": [...]}: are --gt and --dt exchanged?",
             name);
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

void
map_coco_json_detections(map_data *d, const char *bytes, size_t size, const char *name)
{
    json_text j = {bytes, size, 0, {.file = name, .json = true, .section = ""}};
    map_coco_json_memory();
    if (peek(&j) != '[')
        fail("%s: is no list; expected COCO's results: [{\"image_id\": ..., \"category_id\": ..., "
             "\"bbox\": [x, y, w, h], \"score\": ...}, ...]%s",
             name,
             memmem(bytes, size, "\"annotations\"", 13) ? ": are --gt and --dt exchanged?" : "");
    each_item(d, &j, result_item);
    if (peek(&j) || j.at < j.size)
        broken(&j, j.at, "expected the end of the file");
}
