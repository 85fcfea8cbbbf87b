/* Notes down what a process does to the files below one folder, in order, so that a disk can be rebuilt on which
 * whatever was not yet synced is missing; kills the process after the n-th operation. Loaded by LD_PRELOAD.
 *
 *   POWERCUT_ROOT  the folder          POWERCUT_LOG   file the operations are appended to
 *   POWERCUT_AFTER number of the operation behind which SIGKILL comes; 0: never. What is done below a folder `cache`
 *                  is noted down but not counted: it differs from run to run
 *
 * A record: kind (1 byte), inode (8), number (8), lengths of name, other name and data (4 each), then those.
 * Kinds: O a new file · W data at an offset · T cut to a size · S synced · D folder synced · R renamed · L linked · U gone
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 4096
#define LOG_FD 1000

static char watched[FILES];   /* 1: a file below the folder, 2: a folder */
static char uncounted[FILES]; /* 1: below a folder `cache` */
static char root[PATH_MAX];
static size_t root_len;
static long after, count;
static int ready;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
  const char *folder = getenv("POWERCUT_ROOT"), *log = getenv("POWERCUT_LOG"), *n = getenv("POWERCUT_AFTER");
  int fd;
  if (!folder || !log || !realpath(folder, root)) return;
  root_len = strlen(root);
  after = n ? atol(n) : 0;
  fd = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0 || dup3(fd, LOG_FD, O_CLOEXEC) < 0) abort();
  syscall(SYS_close, fd);
  ready = 1;
}

/* The absolute path without links in its folders; 0 when it is none of ours. WeCom's own file is none of ours. */
static int ours(int at, const char *path, char *out) {
  char whole[PATH_MAX], *slash;
  size_t len;
  if (!ready || !path) return 0;
  if (path[0] == '/' || at == AT_FDCWD)
    strncpy(whole, path, sizeof whole - 1), whole[sizeof whole - 1] = 0;
  else {
    char link[64];
    ssize_t n;
    snprintf(link, sizeof link, "/proc/self/fd/%d", at);
    if ((n = readlink(link, whole, sizeof whole - 2)) < 0) return 0;
    whole[n] = '/';
    strncpy(whole + n + 1, path, sizeof whole - n - 2);
    whole[sizeof whole - 1] = 0;
  }
  if ((slash = strrchr(whole, '/')) && slash != whole) {
    *slash = 0;
    if (!realpath(whole, out)) return 0;
    len = strlen(out);
    if (len + strlen(slash + 1) + 2 > PATH_MAX) return 0;
    out[len] = '/';
    strcpy(out + len + 1, slash + 1);
  } else if (!realpath(whole, out))
    return 0;
  return strncmp(out, root, root_len) == 0 && (out[root_len] == '/' || !out[root_len]) && !strstr(out, "sandbox.world");
}

static int cached(const char *path) { return strstr(path, "/cache/") != 0; }

static void put(int counted, char kind, uint64_t inode, uint64_t number, const char *name, const char *other,
                const void *data, size_t size) {
  uint32_t lengths[3] = {name ? strlen(name) : 0, other ? strlen(other) : 0, size};
  struct iovec parts[] = {{&kind, 1},
                          {&inode, 8},
                          {&number, 8},
                          {lengths, 12},
                          {(void *)name, lengths[0]},
                          {(void *)other, lengths[1]},
                          {(void *)data, size}};
  if (syscall(SYS_writev, LOG_FD, parts, 7) < 0) abort();
  if (counted && ++count == after) syscall(SYS_kill, getpid(), SIGKILL);
}

static uint64_t inode_of(int fd) {
  struct stat found;
  return fstat(fd, &found) ? 0 : found.st_ino;
}

static int is(int fd, int what) { return ready && fd >= 0 && fd < FILES && watched[fd] == what; }

static int opened(int fd, int at, const char *path, int flags, int was_there) {
  char whole[PATH_MAX];
  int saved = errno;
  if (fd < 0 || fd >= FILES || !ready) return fd;
  watched[fd] = 0;
  if (ours(at, path, whole)) {
    struct stat found;
    if (!fstat(fd, &found)) {
      uncounted[fd] = cached(whole);
      watched[fd] = S_ISDIR(found.st_mode) ? 2 : S_ISREG(found.st_mode) ? 1 : 0;
      if (watched[fd] == 1 && !was_there) put(!uncounted[fd], 'O', found.st_ino, 0, whole, 0, 0, 0);
      if (watched[fd] == 1 && was_there && (flags & O_TRUNC)) put(!uncounted[fd], 'T', found.st_ino, 0, 0, 0, 0, 0);
    }
  }
  errno = saved;
  return fd;
}

/* Locks, so that the order of the records is the order of the operations. */
#define OPEN(NAME, AT, PATH, ARGS, CALL)                                  \
  int NAME ARGS {                                                         \
    mode_t mode = 0;                                                      \
    struct stat found;                                                    \
    int fd, was;                                                          \
    va_list more;                                                         \
    va_start(more, flags);                                                \
    if (flags & (O_CREAT | __O_TMPFILE)) mode = va_arg(more, mode_t);     \
    va_end(more);                                                         \
    pthread_mutex_lock(&lock);                                            \
    was = !(flags & O_CREAT) || !fstatat(AT, PATH, &found, 0);            \
    fd = opened(CALL, AT, PATH, flags, was);                              \
    pthread_mutex_unlock(&lock);                                          \
    return fd;                                                            \
  }
OPEN(open, AT_FDCWD, path, (const char *path, int flags, ...), syscall(SYS_openat, AT_FDCWD, path, flags, mode))
OPEN(open64, AT_FDCWD, path, (const char *path, int flags, ...), syscall(SYS_openat, AT_FDCWD, path, flags, mode))
OPEN(openat, at, path, (int at, const char *path, int flags, ...), syscall(SYS_openat, at, path, flags, mode))
OPEN(openat64, at, path, (int at, const char *path, int flags, ...), syscall(SYS_openat, at, path, flags, mode))

int close(int fd) {
  if (fd == LOG_FD && ready) return 0;
  if (fd >= 0 && fd < FILES) watched[fd] = 0;
  return syscall(SYS_close, fd);
}

int dup2(int from, int to) {
  if (to >= 0 && to < FILES) {
    watched[to] = from >= 0 && from < FILES ? watched[from] : 0;
    uncounted[to] = from >= 0 && from < FILES ? uncounted[from] : 0;
  }
  return REAL(dup2)(from, to);
}

static ssize_t written(int fd, ssize_t n, const void *data, off_t at) {
  int saved = errno;
  if (n > 0) put(!uncounted[fd], 'W', inode_of(fd), at, 0, 0, data, n);
  errno = saved;
  return n;
}

ssize_t write(int fd, const void *data, size_t size) {
  ssize_t n;
  if (!is(fd, 1)) return syscall(SYS_write, fd, data, size);
  pthread_mutex_lock(&lock);
  n = syscall(SYS_write, fd, data, size);
  n = written(fd, n, data, n > 0 ? lseek(fd, 0, SEEK_CUR) - n : 0);
  pthread_mutex_unlock(&lock);
  return n;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  ssize_t n;
  if (!is(fd, 1)) return syscall(SYS_pwrite64, fd, data, size, at);
  pthread_mutex_lock(&lock);
  n = written(fd, syscall(SYS_pwrite64, fd, data, size, at), data, at);
  pthread_mutex_unlock(&lock);
  return n;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }

/* What is not noted down must not happen unseen. */
ssize_t writev(int fd, const struct iovec *parts, int n) {
  if (is(fd, 1)) abort();
  return syscall(SYS_writev, fd, parts, n);
}

int ftruncate64(int fd, off64_t size) {
  int result;
  if (!is(fd, 1)) return syscall(SYS_ftruncate, fd, size);
  pthread_mutex_lock(&lock);
  if (!(result = syscall(SYS_ftruncate, fd, size))) put(!uncounted[fd], 'T', inode_of(fd), size, 0, 0, 0, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static int synced(int fd, int call) {
  int result;
  if (!is(fd, 1) && !is(fd, 2)) return syscall(call, fd);
  pthread_mutex_lock(&lock);
  if (is(fd, 1))
    put(!uncounted[fd], 'S', inode_of(fd), 0, 0, 0, 0, 0);
  else {
    char link[64], path[PATH_MAX] = {0};
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) > 0) put(!cached(path), 'D', 0, 0, path, 0, 0, 0);
  }
  result = 0; /* the disk of the tests need not be waited for */
  pthread_mutex_unlock(&lock);
  return result;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

static int moved(char kind, int at, const char *from, int to_at, const char *to, int (*call)(int, const char *, int, const char *)) {
  char one[PATH_MAX], other[PATH_MAX];
  int seen, result;
  pthread_mutex_lock(&lock);
  seen = ours(at, from, one) & ours(to_at, to, other);
  result = call(at, from, to_at, to);
  if (!result && seen) put(!cached(one), kind, 0, 0, one, other, 0, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
static int do_rename(int a, const char *b, int c, const char *d) { return syscall(SYS_renameat, a, b, c, d); }
static int do_link(int a, const char *b, int c, const char *d) { return syscall(SYS_linkat, a, b, c, d, 0); }
int rename(const char *from, const char *to) { return moved('R', AT_FDCWD, from, AT_FDCWD, to, do_rename); }
int renameat(int at, const char *from, int to_at, const char *to) { return moved('R', at, from, to_at, to, do_rename); }
int link(const char *from, const char *to) { return moved('L', AT_FDCWD, from, AT_FDCWD, to, do_link); }
int linkat(int at, const char *from, int to_at, const char *to, int flags) {
  (void)flags;
  return moved('L', at, from, to_at, to, do_link);
}

int unlinkat(int at, const char *path, int flags) {
  char whole[PATH_MAX];
  int seen, result;
  pthread_mutex_lock(&lock);
  seen = !(flags & AT_REMOVEDIR) && ours(at, path, whole);
  if (!(result = syscall(SYS_unlinkat, at, path, flags)) && seen) put(!cached(whole), 'U', 0, 0, whole, 0, 0, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
