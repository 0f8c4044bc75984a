/* Verbs by which two processes can meet, if their namespaces let them: IPC and sockets. */
#include "verbs.h"

#include <linux/in.h>
#include <linux/ipc.h>
#include <linux/un.h>

static long find_segment(const char *argument, int flags)
{
	long key, size = flags & IPC_CREAT ? 4096 : 0;

	return decimal_argument(argument, &key) ? sys(shmget, key, size, flags | 0600) : MISUSED;
}

long do_shm(char **arguments)
{
	return find_segment(arguments[0], IPC_CREAT);
}

long do_shmfind(char **arguments)
{
	return find_segment(arguments[0], 0);
}

static long open_queue(const char *name, int flags)
{
	long descriptor = sys(mq_open, name, O_RDWR | O_CLOEXEC | flags, 0600, NULL);

	if (descriptor >= 0)
		sys(close, descriptor);
	return descriptor < 0 ? descriptor : 0;
}

long do_mq(char **arguments)
{
	return open_queue(arguments[0], O_CREAT);
}

long do_mqfind(char **arguments)
{
	return open_queue(arguments[0], 0);
}

struct address {
	union {
		struct sockaddr_un local;
		struct sockaddr_in internet;
	};
	size_t size;
};

/* An abstract name begins with a zero byte and is as long as the address says: see unix(7). */
static bool abstract_address(const char *name, struct address *address)
{
	size_t size = length_of(name);

	*address = (struct address){.size = offsetof(struct sockaddr_un, sun_path) + 1 + size};
	address->local.sun_family = AF_UNIX;
	if (size >= sizeof address->local.sun_path)
		return false;
	memcpy(address->local.sun_path + 1, name, size);
	return true;
}

static bool loopback_address(const char *argument, struct address *address)
{
	long port;

	if (!decimal_argument(argument, &port) || port < 0 || port > 65535)
		return false;
	*address = (struct address){.size = sizeof address->internet};
	address->internet.sin_family = AF_INET;
	address->internet.sin_port = __builtin_bswap16((uint16_t)port);
	address->internet.sin_addr.s_addr = __builtin_bswap32(INADDR_LOOPBACK);
	return true;
}

/* The socket stays open, so that others find it for as long as this process lives. */
static long listen_at(const struct address *address)
{
	long socket = sys(socket, address->local.sun_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long result = socket < 0 ? socket : sys(bind, socket, &address->local, address->size);

	return result < 0 ? result : sys(listen, socket, 8);
}

static long connect_to(const struct address *address)
{
	long socket = sys(socket, address->local.sun_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (socket < 0)
		return socket;
	long result = sys(connect, socket, &address->local, address->size);
	sys(close, socket);
	return result;
}

long do_abstract(char **arguments)
{
	struct address address;

	return abstract_address(arguments[0], &address) ? listen_at(&address) : MISUSED;
}

long do_connect(char **arguments)
{
	struct address address;

	return abstract_address(arguments[0], &address) ? connect_to(&address) : MISUSED;
}

long do_listen(char **arguments)
{
	struct address address;

	return loopback_address(arguments[0], &address) ? listen_at(&address) : MISUSED;
}

long do_tcp(char **arguments)
{
	struct address address;

	return loopback_address(arguments[0], &address) ? connect_to(&address) : MISUSED;
}
