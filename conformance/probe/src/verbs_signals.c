/* Verbs about signals and the lives of processes. */
#include "names.h"
#include "output.h"
#include "report.h"
#include "verbs.h"

#include <asm/signal.h>

static signal_set trapped;

static void say_signal(int number)
{
	struct json line = {0};

	open_object(&line);
	field_string(&line, "signal", signal_name(number));
	close_object(&line);
	say(&line);
}

SIGNAL_RETURN;
void return_from_signal(void);

/* The signal of a system call that seccomp traps comes in the middle of that call, and kills whoever blocks it. */
static long catch_at_once(long number)
{
	struct sigaction action = {
		.sa_handler = say_signal,
		.sa_flags = SA_RESTORER,
		.sa_restorer = return_from_signal,
	};

	return sys(rt_sigaction, number, &action, NULL, sizeof(signal_set));
}

/* Trapped signals stay blocked, and `wait` takes them off the queue: so none is lost between two verbs.  Process 1 of a
 * PID namespace gets them too, whom the kernel spares signals that it has no handler for: see pid_namespaces(7). */
long do_trap(char **arguments)
{
	long number = signal_number(text_of(arguments[0]));

	if (number < 1 || number > SIGNAL_COUNT)
		return MISUSED;
	if (number == SIGKILL || number == SIGSTOP)
		return -EINVAL;
	trapped |= one_signal(number);
	if (number == SIGSYS)
		return catch_at_once(number);
	signal_set blocked = one_signal(number);
	return sys(rt_sigprocmask, SIG_BLOCK, &blocked, NULL, sizeof blocked);
}

/* All that is trapped is blocked before the line is out, so whoever has read it may send a signal. */
long do_wait(char **arguments)
{
	signal_set before;
	long number;

	(void)arguments;
	sys(rt_sigprocmask, SIG_BLOCK, &trapped, &before, sizeof trapped);
	answer_now(0);
	do
		number = sys(rt_sigtimedwait, &trapped, NULL, NULL, sizeof trapped);
	while (number < 0);
	sys(rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
	say_signal((int)number);
	return QUIET;
}

static void unblock_signals(void)
{
	signal_set none = 0;

	sys(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
}

_Noreturn void wait_for_ever(void)
{
	for (;;)
		sys(ppoll, NULL, 0, NULL, NULL, 0);
}

long do_ignore(char **arguments)
{
	struct sigaction action = {.sa_handler = SIG_IGN};
	long number = signal_number(text_of(arguments[0]));

	return number < 1 ? MISUSED : sys(rt_sigaction, number, &action, NULL, sizeof(signal_set));
}

long do_kill(char **arguments)
{
	long process, number = signal_number(text_of(arguments[1]));

	if (!decimal_argument(arguments[0], &process) || number < 0)
		return MISUSED;
	return sys(kill, process, number);
}

long do_raise(char **arguments)
{
	long number = signal_number(text_of(arguments[0])), self = sys(getpid);

	return number < 0 ? MISUSED : sys(kill, self, number);
}

long do_exit(char **arguments)
{
	long status;

	if (!decimal_argument(arguments[0], &status))
		return MISUSED;
	return sys(exit_group, status);
}

/* The new program's first argument is its path, then come the remaining ones. */
long do_exec(char **arguments)
{
	return sys(execve, arguments[0], arguments, program.environment);
}

/* The pipe tells when the child has unblocked its signals: before that, nobody should send it one. */
long do_spawn(char **arguments)
{
	int ends[2];
	char nothing;
	long piped = sys(pipe2, ends, O_CLOEXEC);
	long child = piped < 0 ? piped : sys(clone, SIGCHLD, 0, 0, 0, 0);

	(void)arguments;
	if (child == 0) {
		unblock_signals();
		sys(close, ends[0]);
		sys(close, ends[1]);
		wait_for_ever();
	}
	if (piped == 0) {
		sys(close, ends[1]);
		sys(read, ends[0], &nothing, 1);
		sys(close, ends[0]);
	}
	return child;
}

long do_daemon(char **arguments)
{
	long child = sys(clone, SIGCHLD, 0, 0, 0, 0);

	(void)arguments;
	if (child > 0)
		sys(exit_group, 0);
	return child < 0 ? child : sys(setsid);
}

long do_setsid(char **arguments)
{
	(void)arguments;
	return sys(setsid);
}
