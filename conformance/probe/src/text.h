/* Text: bytes with a length, since arguments, files and names may hold anything. */
#pragma once

#include "kernel.h"

/* `start` is NULL when there is nothing to know, which is not the same as an empty text. */
struct text {
	const char *start;
	size_t size;
};

#define NOTHING ((struct text){NULL, 0})

void *memcpy(void *restrict to, const void *restrict from, size_t size);
int memcmp(const void *one, const void *other, size_t size);
void *take(size_t size);

size_t length_of(const char *string);
struct text text_of(const char *string);
bool is(struct text text, const char *string);
bool same(const char *one, const char *other);
bool begins(struct text text, const char *string);
int order_of(struct text one, struct text other);
char *string_of(struct text text);
struct text joined(const char *one, const char *other);

struct text cut(struct text *rest, char separator);
struct text word(struct text *rest);
struct text value_of(struct text lines, const char *key);
struct text trimmed(struct text text);

bool read_number(struct text text, int base, uint64_t *number);
uint64_t number_of(struct text text);
char *decimal(uint64_t number);
