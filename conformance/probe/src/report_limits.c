/* What the process may use: resource limits and cgroups. */
#include "report.h"

#include "names.h"

#include <linux/resource.h>

static void report_resource_limits(struct json *out)
{
	put_key(out, "rlimits");
	open_object(out);
	for (unsigned resource = 0; resource < LIMIT_COUNT; resource++) {
		struct rlimit64 limit;
		if (sys(prlimit64, 0, resource, NULL, &limit) < 0)
			continue;
		put_key(out, limit_name(resource));
		open_list(out);
		put_unsigned(out, limit.rlim_cur);
		put_unsigned(out, limit.rlim_max);
		close_list(out);
	}
	close_object(out);
}

static void report_oom_score(struct json *out)
{
	struct text score = contents("/proc/self/oom_score_adj");

	put_key(out, "oom_score_adj");
	if (score.start == NULL)
		put_null(out);
	else
		put_signed(out, (int64_t)number_of(trimmed(score)));
}

static void put_cgroup(struct json *out, struct text line)
{
	open_object(out);
	field_unsigned(out, "hierarchy", number_of(cut(&line, ':')));
	struct text controllers = cut(&line, ':');
	put_key(out, "controllers");
	open_list(out);
	while (controllers.size > 0)
		put_text(out, cut(&controllers, ','));
	close_list(out);
	field_text(out, "path", line);
	close_object(out);
}

static void report_cgroups(struct json *out)
{
	struct text lines = contents("/proc/self/cgroup");

	put_key(out, "cgroups");
	if (lines.start == NULL) {
		put_null(out);
		return;
	}
	open_list(out);
	while (lines.size > 0)
		put_cgroup(out, cut(&lines, '\n'));
	close_list(out);
}

void report_limits(struct json *out)
{
	report_resource_limits(out);
	report_oom_score(out);
	report_cgroups(out);
}
