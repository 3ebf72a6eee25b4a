// The scoring of chapter map, timed for tests/bench/map.py: `map FOLDER IMAGES` writes a made-up set of 80 classes
// with 100 detections an image to FOLDER/gt.json and dt.json; `map FOLDER` reads and evaluates it and prints
// detections, ground truths, the seconds of the processor for reading and for evaluating, AP, and the most memory.
#include "map/detector.h"
#include "map/reading.h"
#include "map/writing.h"

#include "fail.h"
#include "file.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double
seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void
read_file(map_data *d, const char *path,
          void (*read)(map_data *d, const char *bytes, size_t size, const char *name))
{
    size_t size;
    char *bytes = file_read(path, &size);
    read(d, bytes, size, path);
    free(bytes);
}

// The most memory so far in MiB, of this program alone: getrusage counts what forked it, too.
static double
most_memory(void)
{
    char line[256];
    double kilobytes = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "VmHWM: %lf", &kilobytes);
    if (f)
        fclose(f);
    return kilobytes / 1024;
}

int
main(int argc, char **argv)
{
    char truths[1024], detections[1024];
    if (argc < 2 || argc > 3)
        fail("expected: map FOLDER [IMAGES]");
    snprintf(truths, sizeof truths, "%s/gt.json", argv[1]);
    snprintf(detections, sizeof detections, "%s/dt.json", argv[1]);
    if (argc == 3) {
        detector_plan plan = detector_large;
        plan.images = atoi(argv[2]);
        map_scene s = detector_scene(&plan, 7);
        write_json_truths(&s, truths);
        write_json_detections(&s, detections);
        return 0;
    }
    map_data d = {0};
    double start = seconds();
    read_file(&d, truths, data_read_truths);
    read_file(&d, detections, data_read_detections);
    data_sort(&d);
    double read = seconds();
    map_index x = map_index_new(&d.scene);
    map_coco c = map_coco_evaluate(&d.scene, &x);
    double number[MAP_NUMBERS];
    map_coco_numbers(&c, number);
    printf("%d %d %.6f %.6f %.17g %.0f\n", d.scene.D, d.scene.G, read - start, seconds() - read,
           number[0], most_memory());
    return 0;
}
