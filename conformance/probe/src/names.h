/* What the kernel's numbers are called. */
#pragma once

#include "json.h"

const char *errno_name(long error);
const char *signal_name(long number);
const char *capability_name(unsigned bit);
const char *limit_name(unsigned resource);
const char *policy_name(unsigned policy);
const char *memory_mode_name(unsigned mode);
const char *file_type(unsigned mode);

enum { LIMIT_COUNT = 16 };

/* A signal by number or name, with SIG or without; a limit by name.  Negative when there is none. */
long signal_number(struct text name);
long limit_number(struct text name);

struct flag {
	const char *name;
	uint64_t bit;
};

/* Add up "one,two" or a plain number.  False when a name is unknown. */
bool read_flags(struct text names, const struct flag *known, size_t count, uint64_t *flags);
void put_flags(struct json *out, uint64_t flags, const struct flag *known, size_t count);
