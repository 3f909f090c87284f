/*
 * Ends the process that it is loaded into at one call of the C library, as `kill -9` would: the
 * program needs no switch for it. The test sets
 *
 *   CUT_LOG=FILE        every call that counts, one word a line: sync, write, dot
 *   CUT_AT=CALL:N:HOW   die at the Nth call of this kind, over all threads, counted from 1
 *
 * HOW is `before` or `after` the call, or the number of bytes to be written of it first. A `dot` is
 * a write to a socket that ends with CRLF.CRLF; for it the number counts the bytes of the last
 * three: `.`, CR, LF.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

enum { GO_ON = -3, BEFORE = -2, AFTER = -1 };

static char cut_call[16], cut_how[16];
static long cut_number = -1;
static int log_file = -1;
static atomic_long syncs, writes, dots;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("CUT_AT"), *log = getenv("CUT_LOG");
    if (at)
        sscanf(at, "%15[^:]:%ld:%15s", cut_call, &cut_number, cut_how);
    if (log)
        log_file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Counts a call: what is to happen to it, or how many of its bytes are to be written. */
static long arrive(const char *call, atomic_long *count)
{
    long number = atomic_fetch_add(count, 1) + 1;
    char line[32];
    int length = snprintf(line, sizeof line, "%s\n", call);
    if (log_file >= 0 && write(log_file, line, length) != length)
        abort();
    if (number != cut_number || strcmp(call, cut_call))
        return GO_ON;
    if (!strcmp(cut_how, "before"))
        die();
    return strcmp(cut_how, "after") ? atol(cut_how) : AFTER;
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) \
        real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

#define SYNC(name) \
    int name(int file) \
    { \
        REAL(name); \
        long how = arrive("sync", &syncs); \
        int result = real(file); \
        if (how != GO_ON) \
            die(); \
        return result; \
    }
SYNC(fsync)
SYNC(fdatasync)

#define WRITE(name) \
    ssize_t name(int file, const void *bytes, size_t count, off64_t offset) \
    { \
        REAL(name); \
        long how = arrive("write", &writes); \
        ssize_t result = real(file, bytes, how < 0 ? count : (size_t)how, offset); \
        if (how != GO_ON) \
            die(); \
        return result; \
    }
WRITE(pwrite64)

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset)
{
    return pwrite64(file, bytes, count, offset);
}

ssize_t send(int socket, const void *bytes, size_t count, int flags)
{
    REAL(send);
    const char *end = (const char *)bytes + count;
    if (count < 5 || memcmp(end - 5, "\r\n.\r\n", 5))
        return real(socket, bytes, count, flags);
    long how = arrive("dot", &dots);
    ssize_t result = real(socket, bytes, how < 0 ? count : count - 3 + (size_t)how, flags);
    if (how != GO_ON)
        die();
    return result;
}
