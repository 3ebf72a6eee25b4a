// The example that most explanations of AP use: 7 images, 15 ground truths, 24 detections of one class, by
// R. Padilla (github.com/rafaelpadilla/Object-Detection-Metrics).
#ifndef WORKED_EXAMPLE_H
#define WORKED_EXAMPLE_H

#include "map.h"

// free(truths), free(detections).
map_scene worked_scene(void);

#endif
