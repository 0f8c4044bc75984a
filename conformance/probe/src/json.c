#include "json.h"

static void put_byte(struct json *out, char byte)
{
	if (out->size == out->room) {
		size_t room = out->room == 0 ? 1024 : out->room * 2;
		char *start = take(room);
		memcpy(start, out->start, out->size);
		*out = (struct json){start, out->size, room};
	}
	out->start[out->size++] = byte;
}

void put_raw(struct json *out, struct text text)
{
	for (size_t i = 0; i < text.size; i++)
		put_byte(out, text.start[i]);
}

/* A value follows: the bytes before it tell whether a comma has to stand between. */
static void separate(struct json *out)
{
	char last = out->size == 0 ? '{' : out->start[out->size - 1];

	if (last != '{' && last != '[' && last != ':')
		put_byte(out, ',');
}

static void put_escape(struct json *out, unsigned code)
{
	put_raw(out, text_of("\\u"));
	for (int shift = 12; shift >= 0; shift -= 4)
		put_byte(out, "0123456789abcdef"[code >> shift & 15]);
}

/* How many bytes a UTF-8 sequence has that begins with this one; 0 when none does. */
static size_t promised_size(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* How many bytes the UTF-8 sequence at the start of `text` has; 0 when it is none (RFC 3629: no surrogates). */
static size_t sequence_size(struct text text)
{
	const unsigned char *byte = (const unsigned char *)text.start;
	size_t size = promised_size(byte[0]);

	if (size > text.size)
		return 0;
	for (size_t i = 1; i < size; i++)
		if ((byte[i] & 0xc0) != 0x80)
			return 0;
	bool bad = (byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xed && byte[1] > 0x9f) ||
		   (byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f);
	return bad ? 0 : size;
}

/* Write the first character of a text and answer how many bytes it had.  A byte that is not UTF-8 becomes a lone
 * surrogate, as Python's surrogateescape has it. */
static size_t put_character(struct json *out, struct text text)
{
	size_t size = sequence_size(text);
	unsigned char byte = (unsigned char)*text.start;

	if (size == 0) {
		put_escape(out, 0xdc00 + byte);
		return 1;
	}
	if (byte < 0x20 || byte == 0x7f) {
		put_escape(out, byte);
		return 1;
	}
	if (byte == '"' || byte == '\\')
		put_byte(out, '\\');
	put_raw(out, (struct text){text.start, size});
	return size;
}

void put_text(struct json *out, struct text text)
{
	if (text.start == NULL) {
		put_null(out);
		return;
	}
	separate(out);
	put_byte(out, '"');
	for (size_t at = 0; at < text.size;)
		at += put_character(out, (struct text){text.start + at, text.size - at});
	put_byte(out, '"');
}

void put_string(struct json *out, const char *string)
{
	put_text(out, text_of(string));
}

static void put_word(struct json *out, const char *word)
{
	separate(out);
	put_raw(out, text_of(word));
}

void put_unsigned(struct json *out, uint64_t number)
{
	put_word(out, decimal(number));
}

void put_signed(struct json *out, int64_t number)
{
	separate(out);
	if (number < 0)
		put_byte(out, '-');
	put_raw(out, text_of(decimal(number < 0 ? -(uint64_t)number : (uint64_t)number)));
}

/* Nanoseconds as a decimal number of seconds, exactly. */
void put_seconds(struct json *out, uint64_t nanoseconds)
{
	put_unsigned(out, nanoseconds / 1000000000);
	put_byte(out, '.');
	for (uint64_t unit = 100000000; unit > 0; unit /= 10)
		put_byte(out, (char)('0' + nanoseconds / unit % 10));
}

void put_bool(struct json *out, bool value)
{
	put_word(out, value ? "true" : "false");
}

void put_null(struct json *out)
{
	put_word(out, "null");
}

void put_key(struct json *out, const char *key)
{
	put_string(out, key);
	put_byte(out, ':');
}

void open_object(struct json *out)
{
	separate(out);
	put_byte(out, '{');
}

void close_object(struct json *out)
{
	put_byte(out, '}');
}

void open_list(struct json *out)
{
	separate(out);
	put_byte(out, '[');
}

void close_list(struct json *out)
{
	put_byte(out, ']');
}

void field_text(struct json *out, const char *key, struct text text)
{
	put_key(out, key);
	put_text(out, text);
}

void field_string(struct json *out, const char *key, const char *string)
{
	field_text(out, key, text_of(string));
}

void field_signed(struct json *out, const char *key, int64_t number)
{
	put_key(out, key);
	put_signed(out, number);
}

void field_unsigned(struct json *out, const char *key, uint64_t number)
{
	put_key(out, key);
	put_unsigned(out, number);
}

void field_seconds(struct json *out, const char *key, uint64_t nanoseconds)
{
	put_key(out, key);
	put_seconds(out, nanoseconds);
}

void field_bool(struct json *out, const char *key, bool value)
{
	put_key(out, key);
	put_bool(out, value);
}

void field_null(struct json *out, const char *key)
{
	put_key(out, key);
	put_null(out);
}

void field_answer(struct json *out, const char *key, long result)
{
	put_key(out, key);
	if (result < 0)
		put_null(out);
	else
		put_signed(out, result);
}
