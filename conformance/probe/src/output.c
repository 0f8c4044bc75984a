#include "output.h"

#include <asm/poll.h>

static const char *destination;

static long open_destination(void)
{
	return sys(openat, AT_FDCWD, destination, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

long speak_to(const char *path)
{
	const char *before = destination;

	destination = path;
	if (path == NULL)
		return 0;
	long opened = open_destination();
	if (opened < 0) {
		destination = before;
		return opened;
	}
	return sys(close, opened);
}

static void await_room(int descriptor)
{
	struct pollfd waiting = {.fd = descriptor, .events = POLLOUT};

	sys(ppoll, &waiting, 1, NULL, NULL, 0);
}

static void write_all(int descriptor, struct text text)
{
	while (text.size > 0) {
		long written = sys(write, descriptor, text.start, text.size);
		if (written == -EAGAIN)
			await_room(descriptor);
		else if (written == -EINTR)
			continue;
		else if (written < 0)
			return;
		else
			text = (struct text){text.start + written, text.size - (size_t)written};
	}
}

void say(struct json *line)
{
	put_raw(line, text_of("\n"));
	struct text text = {line->start, line->size};
	long descriptor = destination == NULL ? STDOUT : open_destination();

	write_all(descriptor < 0 ? STDOUT : (int)descriptor, text);
	if (descriptor > STDERR)
		sys(close, descriptor);
}
