/* Which signals the process was given blocked, ignored or caught. */
#include "report.h"

#include "names.h"

#include <asm/signal.h>

static void field_signals(struct json *out, const char *key, signal_set set)
{
	put_key(out, key);
	open_list(out);
	for (long number = 1; number <= SIGNAL_COUNT; number++)
		if (set & one_signal(number))
			put_string(out, signal_name(number));
	close_list(out);
}

void report_signals(struct json *out)
{
	signal_set blocked = 0, ignored = 0;

	sys(rt_sigprocmask, SIG_BLOCK, NULL, &blocked, sizeof blocked);
	for (long number = 1; number <= SIGNAL_COUNT; number++) {
		struct sigaction action = {0};
		if (sys(rt_sigaction, number, NULL, &action, sizeof blocked) == 0 && action.sa_handler == SIG_IGN)
			ignored |= one_signal(number);
	}
	put_key(out, "signals");
	open_object(out);
	field_signals(out, "blocked", blocked);
	field_signals(out, "ignored", ignored);
	close_object(out);
}
