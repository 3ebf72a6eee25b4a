// Processor time of reading COCO's JSON and of evaluating, against the number of detections: 80 classes, 100 detections
// an image.
#include "files/fail.h"
#include "files/file.h"
#include "files/table.h"
#include "frame/program.h"
#include "map/data.h"
#include "map/detector.h"
#include "map/figures/figures.h"
#include "map/map.h"
#include "map/writing.h"

#include <stdio.h>
#include <time.h>

static double
processor_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

// Reads and evaluates once: a row of the table.
static void
measure(table *t, const char *truths, const char *detections)
{
    map_data data = {0};
    double start = processor_seconds();
    map_data_read_files(&data, truths, detections);
    double read = processor_seconds();
    map_groups x = map_groups_new(&data.scene);
    map_coco c = map_coco_evaluate(&data.scene, &x);
    double end = processor_seconds();
    table_row(t, "idd", data.scene.D, read - start, end - read);
    map_coco_free(&c);
    map_groups_free(&x);
    map_data_free(&data);
}

// Processor time of reading COCO's JSON and of evaluating against the number of detections: 80 classes, 100
// detections an image.
void
map_figure_cost(void)
{
    char truths[FILE_PATH], detections[FILE_PATH];
    snprintf(truths, sizeof truths, "%s", program_path("cost-gt.json"));
    snprintf(detections, sizeof detections, "%s", program_path("cost-dt.json"));
    table *t = program_table("cost.timing", "detections\tread_seconds\tevaluate_seconds");
    for (int images = 10; images <= program_steps(5120, 20); images *= 2) {
        map_detector_plan plan = map_detector_large;
        plan.images = images;
        map_scene s = map_detector_scene(&plan, MAP_DETECTOR_SEED);
        fail_unfinished(truths);
        fail_unfinished(detections);
        map_write_json_truths(&s, truths);
        map_write_json_detections(&s, detections);
        map_scene_free(&s);
        measure(t, truths, detections);
        remove(truths);
        remove(detections);
        fail_finished(truths);
        fail_finished(detections);
    }
    table_close(t);
}
