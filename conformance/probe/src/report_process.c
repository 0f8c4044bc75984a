/* Who the process is: arguments, environment, identifiers, names. */
#include "report.h"

#include <linux/personality.h>
#include <linux/prctl.h>
#include <linux/utsname.h>

static void field_strings(struct json *out, const char *key, char **strings)
{
	put_key(out, key);
	open_list(out);
	for (; *strings != NULL; strings++)
		put_string(out, *strings);
	close_list(out);
}

static void field_working_directory(struct json *out)
{
	char *path = take(4096);
	long size = sys(getcwd, path, 4096);
	struct statx found;

	field_string(out, "cwd", size < 0 ? NULL : path);
	put_key(out, "cwd_inode");
	if (look_at(AT_FDCWD, ".", 0, &found) < 0)
		put_null(out);
	else
		put_unsigned(out, found.stx_ino);
}

static void report_names(struct json *out)
{
	struct new_utsname names = {0};
	char comm[17] = {0};
	long error;

	sys(uname, &names);
	sys(prctl, PR_GET_NAME, comm, 0, 0, 0);
	field_string(out, "hostname", names.nodename);
	field_string(out, "domainname", names.domainname);
	field_string(out, "kernel", names.release);
	field_string(out, "machine", names.machine);
	field_text(out, "exe", link_target(AT_FDCWD, "/proc/self/exe", &error));
	field_string(out, "comm", comm);
}

static void field_word(struct json *out, const char *key, int option)
{
	int value = 0;
	long result = sys(prctl, option, &value, 0, 0, 0);

	field_answer(out, key, result < 0 ? result : value);
}

void report_process(struct json *out)
{
	field_strings(out, "args", program.arguments);
	field_strings(out, "env", program.environment);
	field_working_directory(out);
	field_signed(out, "pid", sys(getpid));
	field_signed(out, "ppid", sys(getppid));
	field_signed(out, "pgid", sys(getpgid, 0));
	field_signed(out, "sid", sys(getsid, 0));
	report_names(out);
	field_signed(out, "personality", sys(personality, 0xffffffff));
	field_word(out, "parent_death_signal", PR_GET_PDEATHSIG);
	field_word(out, "subreaper", PR_GET_CHILD_SUBREAPER);
	field_answer(out, "timerslack", sys(prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0));
	field_answer(out, "thp_disable", sys(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0));
}
