/* What is in /dev, what the descriptors are, and the terminal. */
#include "report.h"

#include <asm/ioctls.h>
#include <asm/termios.h>

static void put_device(struct json *out, int folder, struct text name)
{
	struct statx found;
	long error;

	if (look_at(folder, name.start, AT_SYMLINK_NOFOLLOW, &found) < 0)
		return;
	open_object(out);
	field_text(out, "name", name);
	put_file_fields(out, &found);
	field_text(out, "target", link_target(folder, name.start, &error));
	close_object(out);
}

/* The entries of a folder below /dev; `prefix` is its name with a slash, or empty for /dev itself. */
static void put_devices(struct json *out, int dev, const char *prefix, bool deeper)
{
	struct text *names = NULL;
	long count = names_in(dev, *prefix == '\0' ? "." : prefix, &names);

	for (long i = 0; i < count; i++) {
		struct text name = joined(prefix, names[i].start);
		struct statx found;
		put_device(out, dev, name);
		bool is_folder = look_at(dev, name.start, AT_SYMLINK_NOFOLLOW, &found) == 0 &&
				 (found.stx_mode & S_IFMT) == S_IFDIR;
		if (deeper && is_folder)
			put_devices(out, dev, joined(name.start, "/").start, false);
	}
}

void report_devices(struct json *out)
{
	long dev = sys(openat, AT_FDCWD, "/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);

	put_key(out, "dev");
	if (dev < 0) {
		put_null(out);
		return;
	}
	open_list(out);
	put_devices(out, (int)dev, "", true);
	close_list(out);
	sys(close, dev);
}

/* The listing is of /proc/self/fd without the descriptor that lists. */
static void report_targets(struct json *out)
{
	struct text *names = NULL;
	long count = names_in(AT_FDCWD, "/proc/self/fd", &names);

	put_key(out, "fds");
	if (count < 0) {
		put_null(out);
		return;
	}
	open_object(out);
	for (long i = 0; i < count; i++) {
		long error;
		struct text target = link_target(AT_FDCWD, joined("/proc/self/fd/", names[i].start).start, &error);
		if (error == 0)
			field_text(out, names[i].start, target);
	}
	close_object(out);
}

static void put_terminal(struct json *out, int descriptor)
{
	struct text link = joined("/proc/self/fd/", decimal((unsigned)descriptor));
	struct winsize size = {0};
	struct statx found = {0};
	long error;

	sys(ioctl, descriptor, TIOCGWINSZ, &size);
	look_at(descriptor, "", AT_EMPTY_PATH, &found);
	open_object(out);
	field_text(out, "name", link_target(AT_FDCWD, link.start, &error));
	field_unsigned(out, "rows", size.ws_row);
	field_unsigned(out, "columns", size.ws_col);
	field_device(out, "device", found.stx_rdev_major, found.stx_rdev_minor);
	field_unsigned(out, "mode", found.stx_mode & 07777);
	field_unsigned(out, "uid", found.stx_uid);
	field_unsigned(out, "gid", found.stx_gid);
	close_object(out);
}

/* A terminal answers TIOCGSID only to processes whose controlling terminal it is: see ioctl_tty(2). */
static void report_terminals(struct json *out)
{
	bool controlling = false;

	put_key(out, "tty");
	open_object(out);
	for (int descriptor = STDIN; descriptor <= STDERR; descriptor++) {
		struct termios settings;
		int session;
		if (sys(ioctl, descriptor, TCGETS, &settings) < 0)
			continue;
		put_key(out, decimal((unsigned)descriptor));
		put_terminal(out, descriptor);
		controlling |= sys(ioctl, descriptor, TIOCGSID, &session) == 0;
	}
	close_object(out);
	long opened = sys(openat, AT_FDCWD, "/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (opened >= 0)
		sys(close, opened);
	field_bool(out, "controlling_tty", controlling || opened >= 0);
}

void report_descriptors(struct json *out)
{
	report_targets(out);
	report_terminals(out);
}
