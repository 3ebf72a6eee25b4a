// A made-up data set: images with objects, and what a detector of known faults says about them.
#ifndef MAP_DETECTOR_H
#define MAP_DETECTOR_H

#include "map/map.h"

// How the images are and how well they are seen.
typedef struct {
    int images, classes;
    double objects; // a mean per image
    double clutter; // detections of nothing, a mean per image
    int decimals;   // to which scores are rounded: few decimals, many ties
} map_detector_plan;

// The plan of the chapter's figures, 200 images and 10 classes, and that of the benchmark: 5000 images, 80 classes.
extern const map_detector_plan map_detector_small, map_detector_large;

// The seed of the data set that most figures use.
enum { MAP_DETECTOR_SEED = 7 };

// Draws both. Image i depends on seed and i only.
map_scene map_detector_scene(const map_detector_plan *plan, uint32_t seed);

#endif
