// The reference cases of chapter vit.
#ifndef VIT_CASES_H
#define VIT_CASES_H

void vit_cases(void);

#endif
