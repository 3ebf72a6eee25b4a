// The chapter's environments, each a table of what can happen: a learner draws from it, planning.h computes with it.
#ifndef TD_ENVIRONMENTS_H
#define TD_ENVIRONMENTS_H

#include "td/td.h"

// With probability p the action pays r + deviation N(0, 1) and leads to next, or ends the episode there.
typedef struct {
    double p, r, deviation;
    int next;
    bool end;
} td_chance;

// A state without any outcome is one in which no action is taken: the goal of an episode, say.
typedef struct {
    int S, A, K; // K: the most outcomes of one action
    double gamma;
    int first;         // the state in which episodes begin; -1: any, with equal probability
    int *n;            // (S) the number of actions
    int *outcomes;     // (S, A) the number of outcomes
    td_chance *chance; // (S, A, K)
} td_model;

td_model td_model_new(int S, int A, int K, double gamma, int first);
void td_model_free(td_model *m);
void td_model_add(td_model *m, int s, int a, double p, double r, int next, bool end);
const td_chance *td_chances(const td_model *m, int s, int a);

// The environment of a model: all that a learner may know of it. An action without outcomes is an error.
td_environment td_environment_of(const td_model *m);

// A table of zeros for it; td_table_free frees its values.
td_table td_table_new(const td_model *m);
void td_table_free(td_table *q);

// Zhao's grid, 5 x 5 cells in rows from the top left, actions up, right, down, left, stay; gamma 0.9. It
// has no end, or (ends) ends in the target and begins in the first cell.
enum { TD_GRID_SIDE = 5, TD_GRID_STATES = 25, TD_GRID_ACTIONS = 5, TD_GRID_TARGET = 17 };
typedef struct {
    double boundary, forbidden, target, other;
} td_rewards;
td_model td_grid(td_rewards pay, bool ends);
bool td_grid_forbidden(int s);

// By how many rows and columns each action moves: up, right, down, left, and the diagonals of a king.
extern const int td_moves[8][2];

// A walk to the left or right with equal probability over S states from the middle one; the exit on the
// left pays `left`, that on the right 1, all else 0. One action, gamma 1.
td_model td_random_walk(int S, double left);

// Sutton & Barto, example 6.6: 4 x 12 cells, actions up, right, down, left; every step -1, a step off the
// cliff -100 and back to the start, without end of the episode. Starts and ends in the bottom row's corners.
enum { TD_CLIFF_ROWS = 4, TD_CLIFF_COLUMNS = 12, TD_CLIFF_START = 36, TD_CLIFF_GOAL = 47 };
td_model td_cliff(void);

// Sutton & Barto, example 6.5, exercises 6.9 and 6.10: 7 x 10 cells, every step -1. Actions up, right, down,
// left and (king) the diagonals up-right, down-right, down-left, up-left. Where there is wind, chance makes it
// weaker or stronger by 1, with a third each.
enum { TD_WINDY_ROWS = 7, TD_WINDY_COLUMNS = 10, TD_WINDY_START = 30, TD_WINDY_GOAL = 37 };
td_model td_windy(bool king, bool chance);
extern const int td_winds[TD_WINDY_COLUMNS]; // by how many rows up each column blows

// Sutton & Barto, example 6.7: state 0 has two actions, right: to the end, and left (the action of this index, 0
// or 1): to state 1, which has 10 actions that all pay N(-0.1, 1) and end.
td_model td_bias(int left);

// Blackjack with an infinite deck against a dealer who stands on all 17, no bonus for a natural. A state is
// the player's sum of 12..21, the dealer's card of 1 (ace)..10, and whether an ace counts 11.
enum { TD_STICK, TD_HIT, TD_BLACKJACK_STATES = 200 };
td_model td_blackjack(void);
int td_blackjack_state(int sum, int dealer, bool usable);

// The probability of a card of 1 (ace)..10; those of the dealer's last sum, 17..21 and bust, if this card shows.
double td_card(int c);
void td_dealer(int shown, double end[6]);

// A model of random probabilities and rewards, for small cases: K outcomes an action, of which the last ends.
td_model td_random_model(int S, int A, int K, double gamma, rng *r);

#endif
