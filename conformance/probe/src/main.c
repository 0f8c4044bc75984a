/* Where the program begins, and the verbs that only talk. */
#include "output.h"
#include "report.h"
#include "verbs.h"

ENTRY_POINT;

struct program program;

/* `stack` is how the kernel left it: the number of arguments, the arguments, NULL, the environment, NULL. */
_Noreturn void begin(long *stack)
{
	program.arguments = (char **)(stack + 1);
	program.environment = program.arguments + stack[0] + 1;
	carry_out(stack[0] == 0 ? program.arguments : program.arguments + 1);
}

long do_report(char **arguments)
{
	struct json line = {0};

	(void)arguments;
	open_object(&line);
	put_key(&line, "report");
	open_object(&line);
	report_process(&line);
	report_privileges(&line);
	report_limits(&line);
	report_namespaces(&line);
	report_mounts(&line);
	report_descriptors(&line);
	report_devices(&line);
	report_scheduling(&line);
	report_signals(&line);
	report_network(&line);
	close_object(&line);
	close_object(&line);
	say(&line);
	return QUIET;
}

long do_to(char **arguments)
{
	long result = speak_to(same(arguments[0], "-") ? NULL : arguments[0]);

	return result < 0 ? result : QUIET;
}

long do_tag(char **arguments)
{
	struct json line = {0};

	open_object(&line);
	field_string(&line, "tag", arguments[0]);
	close_object(&line);
	say(&line);
	return QUIET;
}

long do_echo(char **arguments)
{
	struct json line = {0};

	put_raw(&line, text_of(arguments[0]));
	say(&line);
	return QUIET;
}
