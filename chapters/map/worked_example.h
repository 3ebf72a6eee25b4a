// The example that most explanations of AP use: 7 images, 15 ground truths, 24 detections of one class, by
// R. Padilla (github.com/rafaelpadilla/Object-Detection-Metrics).
#ifndef MAP_WORKED_EXAMPLE_H
#define MAP_WORKED_EXAMPLE_H

#include "map/map.h"

map_scene map_worked_scene(void);

#endif
