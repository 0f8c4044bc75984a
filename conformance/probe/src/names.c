#include "names.h"

#include <linux/capability.h>

/* The name at `index`, or `prefix` with the number when the table has none. */
static const char *name_at(const char *const *names, size_t count, unsigned long index, const char *prefix)
{
	if (index < count && names[index] != NULL)
		return names[index];
	return joined(prefix, decimal(index)).start;
}

#define NAME_AT(names, index, prefix) name_at(names, COUNT(names), index, prefix)

#define E(name) [name] = #name
static const char *const errnos[] = {
	E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF), E(ECHILD),
	E(EAGAIN), E(ENOMEM), E(EACCES), E(EFAULT), E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV), E(ENODEV),
	E(ENOTDIR), E(EISDIR), E(EINVAL), E(ENFILE), E(EMFILE), E(ENOTTY), E(ETXTBSY), E(EFBIG), E(ENOSPC),
	E(ESPIPE), E(EROFS), E(EMLINK), E(EPIPE), E(EDOM), E(ERANGE), E(EDEADLK), E(ENAMETOOLONG), E(ENOLCK),
	E(ENOSYS), E(ENOTEMPTY), E(ELOOP), E(ENOMSG), E(EIDRM), E(ECHRNG), E(EL2NSYNC), E(EL3HLT), E(EL3RST),
	E(ELNRNG), E(EUNATCH), E(ENOCSI), E(EL2HLT), E(EBADE), E(EBADR), E(EXFULL), E(ENOANO), E(EBADRQC),
	E(EBADSLT), E(EBFONT), E(ENOSTR), E(ENODATA), E(ETIME), E(ENOSR), E(ENONET), E(ENOPKG), E(EREMOTE),
	E(ENOLINK), E(EADV), E(ESRMNT), E(ECOMM), E(EPROTO), E(EMULTIHOP), E(EDOTDOT), E(EBADMSG),
	E(EOVERFLOW), E(ENOTUNIQ), E(EBADFD), E(EREMCHG), E(ELIBACC), E(ELIBBAD), E(ELIBSCN), E(ELIBMAX),
	E(ELIBEXEC), E(EILSEQ), E(ERESTART), E(ESTRPIPE), E(EUSERS), E(ENOTSOCK), E(EDESTADDRREQ),
	E(EMSGSIZE), E(EPROTOTYPE), E(ENOPROTOOPT), E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT), E(EOPNOTSUPP),
	E(EPFNOSUPPORT), E(EAFNOSUPPORT), E(EADDRINUSE), E(EADDRNOTAVAIL), E(ENETDOWN), E(ENETUNREACH),
	E(ENETRESET), E(ECONNABORTED), E(ECONNRESET), E(ENOBUFS), E(EISCONN), E(ENOTCONN), E(ESHUTDOWN),
	E(ETOOMANYREFS), E(ETIMEDOUT), E(ECONNREFUSED), E(EHOSTDOWN), E(EHOSTUNREACH), E(EALREADY),
	E(EINPROGRESS), E(ESTALE), E(EUCLEAN), E(ENOTNAM), E(ENAVAIL), E(EISNAM), E(EREMOTEIO), E(EDQUOT),
	E(ENOMEDIUM), E(EMEDIUMTYPE), E(ECANCELED), E(ENOKEY), E(EKEYEXPIRED), E(EKEYREVOKED),
	E(EKEYREJECTED), E(EOWNERDEAD), E(ENOTRECOVERABLE), E(ERFKILL), E(EHWPOISON),
};
#undef E

static const char *const signals[] = {
	NULL, "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1",
	"SEGV", "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN",
	"TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
};

#define C(name) [CAP_##name] = "CAP_" #name
static const char *const capabilities[] = {
	C(CHOWN), C(DAC_OVERRIDE), C(DAC_READ_SEARCH), C(FOWNER), C(FSETID), C(KILL), C(SETGID), C(SETUID),
	C(SETPCAP), C(LINUX_IMMUTABLE), C(NET_BIND_SERVICE), C(NET_BROADCAST), C(NET_ADMIN), C(NET_RAW),
	C(IPC_LOCK), C(IPC_OWNER), C(SYS_MODULE), C(SYS_RAWIO), C(SYS_CHROOT), C(SYS_PTRACE), C(SYS_PACCT),
	C(SYS_ADMIN), C(SYS_BOOT), C(SYS_NICE), C(SYS_RESOURCE), C(SYS_TIME), C(SYS_TTY_CONFIG), C(MKNOD),
	C(LEASE), C(AUDIT_WRITE), C(AUDIT_CONTROL), C(SETFCAP), C(MAC_OVERRIDE), C(MAC_ADMIN), C(SYSLOG),
	C(WAKE_ALARM), C(BLOCK_SUSPEND), C(AUDIT_READ), C(PERFMON), C(BPF), C(CHECKPOINT_RESTORE),
};
#undef C

static const char *const limits[LIMIT_COUNT] = {
	"CPU", "FSIZE", "DATA", "STACK", "CORE", "RSS", "NPROC", "NOFILE",
	"MEMLOCK", "AS", "LOCKS", "SIGPENDING", "MSGQUEUE", "NICE", "RTPRIO", "RTTIME",
};

static const char *const policies[] = {
	"SCHED_OTHER", "SCHED_FIFO", "SCHED_RR", "SCHED_BATCH", "SCHED_ISO", "SCHED_IDLE",
	"SCHED_DEADLINE", "SCHED_EXT",
};

static const char *const memory_modes[] = {
	"MPOL_DEFAULT", "MPOL_PREFERRED", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_LOCAL",
	"MPOL_PREFERRED_MANY", "MPOL_WEIGHTED_INTERLEAVE",
};

const char *errno_name(long error)
{
	return NAME_AT(errnos, error, "E");
}

const char *signal_name(long number)
{
	return NAME_AT(signals, number, "");
}

const char *capability_name(unsigned bit)
{
	return NAME_AT(capabilities, bit, "CAP_");
}

const char *limit_name(unsigned resource)
{
	return limits[resource];
}

const char *policy_name(unsigned policy)
{
	return NAME_AT(policies, policy, "SCHED_");
}

const char *memory_mode_name(unsigned mode)
{
	return NAME_AT(memory_modes, mode, "MPOL_");
}

/* The letter that mknod(1) and find(1) have for the type in a file's mode. */
const char *file_type(unsigned mode)
{
	switch (mode & S_IFMT) {
	case S_IFCHR: return "c";
	case S_IFBLK: return "b";
	case S_IFDIR: return "d";
	case S_IFLNK: return "l";
	case S_IFIFO: return "p";
	case S_IFSOCK: return "s";
	default: return "f";
	}
}

static long index_of(struct text name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (names[i] != NULL && is(name, names[i]))
			return (long)i;
	return -1;
}

long signal_number(struct text name)
{
	uint64_t number;

	if (read_number(name, 10, &number))
		return (long)number;
	if (begins(name, "SIG"))
		name = (struct text){name.start + 3, name.size - 3};
	return index_of(name, signals, COUNT(signals));
}

long limit_number(struct text name)
{
	if (begins(name, "RLIMIT_"))
		name = (struct text){name.start + 7, name.size - 7};
	return index_of(name, limits, LIMIT_COUNT);
}

static bool read_flag(struct text name, const struct flag *known, size_t count, uint64_t *flags)
{
	for (size_t i = 0; i < count; i++) {
		if (is(name, known[i].name)) {
			*flags |= known[i].bit;
			return true;
		}
	}
	return false;
}

bool read_flags(struct text names, const struct flag *known, size_t count, uint64_t *flags)
{
	*flags = 0;
	if (read_number(names, 10, flags))
		return true;
	while (names.size > 0)
		if (!read_flag(cut(&names, ','), known, count, flags))
			return false;
	return true;
}

void put_flags(struct json *out, uint64_t flags, const struct flag *known, size_t count)
{
	open_list(out);
	for (size_t i = 0; i < count; i++)
		if ((flags & known[i].bit) == known[i].bit)
			put_string(out, known[i].name);
	close_list(out);
}
