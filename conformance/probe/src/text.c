#include "text.h"

#include <linux/mman.h>

/* The compiler makes calls of these by itself. */
void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return to;
}

void *memmove(void *to, const void *from, size_t size)
{
	if (to <= from)
		return memcpy(to, from, size);
	while (size-- > 0)
		((char *)to)[size] = ((const char *)from)[size];
	return to;
}

void *memset(void *to, int byte, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((char *)to)[i] = (char)byte;
	return to;
}

int memcmp(const void *one, const void *other, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		int difference = ((const unsigned char *)one)[i] - ((const unsigned char *)other)[i];
		if (difference != 0)
			return difference;
	}
	return 0;
}

enum { FIRST_CHUNK = 256 << 10, CHUNK = 1 << 20 };

/* Zeroed memory that is never given back.  The first chunk is part of the program: a small limit does not hurt. */
void *take(size_t size)
{
	static char first[FIRST_CHUNK] __attribute__((aligned(16)));
	static char *free_start = first;
	static size_t free_size = sizeof first;

	size = (size + 15) & ~(size_t)15;
	if (size > free_size) {
		size_t room = size > CHUNK ? size : CHUNK;
		long start = sys(mmap, 0, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (start < 0 && start > -4096) {
			static const char message[] = "{\"verb\":\"\",\"error\":\"memory\"}\n";
			sys(write, STDOUT, message, sizeof message - 1);
			sys(exit_group, 125);
		}
		free_start = (char *)start;
		free_size = room;
	}
	void *taken = free_start;
	free_start += size;
	free_size -= size;
	return taken;
}

size_t length_of(const char *string)
{
	size_t size = 0;

	while (string[size] != '\0')
		size++;
	return size;
}

/* The text of a C string; nothing for NULL. */
struct text text_of(const char *string)
{
	return string == NULL ? NOTHING : (struct text){string, length_of(string)};
}

bool is(struct text text, const char *string)
{
	return text.start != NULL && order_of(text, text_of(string)) == 0;
}

bool same(const char *one, const char *other)
{
	return is(text_of(one), other);
}

bool begins(struct text text, const char *string)
{
	size_t size = length_of(string);

	return text.size >= size && memcmp(text.start, string, size) == 0;
}

/* Negative, zero or positive as `one` sorts before, with or after `other`, byte by byte. */
int order_of(struct text one, struct text other)
{
	size_t shared = one.size < other.size ? one.size : other.size;
	int difference = memcmp(one.start, other.start, shared);

	return difference != 0 ? difference : (one.size > other.size) - (one.size < other.size);
}

char *string_of(struct text text)
{
	char *string = take(text.size + 1);

	memcpy(string, text.start, text.size);
	return string;
}

struct text joined(const char *one, const char *other)
{
	size_t size = length_of(one), more = length_of(other);
	char *string = take(size + more + 1);

	memcpy(string, one, size);
	memcpy(string + size, other, more);
	return (struct text){string, size + more};
}

/* Take what stands before the next separator off the front of `rest`; all of it when there is none. */
struct text cut(struct text *rest, char separator)
{
	struct text piece = {rest->start, 0};

	while (piece.size < rest->size && piece.start[piece.size] != separator)
		piece.size++;
	size_t gone = piece.size < rest->size ? piece.size + 1 : piece.size;
	rest->start += gone;
	rest->size -= gone;
	return piece;
}

/* Take the next word off the front of `rest`: blanks, tabs and newlines separate. */
struct text word(struct text *rest)
{
	while (rest->size > 0 && (*rest->start == ' ' || *rest->start == '\t' || *rest->start == '\n')) {
		rest->start++;
		rest->size--;
	}
	struct text piece = {rest->start, 0};
	while (piece.size < rest->size && piece.start[piece.size] != ' ' && piece.start[piece.size] != '\t' &&
	       piece.start[piece.size] != '\n')
		piece.size++;
	rest->start += piece.size;
	rest->size -= piece.size;
	return piece;
}

/* The value of the line `key value` of a file as /proc/self/status is; nothing when there is no such line. */
struct text value_of(struct text lines, const char *key)
{
	while (lines.size > 0) {
		struct text line = cut(&lines, '\n');
		if (is(word(&line), key))
			return trimmed(line);
	}
	return NOTHING;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\0';
}

struct text trimmed(struct text text)
{
	while (text.size > 0 && is_blank(text.start[0])) {
		text.start++;
		text.size--;
	}
	while (text.size > 0 && is_blank(text.start[text.size - 1]))
		text.size--;
	return text;
}

static int digit_of(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	return 99;
}

/* Read a whole number; a minus sign wraps around as in C.  False when the text is none. */
bool read_number(struct text text, int base, uint64_t *number)
{
	bool negative = begins(text, "-");
	uint64_t found = 0;

	if (text.start == NULL || text.size == negative)
		return false;
	for (size_t i = negative; i < text.size; i++) {
		int digit = digit_of(text.start[i]);
		if (digit >= base || __builtin_mul_overflow(found, base, &found) ||
		    __builtin_add_overflow(found, digit, &found))
			return false;
	}
	*number = negative ? -found : found;
	return true;
}

/* The decimal number that the kernel wrote; 0 when it is none. */
uint64_t number_of(struct text text)
{
	uint64_t number = 0;

	read_number(text, 10, &number);
	return number;
}

char *decimal(uint64_t number)
{
	char *digit = (char *)take(24) + 23;

	do {
		*--digit = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return digit;
}
