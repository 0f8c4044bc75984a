/* Where and when the process runs, and where its memory comes from. */
#include "report.h"

#include "names.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <linux/sched/types.h>

static const struct flag schedule_flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
	{"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
	{"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
	{"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
	{"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
	{"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
};

static const struct flag memory_flags[] = {
	{"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
	{"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
	{"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
};

/* The numbers of the bits that are set. */
static void put_bits(struct json *out, const unsigned long *words, size_t bits)
{
	open_list(out);
	for (size_t bit = 0; bit < bits; bit++)
		if (words[bit / 64] >> bit % 64 & 1)
			put_unsigned(out, bit);
	close_list(out);
}

/* gVisor knows only the older calls. */
static bool read_schedule(struct sched_attr *now)
{
	int priority = 0;

	if (sys(sched_getattr, 0, now, sizeof *now, 0) == 0)
		return true;
	long policy = sys(sched_getscheduler, 0);
	if (policy < 0 || sys(sched_getparam, 0, &priority) < 0)
		return false;
	now->sched_policy = (unsigned)policy & ~(unsigned)SCHED_RESET_ON_FORK;
	now->sched_flags = policy & SCHED_RESET_ON_FORK ? SCHED_FLAG_RESET_ON_FORK : 0;
	now->sched_priority = (unsigned)priority;
	return true;
}

/* getpriority(2) answers 20 minus the nice value. */
static void report_scheduler(struct json *out)
{
	struct sched_attr now = {.size = sizeof now};
	long priority = sys(getpriority, 0, 0);

	put_key(out, "scheduler");
	if (!read_schedule(&now)) {
		put_null(out);
		return;
	}
	open_object(out);
	field_string(out, "policy", policy_name(now.sched_policy));
	put_key(out, "flags");
	put_flags(out, now.sched_flags, schedule_flags, COUNT(schedule_flags));
	field_signed(out, "nice", 20 - priority);
	field_unsigned(out, "priority", now.sched_priority);
	field_unsigned(out, "runtime", now.sched_runtime);
	field_unsigned(out, "deadline", now.sched_deadline);
	field_unsigned(out, "period", now.sched_period);
	close_object(out);
}

static void report_io_priority(struct json *out)
{
	static const char *const classes[] = {
		"IOPRIO_CLASS_NONE", "IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE",
	};
	long priority = sys(ioprio_get, IOPRIO_WHO_PROCESS, 0);

	put_key(out, "ioprio");
	if (priority < 0 || IOPRIO_PRIO_CLASS(priority) >= COUNT(classes)) {
		put_null(out);
		return;
	}
	open_object(out);
	field_string(out, "class", classes[IOPRIO_PRIO_CLASS(priority)]);
	field_signed(out, "level", IOPRIO_PRIO_LEVEL(priority));
	close_object(out);
}

void put_affinity(struct json *out)
{
	unsigned long words[128] = {0};
	long size = sys(sched_getaffinity, 0, sizeof words, words);

	put_bits(out, words, size < 0 ? 0 : (size_t)size * 8);
}

static void report_memory_policy(struct json *out)
{
	enum { NODES = 1024 };
	unsigned long nodes[NODES / 64] = {0};
	int mode = 0;

	put_key(out, "memory_policy");
	if (sys(get_mempolicy, &mode, nodes, NODES, 0, 0) < 0) {
		put_null(out);
		return;
	}
	open_object(out);
	field_string(out, "mode", memory_mode_name((unsigned)mode & ~(unsigned)MPOL_MODE_FLAGS));
	put_key(out, "flags");
	put_flags(out, (uint64_t)mode, memory_flags, COUNT(memory_flags));
	put_key(out, "nodes");
	put_bits(out, nodes, NODES);
	close_object(out);
}

void report_scheduling(struct json *out)
{
	report_scheduler(out);
	report_io_priority(out);
	put_key(out, "affinity");
	put_affinity(out);
	field_text(out, "mems_allowed", value_of(contents("/proc/self/status"), "Mems_allowed_list:"));
	report_memory_policy(out);
}
