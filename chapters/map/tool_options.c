// The tool's manual, and the values of its options.
#include "files/escape.h"
#include "files/fail.h"
#include "map/tool.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
map_tool_help(void)
{
    printf(
        "map: scores the boxes of an object detector as COCO and PASCAL VOC do.\n\n"
        "    build/map/map --gt TRUTHS --dt DETECTIONS [options]\n"
        "    build/map/map                               the chapter's figures and reference "
        "cases\n\n"
        "TRUTHS and DETECTIONS are of one format, or both of text formats:\n\n"
        "  COCO's JSON   {\"images\": [{\"id\": 1}], \"categories\": [{\"id\": 3, \"name\": "
        "\"cat\"}], "
        "\"annotations\":\n"
        "                [{\"id\": 1, \"image_id\": 1, \"category_id\": 3, \"bbox\": [x, y, w, h], "
        "\"area\": 90.5}]}\n"
        "                [{\"image_id\": 1, \"category_id\": 3, \"bbox\": [x, y, w, h], \"score\": "
        "0.9}]\n"
        "  a table       image,class,x,y,w,h          and, if you like, area,crowd,difficult\n"
        "                a.jpg,cat,10,20,100,50       tabs do, too; \"cells, in quotes\" do\n"
        "                image,class,score,x,y,w,h\n"
        "                a.jpg,cat,0.93,11,22,98,50\n"
        "  VOC's folder  *.xml, one for each image\n"
        "                *_CLASS.txt with lines       IMAGE SCORE X1 Y1 X2 Y2\n"
        "  YOLO's folder *.txt, one for each image, with lines\n"
        "                CLASS XC YC W H              and for detections the score behind; "
        "needs --size\n\n"
        "x, y is the left upper corner, in pixels. A box of VOC is x1, y1, x2 - x1, y2 - y1.\n\n"
        "What is asked for (defaults in brackets):\n\n"
        "  --score S         precision, recall and F1 for the detections with this score or more "
        "[the\n"
        "                    score of the best F1]; also what audit, missed, confusion are about\n"
        "  --thresholds LIST of IoU, as .5,.75 or .5:.95:.05 [.5:.95:.05]; the first is VOC's, "
        "too\n"
        "  --areas A,B       small up to A pixels, large from B pixels on [1024,9216]\n"
        "  --size WxH        of all images, for YOLO's folders\n"
        "  --open            VOC without + 1: pixels at x + w lie outside [they belong to the "
        "box]\n"
        "  --strict-coco     pycocotools' numbers also where it is mistaken [an annotation with "
        "the id 0\n"
        "                    is one like any other, `ignore: 1` is honoured; both are told]\n"
        "  --orders N        random orders of equal scores [20]\n"
        "  --resamples N     resamples of the images for intervals [200]\n\n"
        "What is given:\n\n"
        "  --out DIR         where all files go [build/map/own]\n"
        "  --numbers         the scores only: no ties, intervals, files, figures\n"
        "  --json            scores.json, all numbers in one file\n"
        "  --arrays          precision.npy (T, R, K, A, M) and recall.npy (T, K, A, M) of "
        "pycocotools\n"
        "  --threads N       [all cores]\n\n"
        "Files: scores.tsv; classes.tsv, by AP; audit.tsv, every detection with what became of it "
        "and\n"
        "why; missed.tsv; confusion.tsv (rows truths, columns detections); pictures (*.svg, "
        "gnuplot).\n\n"
        "Exit status: 0 done; 1 the chapter's claims were contradicted; 2 an option or a file was "
        "refused,\n"
        "with one line that says where and why. Warnings go to stderr, once each with a count.\n\n"
        "The chapter: --only FIGURE, --quick, --cases, --seed K, --stats, --out DIR "
        "[build/map/out].\n");
}

double
map_tool_number(const char *name, const char *text)
{
    if (!text)
        return NAN;
    char *end;
    double x = strtod(text, &end);
    if (*end || end == text || !isfinite(x))
        fail("%s %s: expected a number", name, escape(text));
    return x;
}

void
map_tool_size(const char *text, double pixels[2])
{
    int w = 0, h = 0, used = 0;
    pixels[0] = pixels[1] = 0;
    if (!text)
        return;
    if (sscanf(text, "%9dx%9d%n", &w, &h, &used) != 2 || text[used] || w <= 0 || h <= 0)
        fail("--size %s: expected width and height in pixels, as 640x480", escape(text));
    pixels[0] = w, pixels[1] = h;
}

// Numbers with `between` between two; how many, at most `most`.
static int
list_of(const char *name, const char *text, char between, int most, double x[])
{
    int n = 0;
    for (const char *at = text;; at++) {
        char *end;
        double value = strtod(at, &end);
        if (end == at || (*end && *end != between) || !isfinite(value) || n == most)
            fail("%s %s: expected up to %d numbers with %c between", name, escape(text), most,
                 between);
        x[n++] = value;
        at = end;
        if (!*end)
            return n;
    }
}

static void
thresholds_of(const char *text, map_asked *asked)
{
    double step[3];
    if (strchr(text, ':')) {
        if (list_of("--thresholds", text, ':', 3, step) != 3 || step[2] <= 0)
            fail("--thresholds %s: expected from:to:step, as .5:.95:.05", escape(text));
        double steps = floor((step[1] - step[0]) / step[2] + 0.5);
        if (steps < 0 || steps >= MAP_T)
            fail("--thresholds %s: are %g, expected 1 to %d", escape(text), steps + 1, MAP_T);
        int n = (int)steps + 1;
        if (fabs(step[0] + (n - 1) * step[2] - step[1]) > 1e-6)
            fail("--thresholds %s: steps of %g from %g do not come to %g", escape(text), step[2],
                 step[0], step[1]);
        asked->T = n;
        // As NumPy's linspace has them.
        for (int t = 0; t < n; t++)
            asked->threshold[t] = n == 1 ? step[0] : t * ((step[1] - step[0]) / (n - 1)) + step[0];
    } else
        asked->T = list_of("--thresholds", text, ',', MAP_T, asked->threshold);
    for (int t = 0; t < asked->T; t++)
        if (asked->threshold[t] <= 0 || asked->threshold[t] > 1 ||
            (t && asked->threshold[t] <= asked->threshold[t - 1]))
            fail("--thresholds %s: expected rising numbers above 0, up to 1", escape(text));
}

bool
map_tool_asked(const char *thresholds, const char *areas, map_asked *asked)
{
    double edge[2] = {map_range[MAP_SMALL][1], map_range[MAP_LARGE][0]};
    *asked = (map_asked){.T = MAP_T};
    for (int t = 0; t < MAP_T; t++)
        asked->threshold[t] = map_threshold(t);
    if (thresholds)
        thresholds_of(thresholds, asked);
    if (areas && (list_of("--areas", areas, ',', 2, edge) != 2 || edge[0] < 0 || edge[1] < edge[0]))
        fail("--areas %s: expected two rising areas in pixels, as 1024,9216", escape(areas));
    memcpy(asked->range, map_range, sizeof asked->range);
    asked->range[MAP_SMALL][1] = asked->range[MAP_MEDIUM][0] = edge[0];
    asked->range[MAP_MEDIUM][1] = asked->range[MAP_LARGE][0] = edge[1];
    return thresholds || areas;
}
