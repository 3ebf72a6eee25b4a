#include "map/worked_example.h"

#include "files/memory.h"

// image, x, y, w, h
static const int truth[][5] = {
    {1, 25, 16, 38, 56},  {1, 129, 123, 41, 62}, {2, 123, 11, 43, 55}, {2, 38, 132, 59, 45},
    {3, 16, 14, 35, 48},  {3, 123, 30, 49, 44},  {3, 99, 139, 47, 47}, {4, 53, 42, 40, 52},
    {4, 154, 43, 31, 34}, {5, 59, 31, 44, 51},   {5, 48, 128, 34, 52}, {6, 36, 89, 52, 76},
    {6, 62, 58, 44, 67},  {7, 28, 31, 55, 63},   {7, 58, 67, 50, 58},
};

// image, score in hundredths, x, y, w, h
static const int detection[][6] = {
    {1, 88, 5, 67, 31, 48},    {1, 70, 119, 111, 40, 67}, {1, 80, 124, 9, 49, 67},
    {2, 71, 64, 111, 64, 58},  {2, 54, 26, 140, 60, 47},  {2, 74, 19, 18, 43, 35},
    {3, 18, 109, 15, 77, 39},  {3, 67, 86, 63, 46, 45},   {3, 38, 160, 62, 36, 53},
    {3, 91, 105, 131, 47, 47}, {3, 44, 18, 148, 40, 44},  {4, 35, 83, 28, 28, 26},
    {4, 78, 28, 68, 42, 67},   {4, 45, 87, 89, 25, 39},   {4, 14, 10, 155, 60, 26},
    {5, 62, 50, 38, 28, 46},   {5, 44, 95, 11, 53, 28},   {5, 95, 29, 131, 72, 29},
    {5, 23, 29, 163, 72, 29},  {6, 45, 43, 48, 74, 38},   {6, 84, 17, 155, 29, 35},
    {6, 43, 95, 110, 25, 42},  {7, 48, 16, 20, 101, 88},  {7, 95, 33, 116, 37, 49},
};

map_scene
map_worked_scene(void)
{
    enum { G = sizeof truth / sizeof *truth, D = sizeof detection / sizeof *detection };
    map_scene s = {.N = 7,
                   .K = 1,
                   .G = G,
                   .D = D,
                   .truths = memory_zeroed(G, sizeof(map_truth), "ground truths"),
                   .detections = memory_zeroed(D, sizeof(map_detection), "detections")};
    for (int g = 0; g < G; g++) {
        const int *t = truth[g];
        s.truths[g] = (map_truth){
            .id = g + 1, .image = t[0] - 1, .box = {t[1], t[2], t[3], t[4]}, .area = t[3] * t[4]};
    }
    for (int d = 0; d < D; d++) {
        const int *t = detection[d];
        s.detections[d] = (map_detection){t[0] - 1, 0, {t[2], t[3], t[4], t[5]}, t[1] / 100.0};
    }
    return s;
}
