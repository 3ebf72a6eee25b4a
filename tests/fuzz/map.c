// Any bytes as ground truths, and as detections of small ground truths, in JSON, a table, and the files of VOC's and
// YOLO's folders: they are scored, or refused through fail(), and nothing else happens. For libFuzzer; `make fuzz`
// runs it.
#include "refuse.h"

#include "map/data.h"
#include "map/map.h"
#include "map/operating.h"
#include "map/uncertainty.h"
#include "map/warnings.h"

#include "files/fail.h"
#include "files/memory.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char json[] =
    "{\"images\": [{\"id\": 3, \"width\": 100}, {\"id\": 4}], \"categories\": "
    "[{\"id\": 7, \"name\": \"cat\"}], \"annotations\": [{\"id\": 1, \"image_id\": 3, "
    "\"category_id\": 7, \"bbox\": [1, 2, 30, 40], \"area\": 900}]}";
static const char rows[] = "image,class,x,y,w,h\n3,7,1,2,30,40\n4,7,1,2,30,40\n";

static map_data data;

static void
ignore(const char *line)
{
    (void)line;
}

static void
score(void)
{
    double number[MAP_NUMBERS];
    map_data_sort(&data);
    map_warn(&data, ignore);
    map_groups x = map_groups_new(&data.scene);
    map_coco c = map_coco_evaluate(&data.scene, &x);
    map_rankings voc = map_voc_rankings(&data.scene, &x, 0.5, 1);
    map_coco_numbers(&c, number);
    int n[10], *weight = memory_zeroed(data.scene.N, sizeof *weight, "weights of images");
    double mean[10], part[10];
    rng r = rng_at(1, 0);
    map_calibration(&data.scene, &c.rankings, 10, n, mean, part);
    map_resample(data.scene.N, &r, weight);
    for (int p = 0; p < 4; p++) {
        const map_rule rule = {p, 0.5, 1};
        map_resampled(&data.scene, &rule, p == MAP_COCO ? &c.rankings : &voc, weight);
        map_ties(&data.scene, &x, 0, &rule, 2, &r);
    }
    free(weight);
    map_scored d = {data.scene, x, c};
    map_operating best = map_operating_best(&d);
    int missed, *confusion = map_confusion(&d, best.score);
    free(map_missed(&d, best.score, &missed));
    free(map_report_coco_reasons(&d));
    free(confusion);
    if (!(best.f1 >= 0 && best.f1 <= 1) || missed > data.scene.G)
        abort();
    for (int i = 0; i < MAP_NUMBERS; i++)
        if (!(number[i] == -1 || (number[i] >= 0 && number[i] <= 1 + 1e-9)))
            abort();
    map_rankings_free(&voc);
    map_coco_free(&c);
    map_groups_free(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *text = (const char *)bytes;
    fail_handler = give_up;
    if (!setjmp(refused)) {
        map_data_read_truths(&data, text, size, "gt");
        score();
    }
    map_data_free(&data);
    for (int kind = 0; kind < 2; kind++) {
        if (!setjmp(refused)) {
            map_data_read_truths(&data, kind ? rows : json, strlen(kind ? rows : json), "gt");
            map_data_read_detections(&data, text, size, "dt");
            score();
        }
        map_data_free(&data);
    }
    // As the files of folders.
    for (int kind = 0; kind < 4; kind++) {
        if (!setjmp(refused)) {
            if (kind == 0)
                map_data_voc_truths(&data, text, size, "f/3.xml");
            else
                map_data_read_truths(&data, rows, strlen(rows), "gt");
            data.pixels[0] = data.pixels[1] = 100;
            if (kind == 1)
                map_data_voc_detections(&data, text, size, "f/det_7.txt");
            else if (kind > 1)
                map_data_yolo(&data, text, size, "f/3.txt", kind == 2);
            map_data_finish(&data, "f");
            score();
        }
        map_data_free(&data);
    }
    return 0;
}
