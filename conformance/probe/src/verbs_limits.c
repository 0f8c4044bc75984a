/* Verbs that want much of something, and tell how much was given. */
#include "names.h"
#include "verbs.h"

#include <asm/siginfo.h>
#include <asm/signal.h>
#include <linux/futex.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <linux/wait.h>

enum { PAGE = 4096 };

static bool count_argument(const char *text, long *count)
{
	return decimal_argument(text, count) && *count >= 0;
}

static long map(long bytes, long flags)
{
	return sys(mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

static bool refused(long result)
{
	return result < 0 && result >= -4095;
}

/* Volatile, or the compiler would see that nobody reads it and leave the memory untouched. */
static long write_pages(volatile char *memory, long bytes, long step)
{
	for (long at = 0; at < bytes; at += step)
		memory[at] = 1;
	return bytes;
}

static long touch_mapping(const char *argument, long flags)
{
	long bytes;

	if (!count_argument(argument, &bytes))
		return MISUSED;
	if (bytes == 0)
		return 0;
	long memory = map(bytes, flags);
	if (refused(memory))
		return memory;
	write_pages((volatile char *)memory, bytes, PAGE);
	sys(munmap, memory, bytes);
	return bytes;
}

long do_touch(char **arguments)
{
	return touch_mapping(arguments[0], 0);
}

long do_huge(char **arguments)
{
	return touch_mapping(arguments[0], MAP_HUGETLB);
}

/* An array of a size that the compiler can not know has to be on the stack, as a whole. */
static __attribute__((noinline)) void write_stack(long bytes)
{
	volatile char stack[bytes + 1];

	write_pages(stack, bytes, PAGE);
}

long do_stack(char **arguments)
{
	long bytes;

	if (!count_argument(arguments[0], &bytes))
		return MISUSED;
	write_stack(bytes);
	return bytes;
}

long do_lock(char **arguments)
{
	long bytes;

	if (!count_argument(arguments[0], &bytes))
		return MISUSED;
	long memory = map(bytes, 0);
	if (refused(memory))
		return memory;
	long result = sys(mlock, memory, bytes);
	sys(munmap, memory, bytes);
	return result < 0 ? result : bytes;
}

/* Children wait until all are started, then they are killed and reaped; should this process be killed, they go too. */
long do_fork(char **arguments)
{
	long wanted, started = 0;

	if (!count_argument(arguments[0], &wanted))
		return MISUSED;
	int *children = take((size_t)wanted * sizeof *children);
	for (; started < wanted; started++) {
		long child = sys(clone, SIGCHLD, 0, 0, 0, 0);
		if (child == 0) {
			sys(prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			wait_for_ever();
		}
		if (child < 0) {
			refusal = -child;
			break;
		}
		children[started] = (int)child;
	}
	for (long i = 0; i < started; i++)
		sys(kill, children[i], SIGKILL);
	for (long i = 0; i < started; i++)
		sys(wait4, children[i], NULL, 0, NULL);
	return started;
}

static int may_end;

static void run_thread(void)
{
	while (__atomic_load_n(&may_end, __ATOMIC_ACQUIRE) == 0)
		sys(futex, &may_end, FUTEX_WAIT, 0, NULL, NULL, 0);
	for (;;)
		sys(exit, 0);
}

static void end_threads(int *alive, long count)
{
	__atomic_store_n(&may_end, 1, __ATOMIC_RELEASE);
	sys(futex, &may_end, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
	for (long i = 0; i < count; i++) {
		int state;
		while ((state = __atomic_load_n(&alive[i], __ATOMIC_ACQUIRE)) != 0)
			sys(futex, &alive[i], FUTEX_WAIT, state, NULL, NULL, 0);
	}
}

long do_threads(char **arguments)
{
	enum { STACK = 4096 };
	const unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
				    CLONE_CHILD_CLEARTID;
	long wanted, started = 0;

	if (!count_argument(arguments[0], &wanted))
		return MISUSED;
	int *alive = take((size_t)wanted * sizeof *alive);
	may_end = 0;
	for (; started < wanted; started++) {
		char *stack = take(STACK);
		alive[started] = 1;
		long thread = start_thread(flags, stack + STACK, &alive[started], run_thread);
		if (thread < 0) {
			refusal = -thread;
			break;
		}
	}
	end_threads(alive, started);
	return started;
}

/* Descriptors that only point at the root folder: that needs no device and no file. */
long do_fds(char **arguments)
{
	long wanted, opened = 0;

	if (!count_argument(arguments[0], &wanted))
		return MISUSED;
	int *descriptors = take((size_t)wanted * sizeof *descriptors);
	for (; opened < wanted; opened++) {
		long descriptor = sys(openat, AT_FDCWD, "/", O_PATH | O_CLOEXEC);
		if (descriptor < 0) {
			refusal = -descriptor;
			break;
		}
		descriptors[opened] = (int)descriptor;
	}
	for (long i = 0; i < opened; i++)
		sys(close, descriptors[i]);
	return opened;
}

/* Queued real-time signals are counted against SIGPENDING; they stay blocked and are taken off the queue afterwards. */
long do_queue(char **arguments)
{
	enum { NUMBER = 40 };
	signal_set set = one_signal(NUMBER), before;
	struct __kernel_timespec now = {0};
	long wanted, queued = 0, self = sys(getpid);

	if (!count_argument(arguments[0], &wanted))
		return MISUSED;
	sys(rt_sigprocmask, SIG_BLOCK, &set, &before, sizeof set);
	for (; queued < wanted; queued++) {
		siginfo_t info = {.si_signo = NUMBER, .si_code = SI_QUEUE};
		long result = sys(rt_sigqueueinfo, self, NUMBER, &info);
		if (result < 0) {
			refusal = -result;
			break;
		}
	}
	while (sys(rt_sigtimedwait, &set, NULL, &now, sizeof set) > 0)
		continue;
	sys(rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof set);
	return queued;
}

enum { WALL = 1, PROCESSOR = 2, MILLION = 1000000 };

/* Keep the processor busy until one of the two clocks has gone on by so much. */
static long burn(const char *argument, int clock)
{
	long milliseconds;

	if (!count_argument(argument, &milliseconds))
		return MISUSED;
	uint64_t wall = clock_now(WALL), processor = clock_now(PROCESSOR), begin = clock_now(clock);
	while (clock_now(clock) - begin < (uint64_t)milliseconds * MILLION)
		for (volatile int spin = 0; spin < 1000; spin++)
			continue;
	field_unsigned(&extras, "cpu_ms", (clock_now(PROCESSOR) - processor) / MILLION);
	field_unsigned(&extras, "wall_ms", (clock_now(WALL) - wall) / MILLION);
	return 0;
}

long do_burn(char **arguments)
{
	return burn(arguments[0], WALL);
}

long do_burncpu(char **arguments)
{
	return burn(arguments[0], PROCESSOR);
}

long do_setrlimit(char **arguments)
{
	long resource = limit_number(text_of(arguments[0])), soft, hard;

	if (resource < 0 || !decimal_argument(arguments[1], &soft) || !decimal_argument(arguments[2], &hard))
		return MISUSED;
	struct rlimit64 limit = {(uint64_t)soft, (uint64_t)hard};
	return sys(prlimit64, 0, resource, &limit, NULL);
}

long do_nice(char **arguments)
{
	long value;

	return decimal_argument(arguments[0], &value) ? sys(setpriority, 0, 0, value) : MISUSED;
}

long do_schedule(char **arguments)
{
	long policy, priority;

	if (!decimal_argument(arguments[0], &policy) || !decimal_argument(arguments[1], &priority))
		return MISUSED;
	int parameter = (int)priority;
	return sys(sched_setscheduler, 0, policy, &parameter);
}
