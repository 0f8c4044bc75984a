/* Which namespaces the process is in, and what they map. */
#include "report.h"

static void report_kinds(struct json *out)
{
	static const char *const kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"};
	long folder = sys(openat, AT_FDCWD, "/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);

	put_key(out, "namespaces");
	if (folder < 0) {
		put_null(out);
		return;
	}
	open_object(out);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct statx found;
		if (look_at((int)folder, kinds[i], 0, &found) == 0)
			field_unsigned(out, kinds[i], found.stx_ino);
	}
	close_object(out);
	sys(close, folder);
}

/* A map is lines of three numbers: first id inside, first id outside, how many. */
static void field_map(struct json *out, const char *key, const char *path)
{
	struct text lines = contents(path);

	put_key(out, key);
	if (lines.start == NULL) {
		put_null(out);
		return;
	}
	open_list(out);
	while (lines.size > 0) {
		struct text line = cut(&lines, '\n');
		open_list(out);
		for (int i = 0; i < 3; i++)
			put_unsigned(out, number_of(word(&line)));
		close_list(out);
	}
	close_list(out);
}

static void report_setgroups(struct json *out)
{
	struct text allowed = contents("/proc/self/setgroups");

	field_text(out, "setgroups", allowed.start == NULL ? allowed : trimmed(allowed));
}

/* Lines of clock, seconds and nanoseconds; the clock is a name. */
static void report_time_offsets(struct json *out)
{
	struct text lines = contents("/proc/self/timens_offsets");

	put_key(out, "timens_offsets");
	if (lines.start == NULL) {
		put_null(out);
		return;
	}
	open_object(out);
	while (lines.size > 0) {
		struct text line = cut(&lines, '\n');
		put_key(out, string_of(word(&line)));
		open_object(out);
		field_signed(out, "secs", (int64_t)number_of(word(&line)));
		field_signed(out, "nanosecs", (int64_t)number_of(word(&line)));
		close_object(out);
	}
	close_object(out);
}

void put_clocks(struct json *out)
{
	open_object(out);
	field_seconds(out, "monotonic", clock_now(1));
	field_seconds(out, "boottime", clock_now(7));
	field_seconds(out, "realtime", clock_now(0));
	close_object(out);
}

void report_namespaces(struct json *out)
{
	report_kinds(out);
	field_map(out, "uid_map", "/proc/self/uid_map");
	field_map(out, "gid_map", "/proc/self/gid_map");
	report_setgroups(out);
	report_time_offsets(out);
	put_key(out, "clocks");
	put_clocks(out);
}
