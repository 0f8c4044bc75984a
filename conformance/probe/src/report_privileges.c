/* What the process may do: users, groups, capabilities, seccomp. */
#include "report.h"

#include "names.h"

#include <linux/capability.h>
#include <linux/prctl.h>

struct four {
	unsigned real, effective, saved, fs;
};

static void field_four(struct json *out, const char *key, struct four ids)
{
	put_key(out, key);
	open_object(out);
	field_unsigned(out, "real", ids.real);
	field_unsigned(out, "effective", ids.effective);
	field_unsigned(out, "saved", ids.saved);
	field_unsigned(out, "fs", ids.fs);
	close_object(out);
}

/* setfsuid(2): an impossible id changes nothing, and the answer is the one before.  gVisor has no such call. */
static unsigned filesystem_id(long answer, unsigned effective)
{
	return answer < 0 ? effective : (unsigned)answer;
}

static void report_users(struct json *out)
{
	struct four uid = {0}, gid = {0};

	sys(getresuid, &uid.real, &uid.effective, &uid.saved);
	sys(getresgid, &gid.real, &gid.effective, &gid.saved);
	uid.fs = filesystem_id(sys(setfsuid, -1), uid.effective);
	gid.fs = filesystem_id(sys(setfsgid, -1), gid.effective);
	field_four(out, "uid", uid);
	field_four(out, "gid", gid);
}

static void sort_numbers(unsigned *numbers, long count)
{
	for (long i = 1; i < count; i++) {
		unsigned moved = numbers[i];
		long j = i;
		for (; j > 0 && numbers[j - 1] > moved; j--)
			numbers[j] = numbers[j - 1];
		numbers[j] = moved;
	}
}

static void report_groups(struct json *out)
{
	long count = sys(getgroups, 0, NULL);
	unsigned *groups = take((count < 0 ? 0 : (size_t)count) * sizeof *groups);

	count = sys(getgroups, count < 0 ? 0 : count, groups);
	sort_numbers(groups, count);
	put_key(out, "groups");
	open_list(out);
	for (long i = 0; i < count; i++)
		put_unsigned(out, groups[i]);
	close_list(out);
}

static void report_umask(struct json *out)
{
	long mask = sys(umask, 0);

	sys(umask, mask);
	field_signed(out, "umask", mask);
}

static void field_set(struct json *out, const char *key, uint64_t set)
{
	put_key(out, key);
	open_list(out);
	for (unsigned bit = 0; bit < 64; bit++)
		if (set >> bit & 1)
			put_string(out, capability_name(bit));
	close_list(out);
}

/* A set that prctl(2) answers bit by bit; a negative `*last` is the error of the first question. */
static uint64_t asked_set(int option, int argument, long *last)
{
	uint64_t set = 0;

	*last = -1;
	for (long bit = 0; bit < 64; bit++) {
		long answer = argument < 0 ? sys(prctl, option, bit, 0, 0, 0) : sys(prctl, option, argument, bit, 0, 0);
		if (answer < 0)
			break;
		*last = bit;
		set |= (uint64_t)answer << bit;
	}
	return set;
}

static void field_asked_set(struct json *out, const char *key, int option, int argument)
{
	long last;
	uint64_t set = asked_set(option, argument, &last);

	if (last < 0)
		field_null(out, key);
	else
		field_set(out, key, set);
}

static void report_capabilities(struct json *out)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct low_high[2] = {0};
	bool known = sys(capget, &header, low_high) == 0;
	const char *const keys[] = {"effective", "permitted", "inheritable"};
	const uint64_t sets[] = {
		(uint64_t)low_high[1].effective << 32 | low_high[0].effective,
		(uint64_t)low_high[1].permitted << 32 | low_high[0].permitted,
		(uint64_t)low_high[1].inheritable << 32 | low_high[0].inheritable,
	};
	long last;

	put_key(out, "capabilities");
	open_object(out);
	for (size_t i = 0; i < COUNT(keys); i++) {
		if (known)
			field_set(out, keys[i], sets[i]);
		else
			field_null(out, keys[i]);
	}
	field_asked_set(out, "bounding", PR_CAPBSET_READ, -1);
	field_asked_set(out, "ambient", PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET);
	close_object(out);
	asked_set(PR_CAPBSET_READ, -1, &last);
	field_answer(out, "last_cap", last);
}

/* /proc/self/status tells the number of filters too (Linux 5.9); prctl(2) only the mode. */
static void report_seccomp(struct json *out)
{
	struct text status = contents("/proc/self/status");
	struct text mode = value_of(status, "Seccomp:"), filters = value_of(status, "Seccomp_filters:");

	put_key(out, "seccomp");
	open_object(out);
	field_answer(out, "mode", mode.start == NULL ? sys(prctl, PR_GET_SECCOMP, 0, 0, 0, 0) : (long)number_of(mode));
	field_answer(out, "filters", filters.start == NULL ? -1 : (long)number_of(filters));
	close_object(out);
}

static void report_label(struct json *out)
{
	struct text label = contents("/proc/self/attr/current");

	field_text(out, "label", label.start == NULL ? label : trimmed(label));
}

void report_privileges(struct json *out)
{
	long no_new_privs = sys(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	report_users(out);
	report_groups(out);
	report_umask(out);
	report_capabilities(out);
	field_bool(out, "no_new_privs", no_new_privs > 0);
	field_answer(out, "securebits", sys(prctl, PR_GET_SECUREBITS, 0, 0, 0, 0));
	field_answer(out, "dumpable", sys(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0));
	report_seccomp(out);
	report_label(out);
}
