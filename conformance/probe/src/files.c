#include "files.h"

#include "names.h"

struct text read_all(int descriptor, size_t most, long *error)
{
	char *buffer = NULL;
	size_t size = 0, room = 0;

	*error = 0;
	while (size < most) {
		if (size == room) {
			size_t larger = room == 0 ? 8192 : room * 2;
			char *moved = take(larger);
			memcpy(moved, buffer, size);
			buffer = moved;
			room = larger;
		}
		size_t wanted = room - size < most - size ? room - size : most - size;
		long got = sys(read, descriptor, buffer + size, wanted);
		if (got == -EINTR)
			continue;
		if (got < 0)
			*error = got;
		if (got <= 0)
			break;
		size += (size_t)got;
	}
	return buffer == NULL ? text_of("") : (struct text){buffer, size};
}

struct text contents_up_to(const char *path, size_t most, long *error)
{
	long descriptor = sys(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);

	if (descriptor < 0) {
		*error = descriptor;
		return NOTHING;
	}
	struct text read = read_all((int)descriptor, most, error);
	sys(close, descriptor);
	return *error < 0 && read.size == 0 ? NOTHING : read;
}

struct text contents(const char *path)
{
	long error;

	return contents_up_to(path, SIZE_MAX, &error);
}

struct text link_target(int folder, const char *path, long *error)
{
	char *target = take(4096);
	long size = sys(readlinkat, folder, path, target, 4096);

	*error = size < 0 ? size : 0;
	return size < 0 ? NOTHING : (struct text){target, (size_t)size};
}

long look_at(int folder, const char *path, int flags, struct statx *found)
{
	return sys(statx, folder, path, flags, STATX_BASIC_STATS, found);
}

/* getdents64(2); no header of the kernel has it. */
struct entry {
	uint64_t inode, offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

struct names {
	struct text *start;
	size_t count, room;
};

static void add_name(struct names *names, const char *name)
{
	if (same(name, ".") || same(name, ".."))
		return;
	if (names->count == names->room) {
		size_t room = names->room == 0 ? 64 : names->room * 2;
		struct text *start = take(room * sizeof *start);
		memcpy(start, names->start, names->count * sizeof *start);
		*names = (struct names){start, names->count, room};
	}
	names->start[names->count++] = joined(name, "");
}

void sort_texts(struct text *texts, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct text moved = texts[i];
		size_t j = i;
		for (; j > 0 && order_of(texts[j - 1], moved) > 0; j--)
			texts[j] = texts[j - 1];
		texts[j] = moved;
	}
}

long names_in(int folder, const char *path, struct text **names)
{
	static char buffer[16384] __attribute__((aligned(8)));
	struct names found = {0};
	long descriptor = sys(openat, folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long size = descriptor;

	while (descriptor >= 0 && (size = sys(getdents64, descriptor, buffer, sizeof buffer)) > 0) {
		for (long at = 0; at < size;) {
			struct entry *entry = (struct entry *)(buffer + at);
			add_name(&found, entry->name);
			at += entry->size;
		}
	}
	if (descriptor >= 0)
		sys(close, descriptor);
	if (size < 0)
		return size;
	sort_texts(found.start, found.count);
	*names = found.start;
	return (long)found.count;
}

void put_file_fields(struct json *out, const struct statx *found)
{
	field_string(out, "type", file_type(found->stx_mode));
	field_unsigned(out, "mode", found->stx_mode & 07777);
	field_unsigned(out, "uid", found->stx_uid);
	field_unsigned(out, "gid", found->stx_gid);
	field_unsigned(out, "major", found->stx_rdev_major);
	field_unsigned(out, "minor", found->stx_rdev_minor);
}

/* A device as "major:minor", as mountinfo writes it. */
void field_device(struct json *out, const char *key, unsigned major, unsigned minor)
{
	struct text left = joined(decimal(major), ":");

	field_text(out, key, joined(left.start, decimal(minor)));
}
