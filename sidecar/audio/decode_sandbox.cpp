// SPDX-License-Identifier: MIT
// Copyright (c) the gst-chatterbox authors
#include "audio/decode_sandbox.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace chatterbox::sidecar {
namespace {

// Rights by the version of the interface that knows them first; the build's headers may be older
// than the kernel.
constexpr std::uint64_t kFilesOfVersion[] = {0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff};
constexpr std::uint64_t kReadFile = 1 << 2, kReadDirectory = 1 << 3, kExecute = 1 << 0;
constexpr std::uint64_t kBindTcp = 1 << 0, kConnectTcp = 1 << 1;
constexpr std::uint64_t kAbstractSockets = 1 << 0, kSignals = 1 << 1;
constexpr int kVersionOfNetwork = 4, kVersionOfScopes = 6;

struct Ruleset {
  std::uint64_t files = 0, network = 0, scopes = 0;
};

void allow(int ruleset, const std::string& path) {
  const int fd = open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) return;
  struct stat what {};
  fstat(fd, &what);
  landlock_path_beneath_attr rule{};
  rule.allowed_access = kReadFile | kExecute | (S_ISDIR(what.st_mode) ? kReadDirectory : 0);
  rule.parent_fd = fd;
  syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  close(fd);
}

int restrict_files(const std::vector<std::string>& readable) {
  const int version =
      int(syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION));
  if (version < 1) return 0;
  constexpr int kKnown = sizeof kFilesOfVersion / sizeof *kFilesOfVersion;
  Ruleset rules;
  rules.files = kFilesOfVersion[(version < kKnown ? version : kKnown) - 1];
  std::size_t size = offsetof(Ruleset, network);
  if (version >= kVersionOfNetwork) {
    rules.network = kBindTcp | kConnectTcp;
    size = offsetof(Ruleset, scopes);
  }
  if (version >= kVersionOfScopes) {
    rules.scopes = kAbstractSockets | kSignals;
    size = sizeof rules;
  }
  const int ruleset = int(syscall(SYS_landlock_create_ruleset, &rules, size, 0));
  if (ruleset < 0) return 0;
  for (const std::string& path : readable) allow(ruleset, path);
  const bool done = syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
  close(ruleset);
  return done ? version : 0;
}

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;
#endif

// System calls that decoding needs, with any arguments.
constexpr int kAllowed[] = {
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_close,
    SYS_fstat,
    SYS_lseek,
    SYS_newfstatat,
    SYS_statx,
    SYS_mmap,
    SYS_mprotect,
    SYS_munmap,
    SYS_mremap,
    SYS_brk,
    SYS_madvise,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_futex,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_getpid,
    SYS_gettid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_ppoll,
    SYS_pselect6,
    SYS_eventfd2,
    SYS_pipe2,
    SYS_fcntl,
    SYS_dup,
    SYS_faccessat,
    SYS_readlinkat,
    SYS_getdents64,
    SYS_getcwd,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_getrandom,
    SYS_exit,
    SYS_exit_group,
    SYS_sysinfo,
    SYS_uname,
    SYS_getrusage,
    SYS_restart_syscall,
    SYS_membarrier,
    SYS_set_tid_address,
    SYS_fadvise64,
    SYS_statfs,
    SYS_fstatfs,
#ifdef SYS_faccessat2
    SYS_faccessat2,
#endif
#ifdef SYS_poll
    SYS_poll,
    SYS_select,
    SYS_access,
    SYS_stat,
    SYS_lstat,
    SYS_readlink,
    SYS_time,
    SYS_arch_prctl,
    SYS_pipe,
#endif
#ifdef SYS_getrlimit
    SYS_getrlimit,
#endif
};

constexpr std::uint32_t low_half(int argument) {
  return std::uint32_t(offsetof(seccomp_data, args) + std::size_t(argument) * 8);
}

constexpr std::uint32_t kYes = SECCOMP_RET_ALLOW, kNo = SECCOMP_RET_ERRNO | EPERM;

class Filter {
 public:
  void load(std::uint32_t offset) { add(BPF_LD | BPF_W | BPF_ABS, offset); }
  void answer(std::uint32_t what) { add(BPF_RET | BPF_K, what); }
  // Skips the next `count` steps unless the number at hand is `value`.
  void unless_equal(std::uint32_t value, std::uint8_t count) {
    program_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count));
  }
  void if_equal_skip(std::uint32_t value, std::uint8_t count) {
    program_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, count, 0));
  }
  void allow(int call) {
    unless_equal(std::uint32_t(call), 1);
    answer(kYes);
  }
  // Allowed when the bits of `mask` in an argument are `value`.
  void allow_if(int call, int argument, std::uint32_t mask, std::uint32_t value) {
    unless_equal(std::uint32_t(call), 5);
    load(low_half(argument));
    add(BPF_ALU | BPF_AND | BPF_K, mask);
    unless_equal(value, 1);
    answer(kYes);
    answer(kNo);
  }
  bool install() {
    const sock_fprog program{static_cast<unsigned short>(program_.size()), program_.data()};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
  }

 private:
  void add(std::uint16_t code, std::uint32_t value) { program_.push_back(BPF_STMT(code, value)); }
  std::vector<sock_filter> program_;
};

bool restrict_calls() {
  if (kArchitecture == 0) return false;
  Filter filter;
  filter.load(offsetof(seccomp_data, arch));
  filter.if_equal_skip(kArchitecture, 1);
  filter.answer(SECCOMP_RET_KILL_PROCESS);
  filter.load(offsetof(seccomp_data, nr));
  for (const int call : kAllowed) filter.allow(call);
  // Reading files, not writing them.
  constexpr std::uint32_t kWrites = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
  filter.allow_if(SYS_openat, 2, kWrites, 0);
#ifdef SYS_open
  filter.allow_if(SYS_open, 1, kWrites, 0);
#endif
  // Threads, not processes. The newer call hides its flags in memory; the C library does without.
  filter.allow_if(SYS_clone, 0, CLONE_THREAD, CLONE_THREAD);
#ifdef SYS_clone3
  filter.unless_equal(SYS_clone3, 1);
  filter.answer(SECCOMP_RET_ERRNO | ENOSYS);
#endif
  // GStreamer wakes itself through a pair of sockets, which nobody else can reach.
  filter.allow_if(SYS_socketpair, 0, ~0u, AF_UNIX);
  filter.allow_if(SYS_prctl, 0, ~0u, PR_SET_NAME);
  // Limits are read; what would set them is a pointer in the third place.
  filter.allow_if(SYS_prlimit64, 2, ~0u, 0);
  filter.allow_if(SYS_tgkill, 0, ~0u, std::uint32_t(getpid()));
  filter.answer(kNo);
  return filter.install();
}

}  // namespace

Sandbox enter_sandbox(const std::vector<std::string>& readable) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  Sandbox sandbox;
  sandbox.landlock = restrict_files(readable);
  sandbox.seccomp = restrict_calls();
  return sandbox;
}

}  // namespace chatterbox::sidecar
