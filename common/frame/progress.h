// Progress on a terminal: one line of at most 79 columns, cut where the terminal has fewer, with a bar, which figure
// is computed, and the time that is left.
#ifndef PROGRESS_H
#define PROGRESS_H

// A new figure begins; it adds this share to what is done of the whole (0 to 1).
void progress_figure(const char *name, double share);

// The figure will take this many steps more than were announced so far; some were taken.
void progress_expect(long steps);
void progress_advance(long steps);

// Clears the line, before something is printed while it stands.
void progress_clear(void);

#endif
