// A made-up data set: images with objects, and what a detector of known faults says about them.
#ifndef MAP_DETECTOR_H
#define MAP_DETECTOR_H

#include "map/map.h"
#include "numbers/random.h"

// How the images are and how well they are seen.
typedef struct {
    int images, classes;
    double objects; // a mean per image
    double clutter; // detections of nothing, a mean per image
    int decimals;   // to which scores are rounded: few decimals, many ties
} detector_plan;

// The plan of the chapter's figures, and that of the benchmark: 5000 images, 80 classes.
extern const detector_plan detector_small, detector_large;

// Draws both. Image i depends on seed and i only. free(truths), free(detections).
map_scene detector_scene(const detector_plan *plan, uint32_t seed);

#endif
