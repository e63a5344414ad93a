"""Numbers of the system calls we name, on both kinds of machine; a test compares them with the kernel's.

A call that is not named here does not exist for a run (ENOSYS).
"""

from __future__ import annotations

import platform

# name: (x86-64, arm64); arm64 never had the older forms
NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "accept": (43, 202), "accept4": (288, 242), "access": (21, None), "add_key": (248, 217),
    "alarm": (37, None), "arch_prctl": (158, None), "bind": (49, 200), "bpf": (321, 280), "brk": (12, 214),
    "capset": (126, 91), "chdir": (80, 49), "chmod": (90, None), "chown": (92, None), "chroot": (161, 51),
    "clock_getres": (229, 114), "clock_gettime": (228, 113), "clock_nanosleep": (230, 115),
    "clone": (56, 220), "clone3": (435, 435), "close": (3, 57), "close_range": (436, 436),
    "connect": (42, 203), "copy_file_range": (326, 285), "dup": (32, 23), "dup2": (33, None),
    "dup3": (292, 24), "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
    "epoll_pwait": (281, 22), "epoll_wait": (232, None), "eventfd": (284, None), "eventfd2": (290, 19),
    "execve": (59, 221), "execveat": (322, 281), "exit": (60, 93), "exit_group": (231, 94),
    "faccessat": (269, 48), "faccessat2": (439, 439), "fadvise64": (221, 223), "fallocate": (285, 47),
    "fchdir": (81, 50), "fchmod": (91, 52), "fchmodat": (268, 53), "fchown": (93, 55),
    "fchownat": (260, 54), "fcntl": (72, 25), "fdatasync": (75, 83), "flock": (73, 32), "fork": (57, None),
    "fsetxattr": (190, 7), "fstat": (5, 80), "fstatfs": (138, 44), "fsync": (74, 82), "ftruncate": (77, 46),
    "futex": (202, 98), "futex_waitv": (449, 449), "futimesat": (261, None), "get_mempolicy": (239, 236),
    "get_robust_list": (274, 100), "getcpu": (309, 168), "getcwd": (79, 17), "getdents64": (217, 61),
    "getegid": (108, 177), "geteuid": (107, 175), "getgid": (104, 176), "getgroups": (115, 158),
    "getitimer": (36, 102), "getpeername": (52, 205), "getpgid": (121, 155), "getpgrp": (111, None),
    "getpid": (39, 172), "getppid": (110, 173), "getpriority": (140, 141), "getrandom": (318, 278),
    "getresgid": (120, 150), "getresuid": (118, 148), "getrlimit": (97, 163), "getrusage": (98, 165),
    "getsid": (124, 156), "getsockname": (51, 204), "getsockopt": (55, 209), "gettid": (186, 178),
    "gettimeofday": (96, 169), "getuid": (102, 174), "ioctl": (16, 29), "keyctl": (250, 219),
    "kill": (62, 129), "landlock_add_rule": (445, 445), "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446), "lchown": (94, None), "link": (86, None), "linkat": (265, 37),
    "listen": (50, 201), "lseek": (8, 62), "lsetxattr": (189, 6), "lstat": (6, None), "madvise": (28, 233),
    "membarrier": (324, 283), "memfd_create": (319, 279), "mincore": (27, 232), "mkdir": (83, None),
    "mkdirat": (258, 34), "mknod": (133, None), "mknodat": (259, 33), "mlock": (149, 228), "mmap": (9, 222),
    "mount": (165, 40), "mprotect": (10, 226), "mremap": (25, 216), "msync": (26, 227),
    "munlock": (150, 229), "munmap": (11, 215), "nanosleep": (35, 101), "newfstatat": (262, 79),
    "open": (2, None), "open_by_handle_at": (304, 265), "openat": (257, 56), "pause": (34, None),
    "perf_event_open": (298, 241), "personality": (135, 92), "pipe": (22, None), "pipe2": (293, 59),
    "pivot_root": (155, 41), "poll": (7, None), "ppoll": (271, 73), "prctl": (157, 167),
    "pread64": (17, 67), "preadv": (295, 69), "preadv2": (327, 286), "prlimit64": (302, 261),
    "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "pselect6": (270, 72),
    "ptrace": (101, 117), "pwrite64": (18, 68), "pwritev": (296, 70), "pwritev2": (328, 287),
    "read": (0, 63), "readahead": (187, 213), "readlink": (89, None), "readlinkat": (267, 78),
    "readv": (19, 65), "recvfrom": (45, 207), "recvmsg": (47, 212), "rename": (82, None),
    "renameat": (264, 38), "renameat2": (316, 276), "request_key": (249, 218),
    "restart_syscall": (219, 128), "rmdir": (84, None), "rseq": (334, 293), "rt_sigaction": (13, 134),
    "rt_sigpending": (127, 136), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139),
    "rt_sigsuspend": (130, 133), "rt_sigtimedwait": (128, 137), "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126), "sched_getaffinity": (204, 123), "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120), "sched_setaffinity": (203, 122), "sched_setscheduler": (144, 119),
    "sched_yield": (24, 124), "seccomp": (317, 277), "select": (23, None), "sendfile": (40, 71),
    "sendmsg": (46, 211), "sendto": (44, 206), "set_robust_list": (273, 99), "set_tid_address": (218, 96),
    "setgid": (106, 144), "setgroups": (116, 159), "setitimer": (38, 103), "setns": (308, 268),
    "setpgid": (109, 154), "setpriority": (141, 140), "setresgid": (119, 149), "setresuid": (117, 147),
    "setrlimit": (160, 164), "setsid": (112, 157), "setsockopt": (54, 208), "setuid": (105, 146),
    "setxattr": (188, 5), "shutdown": (48, 210), "sigaltstack": (131, 132), "socket": (41, 198),
    "socketpair": (53, 199), "splice": (275, 76), "stat": (4, None), "statfs": (137, 43),
    "statx": (332, 291), "symlink": (88, None), "symlinkat": (266, 36), "sync_file_range": (277, 84),
    "sysinfo": (99, 179), "tee": (276, 77), "tgkill": (234, 131), "time": (201, None),
    "timer_create": (222, 107), "timer_delete": (226, 111), "timer_getoverrun": (225, 109),
    "timer_gettime": (224, 108), "timer_settime": (223, 110), "timerfd_create": (283, 85),
    "timerfd_gettime": (287, 87), "timerfd_settime": (286, 86), "times": (100, 153), "tkill": (200, 130),
    "truncate": (76, 45), "umask": (95, 166), "umount2": (166, 39), "uname": (63, 160),
    "unlink": (87, None), "unlinkat": (263, 35), "unshare": (272, 97), "userfaultfd": (323, 282),
    "utime": (132, None), "utimensat": (280, 88), "utimes": (235, None), "vfork": (58, None),
    "wait4": (61, 260), "waitid": (247, 95), "write": (1, 64), "writev": (20, 66),
}  # fmt: skip

# What Python, torch and their libraries need to compute, to keep time and to use the files they may see.
ALLOWED = """
    read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 open openat close
    close_range stat fstat lstat newfstatat statx lseek mprotect munmap mremap madvise brk msync mincore
    mlock munlock rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend
    sigaltstack access faccessat faccessat2 pipe pipe2 select pselect6 poll ppoll epoll_create
    epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd eventfd2 timerfd_create timerfd_settime
    timerfd_gettime sched_yield sched_getaffinity sched_getparam sched_getscheduler
    sched_get_priority_max sched_get_priority_min nanosleep clock_nanosleep clock_gettime clock_getres
    gettimeofday time times getpid gettid getppid getuid geteuid getgid getegid getgroups getresuid
    getresgid getpgid getpgrp getsid getpriority getrandom uname getcwd chdir fchdir getdents64 readlink
    readlinkat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 ftruncate truncate
    fallocate fsync fdatasync sync_file_range flock dup dup2 dup3 futex futex_waitv set_robust_list
    get_robust_list set_tid_address arch_prctl exit exit_group wait4 waitid getrlimit getrusage sysinfo
    rseq membarrier getcpu get_mempolicy setitimer getitimer alarm pause restart_syscall sendfile
    copy_file_range splice tee fadvise64 readahead statfs fstatfs umask timer_create timer_settime
    timer_gettime timer_delete timer_getoverrun recvfrom sendto shutdown getsockopt setsockopt
    getsockname getpeername
""".split()  # noqa: SIM905

# Known and refused with EPERM, which libraries understand better than "no such call".
REFUSED = """
    ptrace process_vm_readv process_vm_writev mount umount2 pivot_root chroot unshare setns bpf
    perf_event_open keyctl add_key request_key userfaultfd execve execveat fork vfork setuid setgid
    setresuid setresgid setgroups personality mknod mknodat chown fchown fchownat lchown link linkat
    symlink symlinkat chmod fchmod fchmodat utime utimes utimensat futimesat setxattr lsetxattr
    fsetxattr open_by_handle_at sched_setscheduler setpriority setpgid setsid memfd_create sendmsg
    recvmsg
""".split()  # noqa: SIM905

_COLUMNS = {"x86_64": 0, "amd64": 0, "aarch64": 1, "arm64": 1}
AUDIT_ARCHITECTURES = (0xC000003E, 0xC00000B7)  # how a seccomp filter names the two


def column() -> int | None:
    """Which of the two this machine is; None if it is neither."""
    return _COLUMNS.get(platform.machine().lower())


def number(name: str) -> int | None:
    """The call's number here; None if this machine has no such call."""
    here = column()
    return None if here is None else NUMBERS[name][here]
