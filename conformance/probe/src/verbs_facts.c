/* Verbs that tell one thing, after other verbs may have changed it. */
#include "report.h"
#include "verbs.h"

#include <asm/ioctls.h>
#include <asm/termios.h>
#include <linux/keyctl.h>

long do_clock(char **arguments)
{
	(void)arguments;
	put_key(&extras, "clocks");
	put_clocks(&extras);
	return 0;
}

long do_affinity(char **arguments)
{
	(void)arguments;
	put_key(&extras, "affinity");
	put_affinity(&extras);
	return 0;
}

/* The description is "type;uid;gid;permissions;name": see keyctl(2). */
long do_keyctl(char **arguments)
{
	char *description = take(4096);
	long serial = sys(keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0, 0, 0);

	(void)arguments;
	if (serial < 0)
		return serial;
	long size = sys(keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, description, 4096, 0);
	field_string(&extras, "content", size < 0 ? NULL : description);
	return serial;
}

long do_fd(char **arguments)
{
	static const char *const ways[] = {"r", "w", "rw", "path"};
	long descriptor, error;
	struct statx found;

	if (!decimal_argument(arguments[0], &descriptor))
		return MISUSED;
	long flags = sys(fcntl, descriptor, F_GETFL);
	if (flags < 0)
		return flags;
	look_at((int)descriptor, "", AT_EMPTY_PATH, &found);
	put_file_fields(&extras, &found);
	field_string(&extras, "access", ways[flags & O_PATH ? 3 : flags & O_ACCMODE]);
	field_text(&extras, "target", link_target(AT_FDCWD, joined("/proc/self/fd/", arguments[0]).start, &error));
	return 0;
}

long do_winsize(char **arguments)
{
	struct winsize size;
	long result = sys(ioctl, STDIN, TIOCGWINSZ, &size);

	(void)arguments;
	if (result < 0)
		return result;
	field_unsigned(&extras, "rows", size.ws_row);
	field_unsigned(&extras, "columns", size.ws_col);
	return 0;
}
