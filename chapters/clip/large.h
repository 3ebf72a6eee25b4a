// The same losses in blocks, for batches whose N x N scores are too many to hold, on one device or on several.
#ifndef CLIP_LARGE_H
#define CLIP_LARGE_H

// N pairs of directions.
typedef struct {
    int N, d;
    const float *u, *v; // (N, d)
    float t, b;
} clip_batch;

// A loss with its gradients; du and dv (N, d) are the caller's, and are overwritten.
typedef struct {
    float loss, dt, db;
    float *du, *dv;
    long held; // numbers that one device holds at once, beside directions and gradients
} clip_gradients;

// In which order a device adds up what its blocks give: as they come round, or each kept, and then in pairs, the sums
// of these in pairs, and so on.
typedef enum { CLIP_RING, CLIP_TREE } clip_order;

// Adds n things of `size` floats each, one behind the other, in pairs: x_0 + x_1, x_2 + x_3, ..., then those. The sum
// is left in the first.
void clip_tree_sum(int n, long size, float *x);

// A block of the scores: pictures `first` .. `first` + n - 1 against captions `second` .. `second` + m - 1.
typedef struct {
    int first, n, second, m;
} clip_block;

// z (n, m) of a block.
void clip_block_scores(const clip_batch *a, clip_block at, float *z);

// What a block gives to the sigmoid loss, to dt and to db (numbers), and to du (n, d) and dv (m, d). z and s (n, m) are
// for its use.
void clip_sigmoid_block(const clip_batch *a, clip_block at, float *z, float *s, float numbers[3],
                        float *du, float *dv);

// The sigmoid loss. The batch is cut into `pieces` equal ones, which the devices hold in equal shares. Pictures stay;
// in step k = 0, 1, ... device e has the captions of device (e + k) mod devices, and their gradients travel with
// them.
void clip_sigmoid_devices(const clip_batch *a, int devices, int pieces, clip_order order,
                          clip_gradients *g);

// Running maxima and sums of e^(z - maximum) of rows or columns, over what was seen so far; at first -inf and 0.
typedef struct {
    float *most, *sum; // (N)
} clip_running;

// Rows, or columns, see one block z (n, m) more.
void clip_run_rows(clip_running *r, clip_block at, const float *z);
void clip_run_columns(clip_running *r, clip_block at, const float *z);

// InfoNCE both ways, in blocks of at most `block` x `block` scores, which are computed twice: forward for the running
// maxima and sums of rows and columns, backward for the gradients. log_rows and log_columns (N): the logarithms of the
// sums of e^z over each row and column.
void clip_infonce_online(const clip_batch *a, int block, float *log_rows, float *log_columns,
                         clip_gradients *g);

#endif
