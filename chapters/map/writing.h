// Scenes as files: COCO JSON and tables. Read back they give the same bits.
#ifndef MAP_WRITING_H
#define MAP_WRITING_H

#include "map/map.h"

// Image i has the id i + 1, class k the id k + 1 and the name "k" followed by it.
void map_write_json_truths(const map_scene *s, const char *path);
void map_write_json_detections(const map_scene *s, const char *path);

// The same numbers in tables; an image without ground truth gets a row of its own.
void map_write_table_truths(const map_scene *s, const char *path);
void map_write_table_detections(const map_scene *s, const char *path);

#endif
