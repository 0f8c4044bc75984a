/* A small server, so that somebody outside can see that a container is reached. */
#include "verbs.h"

#include "output.h"

#include <linux/in.h>
#include <linux/poll.h>

/* Of headers that only a libc has. */
enum { SOCK_DGRAM = 2, SHUT_WR = 1, MSG_NOSIGNAL = 0x4000 };

static struct json http_answer(const char *text)
{
	struct json answer = {0};

	put_raw(&answer, text_of("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"));
	put_raw(&answer, text_of(text));
	return answer;
}

static long open_port(int type, long port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = __builtin_bswap16((uint16_t)port)};
	long socket = sys(socket, AF_INET, type, 0);

	if (socket < 0)
		return socket;
	long result = sys(bind, socket, &address, sizeof address);
	if (result >= 0 && type == SOCK_STREAM)
		result = sys(listen, socket, 64);
	return result < 0 ? result : socket;
}

/* One read is enough of a request: nobody asks for more than a page, and whatever is asked, the answer is the same. */
static void serve_one(long listening, const struct json *answer)
{
	char request[4096];
	long connection = sys(accept4, listening, NULL, NULL, 0);

	if (connection < 0)
		return;
	sys(read, connection, request, sizeof request);
	sys(sendto, connection, answer->start, answer->size, MSG_NOSIGNAL, NULL, 0);
	sys(shutdown, connection, SHUT_WR);
	while (sys(read, connection, request, sizeof request) > 0)
		continue;
	sys(close, connection);
}

static void answer_one(long bound, const char *text)
{
	char request[2048];
	struct sockaddr_in peer;
	int size = sizeof peer;

	if (sys(recvfrom, bound, request, sizeof request, 0, &peer, &size) >= 0)
		sys(sendto, bound, text, length_of(text), MSG_NOSIGNAL, &peer, size);
}

long do_serve(char **arguments)
{
	long port;

	if (!decimal_argument(arguments[0], &port) || port < 0 || port > 65535)
		return MISUSED;
	long stream = open_port(SOCK_STREAM, port), datagrams = open_port(SOCK_DGRAM, port);
	if (stream < 0 || datagrams < 0)
		return stream < 0 ? stream : datagrams;
	struct json page = http_answer(arguments[1]);
	struct pollfd sockets[] = {{.fd = stream, .events = POLLIN}, {.fd = datagrams, .events = POLLIN}};
	answer_now(0);
	for (;;) {
		sys(ppoll, sockets, 2, NULL, NULL, 0);
		if (sockets[0].revents)
			serve_one(stream, &page);
		if (sockets[1].revents)
			answer_one(datagrams, arguments[1]);
	}
}
