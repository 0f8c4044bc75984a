/* Verbs that want what only some may do. */
#include "names.h"
#include "verbs.h"

#include <linux/mount.h>
#include <linux/sched.h>

static const struct flag mount_flags[] = {
	{"ro", MS_RDONLY},	 {"nosuid", MS_NOSUID},	  {"nodev", MS_NODEV},	       {"noexec", MS_NOEXEC},
	{"sync", MS_SYNCHRONOUS}, {"remount", MS_REMOUNT}, {"bind", MS_BIND},	       {"rbind", MS_BIND | MS_REC},
	{"move", MS_MOVE},	 {"rec", MS_REC},	  {"private", MS_PRIVATE},     {"slave", MS_SLAVE},
	{"shared", MS_SHARED},	 {"unbindable", MS_UNBINDABLE}, {"noatime", MS_NOATIME},
};

static const struct flag namespace_flags[] = {
	{"cgroup", CLONE_NEWCGROUP}, {"ipc", CLONE_NEWIPC},   {"mnt", CLONE_NEWNS},    {"net", CLONE_NEWNET},
	{"pid", CLONE_NEWPID},	     {"time", CLONE_NEWTIME}, {"user", CLONE_NEWUSER}, {"uts", CLONE_NEWUTS},
};

long do_setuid(char **arguments)
{
	long id;

	return decimal_argument(arguments[0], &id) ? sys(setuid, id) : MISUSED;
}

long do_setgid(char **arguments)
{
	long id;

	return decimal_argument(arguments[0], &id) ? sys(setgid, id) : MISUSED;
}

long do_setgroups(char **arguments)
{
	struct text list = text_of(arguments[0]);
	unsigned *groups = take((list.size + 1) * sizeof *groups);
	long count = 0;

	while (list.size > 0) {
		uint64_t group;
		if (!read_number(cut(&list, ','), 10, &group))
			return MISUSED;
		groups[count++] = (unsigned)group;
	}
	return sys(setgroups, count, groups);
}

long do_mount(char **arguments)
{
	uint64_t flags;

	if (!read_flags(text_of(arguments[3]), mount_flags, COUNT(mount_flags), &flags))
		return MISUSED;
	return sys(mount, arguments[0], arguments[1], arguments[2], flags, arguments[4]);
}

long do_umount(char **arguments)
{
	return sys(umount2, arguments[0], 0);
}

long do_chroot(char **arguments)
{
	return sys(chroot, arguments[0]);
}

long do_sethostname(char **arguments)
{
	return sys(sethostname, arguments[0], length_of(arguments[0]));
}

long do_setdomainname(char **arguments)
{
	return sys(setdomainname, arguments[0], length_of(arguments[0]));
}

long do_unshare(char **arguments)
{
	uint64_t flags;

	if (!read_flags(text_of(arguments[0]), namespace_flags, COUNT(namespace_flags), &flags))
		return MISUSED;
	return sys(unshare, flags);
}

long do_setns(char **arguments)
{
	long descriptor = sys(openat, AT_FDCWD, arguments[0], O_RDONLY | O_CLOEXEC);

	if (descriptor < 0)
		return descriptor;
	long result = sys(setns, descriptor, 0);
	sys(close, descriptor);
	return result;
}

long do_personality(char **arguments)
{
	long persona;

	return decimal_argument(arguments[0], &persona) ? sys(personality, persona) : MISUSED;
}

static bool numbers(char **arguments, long *found, int count)
{
	for (int i = 0; i < count; i++)
		if (!decimal_argument(arguments[i], &found[i]))
			return false;
	return true;
}

long do_prctl(char **arguments)
{
	long given[3];

	return numbers(arguments, given, 3) ? sys(prctl, given[0], given[1], given[2], 0, 0) : MISUSED;
}

/* An address that some call returns looks negative only when it is none: errors are the last 4095 numbers. */
static long told(long result)
{
	if (result < -4095) {
		field_unsigned(&extras, "unsigned", (uint64_t)result);
		return 0;
	}
	return result;
}

long do_syscall(char **arguments)
{
	long given[4];

	if (!numbers(arguments, given, 4))
		return MISUSED;
	return told(call6(given[0], given[1], given[2], given[3], 0, 0, 0));
}

long do_syscall6(char **arguments)
{
	long given[7];

	if (!numbers(arguments, given, 7))
		return MISUSED;
	return told(call6(given[0], given[1], given[2], given[3], given[4], given[5], given[6]));
}
