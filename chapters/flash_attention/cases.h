// The chapter's reference cases.
#ifndef FLASH_ATTENTION_CASES_H
#define FLASH_ATTENTION_CASES_H

void flash_attention_cases(void);

#endif
