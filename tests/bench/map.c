// COCO's evaluation by chapter map, for tests/bench/bench.py:
//
//     map write FOLDER IMAGES    a made-up set of 80 classes, 100 detections an image: gt.json and dt.json; prints
//                                the numbers of ground truths and detections
//     map read FOLDER            a step reads both; the value is the number of detections
//     map evaluate FOLDER        a step evaluates what was read before; the value is AP
#include "bench.h"

#include "map/data.h"
#include "map/detector.h"
#include "map/map.h"
#include "map/writing.h"

#include "files/fail.h"
#include "files/file.h"

#include <stdlib.h>
#include <string.h>

static char truths[FILE_PATH], detections[FILE_PATH]; // the files

static double
read_step(void *context)
{
    map_data *d = context;
    map_data_free(d);
    map_data_read_files(d, truths, detections);
    return d->scene.D;
}

static double
evaluate_step(void *context)
{
    const map_data *d = context;
    double number[MAP_NUMBERS];
    map_groups x = map_groups_new(&d->scene);
    map_coco c = map_coco_evaluate(&d->scene, &x);
    map_coco_numbers(&c, number);
    map_coco_free(&c);
    map_groups_free(&x);
    return number[0];
}

static void
write_both(int images)
{
    map_detector_plan plan = map_detector_large;
    plan.images = images;
    map_scene s = map_detector_scene(&plan, MAP_DETECTOR_SEED);
    map_write_json_truths(&s, truths);
    map_write_json_detections(&s, detections);
    printf("%d %d\n", s.G, s.D);
    map_scene_free(&s);
}

int
main(int count, char **argument)
{
    if (count < 3 || count > 4)
        fail("expected: map write FOLDER IMAGES, map read FOLDER, or map evaluate FOLDER");
    snprintf(truths, sizeof truths, "%s/gt.json", argument[2]);
    snprintf(detections, sizeof detections, "%s/dt.json", argument[2]);
    if (count == 4) {
        write_both(atoi(argument[3]));
        return 0;
    }
    map_data d = {0};
    map_data_read_files(&d, truths, detections);
    answer(strcmp(argument[1], "read") ? evaluate_step : read_step, &d);
    map_data_free(&d);
}
