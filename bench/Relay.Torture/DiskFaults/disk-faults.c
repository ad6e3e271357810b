/*
 * A disk that fails, and that can lose its power: a library to preload into the relay.
 *
 * DISK_FAULTS_BELOW names the directory whose files are watched (not those in directories below it). DISK_FAULTS names a directory with
 *
 *   fsync, write, read   flags, looked at before each call; no restart is needed. Each holds one line, "NAME ERRNO ONCE": the end of the
 *                        names of the files that are met (* for all), the error, and 1 when the flag goes with the first call it met
 *   durable/             each file as it would be found after a power loss at this moment
 *   pages/               for each file how its pages are: 8 octets for the length it was cut to since the last good fsync (-1 for none),
 *                        then one octet for each page of 4096: CLEAN, DIRTY (written, not yet durable) or LOST
 *
 * As on Linux, a failing fsync marks the dirty pages clean all the same: the next one has nothing to do and succeeds, and what was in them
 * is on no disk (LOST) until it is written again. The page cache outlives a SIGKILL, and so do both directories. Not modelled: pages that
 * are evicted and read again, the names of new files, and what is written by other calls than pwrite.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE 4096
#define MOST_PAGES (1024 * 1024)
#define MOST_FILES 64
#define MOST_FDS 65536
#define DIRECTORY 255

enum { CLEAN, DIRTY, LOST };

struct map { long long cut; unsigned char pages[MOST_PAGES]; };
struct file { char name[NAME_MAX + 1]; struct map *map; int durable; };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static const char *control, *below;
static struct file files[MOST_FILES];
static int file_count;
static unsigned char file_of[MOST_FDS]; /* number of the file, from 1, or the directory itself */

static int (*real_open)(const char *, int, ...), (*real_openat)(int, const char *, int, ...), (*real_close)(int);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t);
static int (*real_unlink)(const char *), (*real_rename)(const char *, const char *);
static ssize_t (*real_pread)(int, void *, size_t, off_t), (*real_pwrite)(int, const void *, size_t, off_t);

__attribute__((constructor)) static void begin(void)
{
    real_open = dlsym(RTLD_NEXT, "open64");
    real_openat = dlsym(RTLD_NEXT, "openat64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_pread = dlsym(RTLD_NEXT, "pread64");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    control = getenv("DISK_FAULTS");
    below = control ? getenv("DISK_FAULTS_BELOW") : NULL;
}

/* The name of a watched file, or NULL. SQLite maps its -shm, which no power loss leaves anything of. */
static const char *watched(const char *path)
{
    size_t length = below ? strlen(below) : 0;
    if (!length || !path || strncmp(path, below, length) || path[length] != '/' || strchr(path + length + 1, '/'))
        return NULL;
    const char *name = path + length + 1;
    size_t end = strlen(name);
    return end == 0 || (end > 4 && !strcmp(name + end - 4, "-shm")) ? NULL : name;
}

static int open_own(const char *directory, const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s/%s", control, directory, name);
    return real_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static struct file *find(const char *name)
{
    for (int number = 0; number < file_count; number++)
        if (!strcmp(files[number].name, name))
            return &files[number];
    if (file_count == MOST_FILES)
        abort();
    struct file *file = &files[file_count++];
    snprintf(file->name, sizeof file->name, "%s", name);
    int pages = open_own("pages", name);
    file->durable = open_own("durable", name);
    struct stat found;
    int is_new = pages < 0 || fstat(pages, &found) || found.st_size == 0;
    if (file->durable < 0 || pages < 0 || real_ftruncate(pages, sizeof *file->map))
        abort();
    file->map = mmap(NULL, sizeof *file->map, PROT_READ | PROT_WRITE, MAP_SHARED, pages, 0);
    real_close(pages);
    if (file->map == MAP_FAILED)
        abort();
    if (is_new)
        file->map->cut = -1;
    return file;
}

static struct file *of(int fd)
{
    return fd >= 0 && fd < MOST_FDS && file_of[fd] && file_of[fd] != DIRECTORY ? &files[file_of[fd] - 1] : NULL;
}

/* The flag is there and meets this file: errno is set. */
static int fails(const char *call, const struct file *file)
{
    char path[PATH_MAX], name[NAME_MAX + 1];
    int error, once, read;
    snprintf(path, sizeof path, "%s/%s", control, call);
    if (access(path, F_OK))
        return 0;
    FILE *flag = fopen(path, "r");
    if (!flag)
        return 0;
    read = fscanf(flag, "%255s %d %d", name, &error, &once);
    fclose(flag);
    size_t end = strlen(file->name), length = read == 3 ? strlen(name) : 0;
    if (read != 3 || (strcmp(name, "*") && (length > end || strcmp(file->name + end - length, name))))
        return 0;
    if (once)
        real_unlink(path);
    errno = error;
    return 1;
}

static void mark(struct file *file, off_t from, size_t octets)
{
    for (off_t page = from / PAGE; octets && page <= (off_t)(from + octets - 1) / PAGE && page < MOST_PAGES; page++)
        file->map->pages[page] = DIRTY;
}

static int opened(int fd, const char *path)
{
    const char *name = fd >= 0 && fd < MOST_FDS ? watched(path) : NULL;
    struct stat found;
    if (fd >= 0 && fd < MOST_FDS && below && !strcmp(path, below))
        file_of[fd] = DIRECTORY;
    if (name && !fstat(fd, &found) && S_ISREG(found.st_mode)) {
        pthread_mutex_lock(&gate);
        file_of[fd] = 1 + (find(name) - files);
        pthread_mutex_unlock(&gate);
    }
    return fd;
}

static mode_t mode_of(int flags, va_list rest)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

int open64(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return opened(real_open(path, flags, mode), path);
}

int openat64(int directory, const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return opened(real_openat(directory, path, flags, mode), path);
}

int open(const char *, int, ...) __attribute__((alias("open64")));
int openat(int, const char *, int, ...) __attribute__((alias("openat64")));

int close(int fd)
{
    if (fd >= 0 && fd < MOST_FDS && file_of[fd]) {
        pthread_mutex_lock(&gate);
        file_of[fd] = 0;
        pthread_mutex_unlock(&gate);
    }
    return real_close(fd);
}

ssize_t pread64(int fd, void *octets, size_t count, off_t from)
{
    struct file *file = of(fd);
    if (file) {
        pthread_mutex_lock(&gate);
        int fault = fails("read", file);
        pthread_mutex_unlock(&gate);
        if (fault)
            return -1;
    }
    return real_pread(fd, octets, count, from);
}

ssize_t pwrite64(int fd, const void *octets, size_t count, off_t from)
{
    struct file *file = of(fd);
    if (!file)
        return real_pwrite(fd, octets, count, from);
    pthread_mutex_lock(&gate);
    ssize_t written = fails("write", file) ? -1 : real_pwrite(fd, octets, count, from);
    if (written > 0)
        mark(file, from, written);
    pthread_mutex_unlock(&gate);
    return written;
}

ssize_t pread(int, void *, size_t, off_t) __attribute__((alias("pread64")));
ssize_t pwrite(int, const void *, size_t, off_t) __attribute__((alias("pwrite64")));

int ftruncate64(int fd, off_t length)
{
    struct file *file = of(fd);
    if (!file)
        return real_ftruncate(fd, length);
    pthread_mutex_lock(&gate);
    int failed = fails("write", file) ? -1 : real_ftruncate(fd, length);
    if (!failed) {
        struct map *map = file->map;
        for (off_t page = (length + PAGE - 1) / PAGE; page < MOST_PAGES; page++)
            if (map->pages[page])
                map->pages[page] = CLEAN;
        if (map->cut < 0 || length < map->cut)
            map->cut = length;
    }
    pthread_mutex_unlock(&gate);
    return failed;
}

int ftruncate(int, off_t) __attribute__((alias("ftruncate64")));

static void must(int holds)
{
    if (!holds)
        abort();
}

/* What is dirty reaches the disk. */
static void persist(int fd, struct file *file)
{
    struct map *map = file->map;
    struct stat found;
    char octets[PAGE];
    must(!fstat(fd, &found));
    if (map->cut >= 0) {
        struct stat old;
        must(!fstat(file->durable, &old));
        must(old.st_size <= map->cut || !real_ftruncate(file->durable, map->cut));
        map->cut = -1;
    }
    must(!real_ftruncate(file->durable, found.st_size));
    for (off_t page = 0; page < MOST_PAGES && page * PAGE < found.st_size; page++)
        if (map->pages[page] == DIRTY) {
            ssize_t count = real_pread(fd, octets, PAGE, page * PAGE);
            must(count > 0 && real_pwrite(file->durable, octets, count, page * PAGE) == count);
            map->pages[page] = CLEAN;
        }
}

/* What was unlinked stays away. */
static void persist_directory(void)
{
    char path[PATH_MAX];
    for (int number = 0; number < file_count; number++) {
        snprintf(path, sizeof path, "%s/%s", below, files[number].name);
        if (files[number].name[0] && access(path, F_OK))
            must(!real_ftruncate(files[number].durable, 0));
    }
}

static int sync_file(int fd, int (*real)(int))
{
    struct file *file = of(fd);
    if (fd >= 0 && fd < MOST_FDS && file_of[fd] == DIRECTORY) {
        pthread_mutex_lock(&gate);
        persist_directory();
        pthread_mutex_unlock(&gate);
    }
    if (!file)
        return real(fd);
    pthread_mutex_lock(&gate);
    int failed = 0;
    if (memchr(file->map->pages, DIRTY, MOST_PAGES) && fails("fsync", file)) {
        failed = -1;
        for (off_t page = 0; page < MOST_PAGES; page++)
            if (file->map->pages[page] == DIRTY)
                file->map->pages[page] = LOST;
    } else if (!(failed = real(fd))) {
        persist(fd, file);
    }
    pthread_mutex_unlock(&gate);
    return failed;
}

int fsync(int fd)
{
    return sync_file(fd, real_fsync);
}

int fdatasync(int fd)
{
    return sync_file(fd, real_fdatasync);
}

/* Not durable before an fsync of the directory, or of another file of the name: until then the old one comes back. */
int unlink(const char *path)
{
    struct stat found;
    const char *name = watched(path);
    if (name && (lstat(path, &found) || !S_ISREG(found.st_mode)))
        name = NULL;
    int failed = real_unlink(path);
    if (name && !failed) {
        pthread_mutex_lock(&gate);
        struct map *map = find(name)->map;
        memset(map->pages, CLEAN, MOST_PAGES);
        map->cut = 0;
        pthread_mutex_unlock(&gate);
    }
    return failed;
}

/* Durable at once, with what the file had durable. */
int rename(const char *from, const char *to)
{
    const char *old = watched(from), *name = watched(to);
    int failed = real_rename(from, to);
    if (old && name && !failed) {
        const char *const directories[] = { "durable", "pages" };
        char source[PATH_MAX], target[PATH_MAX];
        pthread_mutex_lock(&gate);
        for (int number = 0; number < file_count; number++)
            if (!strcmp(files[number].name, name))
                files[number].name[0] = 0;
        find(old);
        for (int number = 0; number < 2; number++) {
            snprintf(source, sizeof source, "%s/%s/%s", control, directories[number], old);
            snprintf(target, sizeof target, "%s/%s/%s", control, directories[number], name);
            must(!real_rename(source, target));
        }
        snprintf(find(old)->name, sizeof files->name, "%s", name);
        pthread_mutex_unlock(&gate);
    }
    return failed;
}
