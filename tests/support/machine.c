/* A machine that obeys a test: preloaded into the server, it lets the disk be full, remembers what a power cut would
 * leave, and sets the wall clock. What it is told stands in a small shared file: see machine.py.
 *
 * Power: MACHINE_SHADOW is a folder that holds, of each database file, what has certainly reached the disk: a copy made
 * when fsync returns. Writes in between are only in memory, but a kernel may write some of them early and in any order:
 * `leak` of 1,000 writes go to the shadow at once.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
    int64_t clock_offset; /* seconds added to the wall clock */
    int64_t full;         /* not 0: no file under MACHINE_FOLDER can grow */
    int64_t free_bytes;   /* what statvfs reports; negative: the truth */
    int64_t leak;         /* of 1,000 unsynced writes, how many reach the disk at once */
    int64_t refused;      /* how many writes were refused, told back */
};

static volatile struct control *control;
static const char *folder, *shadow;
static unsigned seed = 1;

#define REAL(type, name, ...) static type (*real_##name)(__VA_ARGS__)
REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
REAL(ssize_t, write, int, const void *, size_t);
REAL(int, fsync, int);
REAL(int, fdatasync, int);
REAL(int, unlink, const char *);
REAL(int, statvfs64, const char *, struct statvfs64 *);
REAL(int, clock_gettime, clockid_t, struct timespec *);
REAL(int, gettimeofday, struct timeval *restrict, void *restrict);

__attribute__((constructor)) static void begin(void) {
    real_pwrite64 = dlsym(RTLD_NEXT, "pwrite64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_statvfs64 = dlsym(RTLD_NEXT, "statvfs64");
    real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    real_gettimeofday = dlsym(RTLD_NEXT, "gettimeofday");
    folder = getenv("MACHINE_FOLDER");
    shadow = getenv("MACHINE_SHADOW");
    const char *told = getenv("MACHINE_CONTROL");
    int fd = told ? open(told, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *found = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    control = found == MAP_FAILED ? NULL : found;
    close(fd);
    seed = (unsigned)getpid();
}

/* The path of an open file under MACHINE_FOLDER, else NULL. */
static const char *inside(int fd, char *path, size_t size) {
    char link[32];
    if (!control || !folder || fd < 3) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (length <= 0) return NULL;
    path[length] = 0;
    size_t prefix = strlen(folder);
    return strncmp(path, folder, prefix) == 0 && path[prefix] == '/' ? path : NULL;
}

static int refuses(int fd, off64_t end) {
    char path[512];
    struct stat64 now;
    if (!control || !control->full || !inside(fd, path, sizeof path)) return 0;
    if (fstat64(fd, &now) != 0 || !S_ISREG(now.st_mode) || end <= now.st_size) return 0;
    __atomic_add_fetch(&control->refused, 1, __ATOMIC_RELAXED);
    errno = ENOSPC;
    return 1;
}

/* The file in the shadow that stands for an open database file, or -1. */
static int shadow_of(int fd) {
    char path[512], copy[1024];
    if (!shadow || !inside(fd, path, sizeof path)) return -1;
    const char *name = strrchr(path, '/') + 1;
    if (strcmp(name, "feedback.db") != 0 && strcmp(name, "feedback.db-wal") != 0) return -1;
    snprintf(copy, sizeof copy, "%s/%s", shadow, name);
    return open(copy, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static void keep(int fd) {
    int kept = shadow_of(fd);
    if (kept < 0) return;
    static __thread char buffer[1 << 16];
    off64_t at = 0;
    ssize_t got;
    while ((got = pread64(fd, buffer, sizeof buffer, at)) > 0) at += real_pwrite64(kept, buffer, (size_t)got, at);
    if (ftruncate64(kept, at) != 0) abort();
    close(kept);
}

static void leak(int fd, const void *data, size_t size, off64_t at) {
    if (!control || !control->leak || rand_r(&seed) % 1000 >= control->leak) return;
    int kept = shadow_of(fd);
    if (kept < 0) return;
    if (real_pwrite64(kept, data, size, at) < 0) abort();
    close(kept);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    if (refuses(fd, at + (off64_t)size)) return -1;
    ssize_t done = real_pwrite64(fd, data, size, at);
    if (done > 0) leak(fd, data, (size_t)done, at);
    return done;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }

ssize_t write(int fd, const void *data, size_t size) {
    if (control && control->full && fd > 2) {
        off64_t at = lseek64(fd, 0, SEEK_CUR);
        if (at >= 0 && refuses(fd, at + (off64_t)size)) return -1;
    }
    return real_write(fd, data, size);
}

int fsync(int fd) {
    int done = real_fsync(fd);
    if (done == 0) keep(fd);
    return done;
}
int fdatasync(int fd) {
    int done = real_fdatasync(fd);
    if (done == 0) keep(fd);
    return done;
}

/* A log that is gone is gone: what bears its name later is another file. */
int unlink(const char *path) {
    char copy[1024];
    const char *name = strrchr(path, '/');
    if (shadow && folder && name && strncmp(path, folder, strlen(folder)) == 0) {
        snprintf(copy, sizeof copy, "%s%s", shadow, name);
        real_unlink(copy);
    }
    return real_unlink(path);
}

int statvfs64(const char *path, struct statvfs64 *found) {
    int done = real_statvfs64(path, found);
    if (done == 0 && control && control->free_bytes >= 0) {
        found->f_bavail = (fsblkcnt64_t)control->free_bytes / found->f_frsize;
        found->f_bfree = found->f_bavail;
    }
    return done;
}
int statvfs(const char *path, struct statvfs *found) { return statvfs64(path, (struct statvfs64 *)found); }

int clock_gettime(clockid_t which, struct timespec *now) {
    int done = real_clock_gettime(which, now);
    if (done == 0 && control && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        now->tv_sec += control->clock_offset;
    return done;
}
time_t time(time_t *now) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (now) *now = found.tv_sec;
    return found.tv_sec;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    int done = real_gettimeofday(now, zone);
    if (done == 0 && control) now->tv_sec += control->clock_offset;
    return done;
}
