/* The system call instruction, the first instruction, and the birth of a thread, for aarch64. */
#pragma once

static inline long call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

/* Start a thread on `stack` that runs `body` and never returns; the kernel clears `*alive` at its end. */
static inline long start_thread(unsigned long flags, void *stack, int *alive, void (*body)(void))
{
	register long x8 __asm__("x8") = __NR_clone;
	register long x0 __asm__("x0") = (long)flags;
	register void *x1 __asm__("x1") = stack;
	register long x2 __asm__("x2") = 0;
	register long x3 __asm__("x3") = 0;
	register int *x4 __asm__("x4") = alive;
	register void (*x9)(void) __asm__("x9") = body;

	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, #0\n\t"
			 "blr x9\n\t"
			 "brk #0\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x9)
			 : "memory");
	return x0;
}

/* The kernel puts the argument count, the arguments and the environment on the stack: see execve(2) and the ABI. */
#define ENTRY_POINT                       \
	__asm__(".globl _start\n"         \
		"_start:\n\t"             \
		"mov x29, #0\n\t"         \
		"mov x30, #0\n\t"         \
		"mov x0, sp\n\t"          \
		"and sp, x0, #-16\n\t"    \
		"b begin\n")

/* Where a signal handler returns to: rt_sigreturn(2). */
#define SIGNAL_RETURN                            \
	__asm__(".globl return_from_signal\n"    \
		"return_from_signal:\n\t"        \
		"mov x8, #139\n\t"            \
		"svc #0\n")
