/* Verbs about files. */
#include "names.h"
#include "verbs.h"

#include <asm/statfs.h>
#include <linux/mount.h>

enum { READ_MOST = 1 << 20 };

static long tell_content(struct text content, long error)
{
	field_text(&extras, "content", content);
	return error < 0 ? error : (long)content.size;
}

static long read_descriptor(int descriptor)
{
	long error;
	struct text content = read_all(descriptor, READ_MOST, &error);

	return tell_content(content, error);
}

long do_stdin(char **arguments)
{
	(void)arguments;
	return read_descriptor(STDIN);
}

long do_readfd(char **arguments)
{
	long descriptor;

	return decimal_argument(arguments[0], &descriptor) ? read_descriptor((int)descriptor) : MISUSED;
}

/* One byte at a time, so that nothing behind the newline is taken. */
long do_line(char **arguments)
{
	struct json line = {0};
	char byte;
	long got;

	(void)arguments;
	while ((got = sys(read, STDIN, &byte, 1)) == 1 && byte != '\n')
		put_raw(&line, (struct text){&byte, 1});
	return tell_content(line.start == NULL ? text_of("") : (struct text){line.start, line.size}, got);
}

long do_read(char **arguments)
{
	long error;
	struct text content = contents_up_to(arguments[0], READ_MOST, &error);

	return tell_content(content, error);
}

long do_head(char **arguments)
{
	long error, most;

	if (!decimal_argument(arguments[1], &most))
		return MISUSED;
	struct text content = contents_up_to(arguments[0], (size_t)most, &error);
	return tell_content(content, error);
}

static long write_with(const char *path, int flags, struct text text)
{
	long descriptor = sys(openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);

	if (descriptor < 0)
		return descriptor;
	long written = sys(write, descriptor, text.start, text.size);
	long closed = sys(close, descriptor);
	return written < 0 ? written : closed < 0 ? closed : written;
}

long do_write(char **arguments)
{
	return write_with(arguments[0], O_TRUNC, text_of(arguments[1]));
}

long do_append(char **arguments)
{
	return write_with(arguments[0], O_APPEND, text_of(arguments[1]));
}

long do_writefd(char **arguments)
{
	long descriptor;

	if (!decimal_argument(arguments[0], &descriptor))
		return MISUSED;
	return sys(write, descriptor, arguments[1], length_of(arguments[1]));
}

long do_fill(char **arguments)
{
	static char zeros[65536];
	long bytes, taken = 0;

	if (!decimal_argument(arguments[1], &bytes))
		return MISUSED;
	long descriptor = sys(openat, AT_FDCWD, arguments[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (descriptor < 0)
		return descriptor;
	while (taken < bytes) {
		long left = bytes - taken;
		long written = sys(write, descriptor, zeros, left < (long)sizeof zeros ? left : (long)sizeof zeros);
		if (written < 0) {
			refusal = -written;
			break;
		}
		taken += written;
	}
	sys(close, descriptor);
	return taken;
}

static long tell_file(const char *path, int flags)
{
	struct statx found;
	long result = look_at(AT_FDCWD, path, flags, &found);

	if (result < 0)
		return result;
	put_file_fields(&extras, &found);
	field_unsigned(&extras, "size", found.stx_size);
	field_unsigned(&extras, "inode", found.stx_ino);
	field_unsigned(&extras, "links", found.stx_nlink);
	field_device(&extras, "device", found.stx_dev_major, found.stx_dev_minor);
	field_signed(&extras, "accessed", found.stx_atime.tv_sec);
	field_signed(&extras, "modified", found.stx_mtime.tv_sec);
	return 0;
}

long do_stat(char **arguments)
{
	return tell_file(arguments[0], 0);
}

long do_lstat(char **arguments)
{
	return tell_file(arguments[0], AT_SYMLINK_NOFOLLOW);
}

/* The flags of statfs(2), which differ from those of mount(2) for relatime. */
static const struct flag statfs_flags[] = {
	{"ro", 1}, {"nosuid", 2}, {"nodev", 4}, {"noexec", 8}, {"sync", 16}, {"mand", 64},
	{"noatime", 1024}, {"nodiratime", 2048}, {"relatime", 4096}, {"nosymfollow", 8192},
};

long do_statfs(char **arguments)
{
	struct statfs found;
	long result = sys(statfs, arguments[0], &found);

	if (result < 0)
		return result;
	field_unsigned(&extras, "magic", (uint64_t)found.f_type);
	field_unsigned(&extras, "size", (uint64_t)found.f_blocks * (uint64_t)found.f_bsize);
	field_unsigned(&extras, "free", (uint64_t)found.f_bfree * (uint64_t)found.f_bsize);
	field_unsigned(&extras, "inodes", (uint64_t)found.f_files);
	put_key(&extras, "flags");
	put_flags(&extras, (uint64_t)found.f_flags, statfs_flags, COUNT(statfs_flags));
	return 0;
}

long do_readlink(char **arguments)
{
	long error;
	struct text target = link_target(AT_FDCWD, arguments[0], &error);

	return tell_content(target, error);
}

long do_list(char **arguments)
{
	struct text *names = NULL;
	long count = names_in(AT_FDCWD, arguments[0], &names);

	put_key(&extras, "names");
	open_list(&extras);
	for (long i = 0; i < count; i++)
		put_text(&extras, names[i]);
	close_list(&extras);
	return count;
}

long do_open(char **arguments)
{
	static const struct flag ways[] = {
		{"r", O_RDONLY},
		{"w", O_WRONLY},
		{"rw", O_RDWR},
		{"path", O_PATH},
		{"new", O_WRONLY | O_CREAT | O_EXCL},
	};

	for (size_t i = 0; i < COUNT(ways); i++) {
		if (!same(arguments[1], ways[i].name))
			continue;
		uint64_t flags = ways[i].bit | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
		long descriptor = sys(openat, AT_FDCWD, arguments[0], flags, 0666);
		if (descriptor >= 0)
			sys(close, descriptor);
		return descriptor;
	}
	return MISUSED;
}

long do_mkdir(char **arguments)
{
	return sys(mkdirat, AT_FDCWD, arguments[0], 0777);
}

long do_unlink(char **arguments)
{
	return sys(unlinkat, AT_FDCWD, arguments[0], 0);
}

long do_rmdir(char **arguments)
{
	return sys(unlinkat, AT_FDCWD, arguments[0], AT_REMOVEDIR);
}

long do_symlink(char **arguments)
{
	return sys(symlinkat, arguments[0], AT_FDCWD, arguments[1]);
}

long do_link(char **arguments)
{
	return sys(linkat, AT_FDCWD, arguments[0], AT_FDCWD, arguments[1], 0);
}

long do_rename(char **arguments)
{
	return sys(renameat2, AT_FDCWD, arguments[0], AT_FDCWD, arguments[1], 0);
}

/* A device number as mknod(2) takes it. */
static uint64_t device_number(uint64_t major, uint64_t minor)
{
	return (minor & 0xff) | (major & 0xfff) << 8 | (minor & ~(uint64_t)0xff) << 12;
}

long do_mknod(char **arguments)
{
	static const struct flag types[] = {
		{"c", S_IFCHR}, {"b", S_IFBLK}, {"p", S_IFIFO}, {"f", S_IFREG}, {"s", S_IFSOCK},
	};
	uint64_t type;
	long major, minor;

	if (!read_flags(text_of(arguments[1]), types, COUNT(types), &type) || !decimal_argument(arguments[2], &major) ||
	    !decimal_argument(arguments[3], &minor))
		return MISUSED;
	return sys(mknodat, AT_FDCWD, arguments[0], type | 0666, device_number((uint64_t)major, (uint64_t)minor));
}

long do_chown(char **arguments)
{
	long user, group;

	if (!decimal_argument(arguments[1], &user) || !decimal_argument(arguments[2], &group))
		return MISUSED;
	return sys(fchownat, AT_FDCWD, arguments[0], user, group, 0);
}

long do_chmod(char **arguments)
{
	long mode;

	return octal_argument(arguments[1], &mode) ? sys(fchmodat, AT_FDCWD, arguments[0], mode) : MISUSED;
}

long do_access(char **arguments)
{
	long mode = 0;

	for (const char *letter = arguments[1]; *letter != '\0'; letter++) {
		if (*letter != 'r' && *letter != 'w' && *letter != 'x')
			return MISUSED;
		mode |= *letter == 'r' ? 4 : *letter == 'w' ? 2 : 1;
	}
	return sys(faccessat, AT_FDCWD, arguments[0], mode);
}

long do_chdir(char **arguments)
{
	return sys(chdir, arguments[0]);
}

long do_sleepuntil(char **arguments)
{
	enum { PATIENCE_MS = 10000, PAUSE_MS = 2 };
	struct __kernel_timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
	struct statx found;
	long result = -ENOENT;

	for (int waited = 0; waited < PATIENCE_MS && result == -ENOENT; waited += PAUSE_MS) {
		result = look_at(AT_FDCWD, arguments[0], 0, &found);
		if (result == -ENOENT)
			sys(nanosleep, &pause, NULL);
	}
	return result == -ENOENT ? -ETIMEDOUT : result;
}
