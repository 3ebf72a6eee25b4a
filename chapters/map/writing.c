#include "map/writing.h"

#include "files/file.h"
#include "files/memory.h"

#include <stdio.h>
#include <stdlib.h>

// The shortest of 15 to 17 digits that bring back the same bits.
static void
print_number(FILE *f, const char *before, double x)
{
    char text[40];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x)
            break;
    }
    fprintf(f, "%s%s", before, text);
}

static void
print_box(FILE *f, const char *between, const map_box *b)
{
    print_number(f, "", b->x);
    print_number(f, between, b->y);
    print_number(f, between, b->w);
    print_number(f, between, b->h);
}

void
map_write_json_truths(const map_scene *s, const char *path)
{
    FILE *f = file_create(path);
    fprintf(f, "{\n\"images\": [");
    for (int i = 0; i < s->N; i++)
        fprintf(f, "%s\n{\"id\": %d}", i ? "," : "", i + 1);
    fprintf(f, "],\n\"annotations\": [");
    for (int g = 0; g < s->G; g++) {
        const map_truth *t = &s->truths[g];
        fprintf(f, "%s\n{\"id\": %lld, \"image_id\": %d, \"category_id\": %d, \"bbox\": [",
                g ? "," : "", t->id, t->image + 1, t->class + 1);
        print_box(f, ", ", &t->box);
        print_number(f, "], \"area\": ", t->area);
        fprintf(f, ", \"iscrowd\": %d%s}", t->crowd, t->difficult ? ", \"ignore\": 1" : "");
    }
    fprintf(f, "],\n\"categories\": [");
    for (int k = 0; k < s->K; k++)
        fprintf(f, "%s\n{\"id\": %d, \"name\": \"k%d\"}", k ? "," : "", k + 1, k + 1);
    fprintf(f, "]\n}\n");
    file_commit(f, path);
}

void
map_write_json_detections(const map_scene *s, const char *path)
{
    FILE *f = file_create(path);
    for (int d = 0; d < s->D; d++) {
        const map_detection *t = &s->detections[d];
        fprintf(f, "%s\n{\"image_id\": %d, \"category_id\": %d, \"bbox\": [", d ? "," : "[",
                t->image + 1, t->class + 1);
        print_box(f, ", ", &t->box);
        print_number(f, "], \"score\": ", t->score);
        fprintf(f, "}");
    }
    fprintf(f, "\n]\n");
    file_commit(f, path);
}

void
map_write_table_truths(const map_scene *s, const char *path)
{
    FILE *f = file_create(path);
    char *seen = memory_zeroed(s->N, 1, "images");
    fprintf(f, "image\tclass\tx\ty\tw\th\tarea\tcrowd\tdifficult\n");
    for (int g = 0; g < s->G; g++) {
        const map_truth *t = &s->truths[g];
        seen[t->image] = 1;
        fprintf(f, "%d\t%d\t", t->image + 1, t->class + 1);
        print_box(f, "\t", &t->box);
        print_number(f, "\t", t->area);
        fprintf(f, "\t%d\t%d\n", t->crowd, t->difficult);
    }
    for (int i = 0; i < s->N; i++)
        if (!seen[i])
            fprintf(f, "%d\t\t\t\t\t\t\t\t\n", i + 1);
    free(seen);
    file_commit(f, path);
}

void
map_write_table_detections(const map_scene *s, const char *path)
{
    FILE *f = file_create(path);
    fprintf(f, "image\tclass\tscore\tx\ty\tw\th\n");
    for (int d = 0; d < s->D; d++) {
        const map_detection *t = &s->detections[d];
        fprintf(f, "%d\t%d", t->image + 1, t->class + 1);
        print_number(f, "\t", t->score);
        fputc('\t', f);
        print_box(f, "\t", &t->box);
        fputc('\n', f);
    }
    file_commit(f, path);
}
