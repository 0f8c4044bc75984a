/* What is mounted, and what the root is. */
#include "report.h"

#include <asm/statfs.h>

/* mountinfo writes blanks, tabs, newlines and backslashes as a backslash and three octal digits: see proc(5). */
static struct text unescaped(struct text text)
{
	char *plain = take(text.size + 1);
	size_t size = 0;

	for (size_t i = 0; i < text.size; size++) {
		struct text digits = {text.start + i + 1, 3};
		uint64_t byte;
		if (text.start[i] == '\\' && i + 3 < text.size && read_number(digits, 8, &byte)) {
			plain[size] = (char)byte;
			i += 4;
		} else {
			plain[size] = text.start[i++];
		}
	}
	return (struct text){plain, size};
}

static void field_options(struct json *out, const char *key, struct text options)
{
	put_key(out, key);
	open_list(out);
	while (options.size > 0)
		put_text(out, unescaped(cut(&options, ',')));
	close_list(out);
}

/* The optional fields go on until a lone dash; gVisor writes two blanks when there is none. */
static void field_propagation(struct json *out, struct text *line)
{
	put_key(out, "propagation");
	open_list(out);
	for (struct text tag = cut(line, ' '); line->size > 0 && !is(tag, "-"); tag = cut(line, ' '))
		if (tag.size > 0)
			put_text(out, tag);
	close_list(out);
}

static void put_mount(struct json *out, struct text line)
{
	open_object(out);
	field_unsigned(out, "id", number_of(cut(&line, ' ')));
	field_unsigned(out, "parent", number_of(cut(&line, ' ')));
	field_text(out, "device", cut(&line, ' '));
	field_text(out, "root", unescaped(cut(&line, ' ')));
	field_text(out, "point", unescaped(cut(&line, ' ')));
	field_options(out, "options", cut(&line, ' '));
	field_propagation(out, &line);
	field_text(out, "type", unescaped(cut(&line, ' ')));
	field_text(out, "source", unescaped(cut(&line, ' ')));
	field_options(out, "super_options", line);
	close_object(out);
}

static void report_table(struct json *out)
{
	struct text lines = contents("/proc/self/mountinfo");

	put_key(out, "mounts");
	if (lines.start == NULL) {
		put_null(out);
		return;
	}
	open_list(out);
	while (lines.size > 0)
		put_mount(out, cut(&lines, '\n'));
	close_list(out);
}

static void report_root(struct json *out)
{
	struct statx found;
	struct statfs filesystem;

	put_key(out, "root");
	if (look_at(AT_FDCWD, "/", 0, &found) < 0 || sys(statfs, "/", &filesystem) < 0) {
		put_null(out);
		return;
	}
	open_object(out);
	field_bool(out, "readonly", filesystem.f_flags & 1);
	field_device(out, "device", found.stx_dev_major, found.stx_dev_minor);
	field_unsigned(out, "inode", found.stx_ino);
	field_unsigned(out, "magic", (uint64_t)filesystem.f_type);
	field_unsigned(out, "mode", found.stx_mode & 07777);
	field_unsigned(out, "uid", found.stx_uid);
	field_unsigned(out, "gid", found.stx_gid);
	close_object(out);
}

void report_mounts(struct json *out)
{
	report_table(out);
	report_root(out);
}
