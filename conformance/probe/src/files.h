/* Reading what the kernel shows in files. */
#pragma once

#include "json.h"

/* What can be read from a file, up to `most` bytes; nothing when it can not be opened, with `*error` negative. */
struct text contents_up_to(const char *path, size_t most, long *error);
struct text contents(const char *path);
struct text read_all(int descriptor, size_t most, long *error);

struct text link_target(int folder, const char *path, long *error);
long look_at(int folder, const char *path, int flags, struct statx *found);

/* The names in a folder without "." and "..", sorted; a negative error instead of their number. */
long names_in(int folder, const char *path, struct text **names);
void sort_texts(struct text *texts, size_t count);

/* The fields that say what a file is: type, mode, owner and device numbers. */
void put_file_fields(struct json *out, const struct statx *found);
void field_device(struct json *out, const char *key, unsigned major, unsigned minor);
