/* The system call instruction, the first instruction, and the birth of a thread, for x86-64. */
#pragma once

static inline long call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

/* Start a thread on `stack` that runs `body` and never returns; the kernel clears `*alive` at its end. */
static inline long start_thread(unsigned long flags, void *stack, int *alive, void (*body)(void))
{
	register int *r10 __asm__("r10") = alive;
	register void (*r9)(void) __asm__("r9") = body;
	long result;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "call *%%r9\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(result)
			 : "a"(__NR_clone), "D"(flags), "S"(stack), "d"(0L), "r"(r10), "r"(r9)
			 : "rcx", "r8", "r11", "memory");
	return result;
}

/* The kernel puts the argument count, the arguments and the environment on the stack: see execve(2) and the ABI. */
#define ENTRY_POINT                       \
	__asm__(".globl _start\n"         \
		"_start:\n\t"             \
		"xor %ebp, %ebp\n\t"      \
		"mov %rsp, %rdi\n\t"      \
		"and $-16, %rsp\n\t"      \
		"call begin\n")

/* Where a signal handler returns to: rt_sigreturn(2). */
#define SIGNAL_RETURN                            \
	__asm__(".globl return_from_signal\n"    \
		"return_from_signal:\n\t"        \
		"mov $15, %eax\n\t"           \
		"syscall\n")
