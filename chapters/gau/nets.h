// The nets that the figures train on texts with a topic: units of every kind in one shell, and Transformers.
#ifndef GAU_NETS_H
#define GAU_NETS_H

#include "data/topics.h"
#include "frame/training.h"
#include "gau/model.h"

enum {
    GAU_D = 32,
    GAU_T = 96,     // positions of training
    GAU_C = 24,     // of a chunk
    GAU_LAYERS = 4, // units
    GAU_LONGEST_T = 384,
    GAU_LENGTHS = 4, // 48, 96, 192, 384
    GAU_RECENT = 8,  // keys that count as near
    GAU_SEEDS = 3
};
extern const int gau_length[GAU_LENGTHS];

// What stands in the layers, from the lowest on.
typedef enum {
    GAU_QUADRATIC,     // all pairs, n fixed
    GAU_QUADRATIC_ROW, // all pairs, divided by the number of visible keys
    GAU_FLASH_NET,
    GAU_LOCAL_LINEAR,   // two local, then two linear with RMSNorm: TransNormer's order
    GAU_LINEAR_LOCAL,   // the other way round
    GAU_OVERLAP_LINEAR, // own and previous chunk, then linear with RMSNorm
    GAU_LINEAR_NORM,    // linear with RMSNorm
    GAU_LOCAL,
    GAU_LINEAR_DIVIDED, // linear with the normaliser
    GAU_LINEAR_TIMES,   // the same, its answers times 16
    GAU_LINEAR_PLAIN,   // linear with neither: divided by n
    // Transformers of two layers
    GAU_SOFTMAX_ROPE,
    GAU_SINUSOID_SOFTMAX,
    GAU_SINUSOID_DIVIDED,    // linear with the normaliser
    GAU_SINUSOID_NORM,       // linear with RMSNorm of each head
    GAU_SINUSOID_LOCAL_NORM, // TransNormer's order
    GAU_NETS
} gau_net;
const char *gau_net_name(gau_net net);
bool gau_net_has_near(gau_net net); // whether the weight on near keys is measured
int gau_net_layers(gau_net net);

// The units of a net that is no Transformer, from the lowest on, and the rotation that they share.
rope_table gau_net_rope(void);
void gau_net_units(gau_net net, const rope_table *rope, gau_config config[GAU_LAYERS]);

// One training and what was measured of it.
typedef struct {
    training t;
    gau_net net;
    int seed, parameters;
    const topics_language *language;
    float *norm;                   // (steps): of the gradient, before it was clipped
    double place[GAU_T];           // nats above the oracle's at each place, texts of GAU_T
    double late;                   // their mean over the second half
    double at_length[GAU_LENGTHS]; // mean over the second half of texts of each length
    double
        batch_length[GAU_LENGTHS]; // of GAU_QUADRATIC: with the batch's n in place of the fixed one
    double
        near[GAU_LAYERS]; // share of the weight on the last GAU_RECENT keys, where gau_net_has_near
} gau_run;

// Trains and measures GAU_SEEDS nets of each of n kinds: n GAU_SEEDS runs, those of a kind neighbours. gau_runs_free
// frees them.
gau_run *gau_runs_new(int n, const gau_net *nets, const topics_language *language);
void gau_runs_free(int n, gau_run *runs);

// The first run of a net that is among them.
const gau_run *gau_runs_of(const gau_run *runs, gau_net net);

// Of GAU_SEEDS values: the least, the middle, the largest.
typedef struct {
    double low, middle, high;
} gau_spread;
gau_spread gau_spread_of(const double x[GAU_SEEDS]);
gau_spread gau_late(const gau_run *runs, gau_net net);

#endif
