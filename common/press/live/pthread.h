// A lock for one thread: WebAssembly in a page has no other.
#ifndef PTHREAD_H
#define PTHREAD_H

typedef int pthread_mutex_t;
#define PTHREAD_MUTEX_INITIALIZER 0

static inline int
pthread_mutex_lock(pthread_mutex_t *lock)
{
    (void)lock;
    return 0;
}

static inline int
pthread_mutex_unlock(pthread_mutex_t *lock)
{
    (void)lock;
    return 0;
}

#endif
