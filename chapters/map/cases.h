// The chapter's reference cases: small scenes, each of which isolates one rule.
#ifndef MAP_CASES_H
#define MAP_CASES_H

void map_cases(void);

#endif
