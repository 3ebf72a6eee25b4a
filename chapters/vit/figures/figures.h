// The figures, one a file of this folder: each runs its experiment, writes its tables and checks its claims.
#ifndef VIT_FIGURES_H
#define VIT_FIGURES_H

#include "vit/experiment.h"

enum { VIT_SEEDS = 3, VIT_TESTS = 2000 };

void vit_figure_worked_example(void);
void vit_figure_digits(void);
void vit_figure_cost(void);
void vit_figure_data_size(void);  // and permuted, ablation
void vit_figure_trained(void);    // shift, attention-effect, resolution, fewer-tokens, filters
void vit_figure_patch_size(void); // and positions

// The runs of figure data-size that others show: accuracies by seed.
typedef struct {
    double plain[2][VIT_SEEDS], permuted[2][VIT_SEEDS]; // of the ViT and of the net
} vit_permuted_runs;
void vit_permuted(const vit_permuted_runs *runs);

enum { VIT_CLASS_TOKEN, VIT_MEAN_POOL, VIT_NO_POSITIONS, VIT_NEITHER, VIT_VARIANTS };
void vit_ablation(double (*accuracy)[VIT_SEEDS]); // (VIT_VARIANTS, VIT_SEEDS)

// What is measured of one trained net, by the figure that shows it.
enum { VIT_SHIFTS = 9 };
typedef struct {
    double same[VIT_SHIFTS]; // part of the predictions that a shift leaves
} vit_shift_result;
void vit_shift_study(const vit_classifier *m, vit_shift_result *result);
void vit_shift(const vit_shift_result vits[VIT_SEEDS], const vit_shift_result nets[VIT_SEEDS]);

enum { VIT_SIGNALS = 5 };
typedef struct {
    double size[VIT_SIGNALS],
        sign[VIT_SIGNALS]; // mean rank correlation with |loss of log p|, and with it signed
    double rollout_ink;
    float effect[16], rollout[16], picture[VIT_PIXELS]; // of the first picture
} vit_effect_result;
void vit_effect_study(const vit *m, vit_effect_result *result);
void vit_attention_effect(const vit_effect_result all[VIT_SEEDS]);

enum { VIT_WAYS = 7 };
typedef struct {
    double accuracy[2][VIT_WAYS]; // at 24 and 32 pixels
    double norm[2][2]; // of a resized position: bicubic, bilinear, as a part of the old ones'
} vit_resolution_result;
void vit_resolution_study(const vit *m, vit_resolution_result *result);
void vit_resolution(const vit_resolution_result all[VIT_SEEDS]);

enum { VIT_REMOVED = 5, VIT_REMOVALS = 4 };
typedef struct {
    double accuracy[VIT_REMOVED][VIT_REMOVALS];
} vit_fewer_result;
void vit_fewer_study(const vit *m, vit_fewer_result *result);
void vit_fewer_tokens(const vit_fewer_result all[VIT_SEEDS]);

void vit_filters(const float *w_patch, int D, int P);

#endif
