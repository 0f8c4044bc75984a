/* The kernel's own headers, and one macro to call it: sys(openat, AT_FDCWD, path, O_RDONLY) is negative on errors. */
#pragma once

#include <asm/errno.h>
#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/time_types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
#include "arch_x86_64.h"
#elif defined(__aarch64__)
#include "arch_aarch64.h"
#else
#error "the probe knows x86-64 and aarch64"
#endif

#define sys(name, ...) sys_padded(__NR_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define sys_padded(number, a, b, c, d, e, f, ...) \
	call6(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { STDIN, STDOUT, STDERR };

/* Numbers that only the headers of a libc give. */
enum { AF_UNIX = 1, AF_INET = 2, AF_INET6 = 10, AF_NETLINK = 16 };
enum { SOCK_STREAM = 1, SOCK_RAW = 3, SOCK_CLOEXEC = 02000000 };
enum { INTERFACE_UP = 1, SIGNAL_COUNT = 64 };
typedef uint64_t signal_set;

static inline signal_set one_signal(long number)
{
	return (signal_set)1 << (number - 1);
}

static inline uint64_t nanoseconds(struct __kernel_timespec moment)
{
	return (uint64_t)moment.tv_sec * 1000000000u + (uint64_t)moment.tv_nsec;
}

/* The time of a clock in nanoseconds, 0 when the kernel has no such clock. */
static inline uint64_t clock_now(int clock)
{
	struct __kernel_timespec now = {0};

	sys(clock_gettime, clock, &now);
	return nanoseconds(now);
}
