#pragma once
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// The C library has no functions for Landlock (landlock(7)) yet, and Swift imports no variadic ones such as syscall.
static inline int vmlineage_landlock_version(void) {
  return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

static inline int vmlineage_landlock_create(uint64_t handled) {
  struct landlock_ruleset_attr attributes = {.handled_access_fs = handled};
  return (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
}

static inline int vmlineage_landlock_allow(int ruleset, int place, uint64_t access) {
  struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = place};
  return (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

static inline int vmlineage_limit(int resource, uint64_t most) {
  struct rlimit limit = {.rlim_cur = most, .rlim_max = most};
  return setrlimit(resource, &limit);
}

// No file becomes longer than this: a write beyond fails (EFBIG) and ends nobody.
static inline int vmlineage_limit_files(uint64_t most) {
  return signal(SIGXFSZ, SIG_IGN) == SIG_ERR ? -1 : vmlineage_limit(RLIMIT_FSIZE, most);
}

// Confines this thread and those that it starts from now on.
static inline int vmlineage_confine(int ruleset, scmp_filter_ctx filter) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return -1;
  if (ruleset >= 0 && syscall(SYS_landlock_restrict_self, ruleset, 0)) return -1;
  return seccomp_load(filter) ? -1 : 0;
}

// A file without a name, in memory (memfd_create(2)).
static inline int vmlineage_memory_file(const char *name) { return (int)syscall(SYS_memfd_create, name, 1 /* MFD_CLOEXEC */); }

// Starts a confined program that finds a listening socket as its descriptor 3 (sd_listen_fds(3)) and ends with the
// thread that started it. What it prints goes to a file. Swift cannot fork.
static inline pid_t vmlineage_serve(
    const char *program, char *const arguments[], int listener, int printed, uint64_t memory, uint64_t written,
    int ruleset, scmp_filter_ctx filter) {
  pid_t parent = getpid(), child = fork();
  if (child) return child;
  char process[32];
  snprintf(process, sizeof process, "LISTEN_PID=%d", (int)getpid());
  char *environment[] = {"LISTEN_FDS=1", process, "LC_ALL=C", NULL};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  if (dup2(printed, 1) < 0 || dup2(printed, 2) < 0) _exit(127);
  if (listener == 3 ? fcntl(3, F_SETFD, 0) : dup2(listener, 3) != 3) _exit(127);
  if (vmlineage_limit(RLIMIT_AS, memory) || vmlineage_limit_files(written) || vmlineage_confine(ruleset, filter)) _exit(127);
  execve(program, arguments, environment);
  _exit(127);
}
