/* JSON, written into a buffer that grows.  Commas come by themselves. */
#pragma once

#include "text.h"

struct json {
	char *start;
	size_t size, room;
};

void put_raw(struct json *out, struct text text);
void put_text(struct json *out, struct text text);
void put_string(struct json *out, const char *string);
void put_signed(struct json *out, int64_t number);
void put_unsigned(struct json *out, uint64_t number);
void put_seconds(struct json *out, uint64_t nanoseconds);
void put_bool(struct json *out, bool value);
void put_null(struct json *out);
void put_key(struct json *out, const char *key);

void open_object(struct json *out);
void close_object(struct json *out);
void open_list(struct json *out);
void close_list(struct json *out);

/* A key with its value; what is nothing becomes null. */
void field_text(struct json *out, const char *key, struct text text);
void field_string(struct json *out, const char *key, const char *string);
void field_signed(struct json *out, const char *key, int64_t number);
void field_unsigned(struct json *out, const char *key, uint64_t number);
void field_seconds(struct json *out, const char *key, uint64_t nanoseconds);
void field_bool(struct json *out, const char *key, bool value);
void field_null(struct json *out, const char *key);

/* A key with the answer of a system call: null when it was refused. */
void field_answer(struct json *out, const char *key, long result);
