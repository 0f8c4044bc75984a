/* The pause program: holds the namespaces of a sandbox, and reaps what its processes leave behind.
 *
 * It needs no libc: it blocks every signal and takes them one by one. SIGTERM and SIGINT end it, SIGCHLD means that
 * something is to be reaped.
 */

#define SIGINT 2
#define SIGTERM 15
#define SIGCHLD 17
#define SIG_BLOCK 0
#define WNOHANG 1

#if defined(__x86_64__)
enum { SYS_exit = 60, SYS_wait4 = 61, SYS_rt_sigprocmask = 14, SYS_rt_sigtimedwait = 128 };

static long call(long number, long a, long b, long c, long d)
{
	long result;
	register long fourth __asm__("r10") = d;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
enum { SYS_exit = 93, SYS_wait4 = 260, SYS_rt_sigprocmask = 135, SYS_rt_sigtimedwait = 137 };

static long call(long number, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}
#else
#error "no system calls for this machine yet"
#endif

void _start(void)
{
	unsigned long everything = ~0UL;

	call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&everything, 0, sizeof(everything));
	for (;;) {
		long number = call(SYS_rt_sigtimedwait, (long)&everything, 0, 0, sizeof(everything));

		if (number == SIGTERM || number == SIGINT)
			call(SYS_exit, 0, 0, 0, 0);
		if (number == SIGCHLD)
			while (call(SYS_wait4, -1, 0, WNOHANG, 0) > 0)
				;
	}
}
