// The chapter's figures, each in the file of its name.
#ifndef BPE_FIGURES_H
#define BPE_FIGURES_H

#endif
