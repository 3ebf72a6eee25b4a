// Locks, and what is kept for a thread, where there is one: WebAssembly in a page has no other, and it never ends.
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

typedef int pthread_once_t, pthread_key_t;
#define PTHREAD_ONCE_INIT 0

static inline int
pthread_once(pthread_once_t *once, void (*first)(void))
{
    if (!*once) {
        *once = 1;
        first();
    }
    return 0;
}

static inline int
pthread_key_create(pthread_key_t *key, void (*end)(void *))
{
    (void)key, (void)end;
    return 0;
}

static inline int
pthread_setspecific(pthread_key_t key, const void *value)
{
    (void)key, (void)value;
    return 0;
}

#endif
