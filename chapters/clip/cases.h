// The reference cases of chapter clip.
#ifndef CLIP_CASES_H
#define CLIP_CASES_H

void clip_cases(void);

#endif
