// What the figures and the program of several ranks train: a task of the same numbers everywhere, and p ranks in one
// process.
#ifndef MANY_MACHINES_STUDY_H
#define MANY_MACHINES_STUDY_H

#include "many_machines/training.h"

// 512 examples of N(0, 1) in 16 dimensions, whose class is the largest of four random linear functions; a net of 32
// hidden units, 676 weights; leaves of 4 examples.
many_machines_task many_machines_task_new(uint32_t seed);
void many_machines_task_free(many_machines_task *t);

// The first state of every rank.
many_machines_state many_machines_first_state(const many_machines_task *t, uint32_t seed);

// The rate of Adam.
extern const float many_machines_rate;

// p ranks in this process. `usual`: each adds its leaves one by one, and a ring adds those sums.
typedef struct {
    int p;
    bool usual;
    many_machines_plan plan;
    many_machines_state *state; // (p)
    float **memory;             // (p), each (8, P + 1)
} many_machines_cluster;

many_machines_cluster many_machines_cluster_new(const many_machines_task *t, uint32_t seed, int p,
                                                bool usual);
float many_machines_cluster_step(const many_machines_task *t, many_machines_cluster *c);
void many_machines_cluster_free(many_machines_cluster *c);

#endif
