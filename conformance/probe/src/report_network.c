/* The network interfaces and their addresses, asked of the kernel by rtnetlink(7), which needs no file. */
#include "report.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

struct request {
	struct nlmsghdr header;
	struct rtgenmsg body;
};

static long send_request(long socket, unsigned short type)
{
	struct request request = {
		.header = {
			.nlmsg_len = sizeof request,
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		},
	};

	return sys(sendto, socket, &request, sizeof request, 0, NULL, 0);
}

/* All messages of one dump, one behind the other; nothing when the kernel refuses. */
static struct text dump(unsigned short type)
{
	enum { ROOM = 32768, MOST = 1 << 20 };
	long socket = sys(socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	char *messages = NULL;
	size_t size = 0;

	long got = socket < 0 ? socket : send_request(socket, type);
	while (got >= 0 && size < MOST) {
		char *more = take(size + ROOM);
		memcpy(more, messages, size);
		messages = more;
		got = sys(recvfrom, socket, messages + size, ROOM, 0, NULL, NULL);
		const struct nlmsghdr *first = (const struct nlmsghdr *)(messages + size);
		if (got <= 0 || first->nlmsg_type == NLMSG_DONE || first->nlmsg_type == NLMSG_ERROR)
			break;
		size += (size_t)got;
	}
	if (socket >= 0)
		sys(close, socket);
	return got < 0 ? NOTHING : messages == NULL ? text_of("") : (struct text){messages, size};
}

/* The next message of a dump; NULL at its end. */
static const struct nlmsghdr *next_message(struct text *messages)
{
	const struct nlmsghdr *message = (const struct nlmsghdr *)messages->start;

	if (messages->size < sizeof *message || message->nlmsg_len < sizeof *message)
		return NULL;
	if (message->nlmsg_type == NLMSG_DONE)
		return NULL;
	size_t gone = NLMSG_ALIGN(message->nlmsg_len);
	gone = gone < messages->size ? gone : messages->size;
	messages->start += gone;
	messages->size -= gone;
	return message;
}

/* The payload of one attribute of a message whose fixed part has `fixed` bytes; nothing when it has none. */
static struct text attribute(const struct nlmsghdr *message, size_t fixed, unsigned short type)
{
	const char *at = (const char *)NLMSG_DATA(message) + NLMSG_ALIGN(fixed);
	const char *end = (const char *)message + message->nlmsg_len;

	while (at + sizeof(struct rtattr) <= end) {
		const struct rtattr *found = (const struct rtattr *)at;
		if (found->rta_len < sizeof *found)
			break;
		if (found->rta_type == type)
			return (struct text){RTA_DATA(found), RTA_PAYLOAD(found)};
		at += RTA_ALIGN(found->rta_len);
	}
	return NOTHING;
}

static char *add_hex(char *to, unsigned char byte)
{
	*to++ = "0123456789abcdef"[byte >> 4];
	*to++ = "0123456789abcdef"[byte & 15];
	return to;
}

/* Bytes in hexadecimal with a colon after each group. */
static struct text hex_groups(struct text bytes, size_t group)
{
	char *start = take(bytes.size * 3 + 1), *end = start;

	for (size_t i = 0; i < bytes.size; i++) {
		if (i > 0 && i % group == 0)
			*end++ = ':';
		end = add_hex(end, (unsigned char)bytes.start[i]);
	}
	return (struct text){start, (size_t)(end - start)};
}

static struct text dotted(struct text bytes)
{
	struct text whole = text_of("");

	for (size_t i = 0; i < bytes.size; i++) {
		whole = joined(whole.start, i > 0 ? "." : "");
		whole = joined(whole.start, decimal((unsigned char)bytes.start[i]));
	}
	return whole;
}

static void put_address(struct json *out, const struct nlmsghdr *message, const struct ifaddrmsg *about)
{
	struct text local = attribute(message, sizeof *about, IFA_LOCAL);
	struct text bytes = local.start != NULL ? local : attribute(message, sizeof *about, IFA_ADDRESS);
	struct text written = about->ifa_family == AF_INET ? dotted(bytes) : hex_groups(bytes, 2);

	put_text(out, joined(joined(written.start, "/").start, decimal(about->ifa_prefixlen)));
}

static void field_addresses(struct json *out, struct text messages, unsigned index)
{
	const struct nlmsghdr *message;

	put_key(out, "addresses");
	open_list(out);
	while ((message = next_message(&messages)) != NULL) {
		const struct ifaddrmsg *about = NLMSG_DATA(message);
		bool internet = about->ifa_family == AF_INET || about->ifa_family == AF_INET6;
		if (message->nlmsg_type == RTM_NEWADDR && about->ifa_index == index && internet)
			put_address(out, message, about);
	}
	close_list(out);
}

static void put_interface(struct json *out, const struct nlmsghdr *message, struct text addresses)
{
	const struct ifinfomsg *about = NLMSG_DATA(message);
	struct text name = attribute(message, sizeof *about, IFLA_IFNAME);
	struct text mtu = attribute(message, sizeof *about, IFLA_MTU);
	struct text hardware = attribute(message, sizeof *about, IFLA_ADDRESS);

	open_object(out);
	field_text(out, "name", name.start == NULL ? name : text_of(name.start));
	field_signed(out, "index", about->ifi_index);
	field_unsigned(out, "flags", about->ifi_flags);
	field_bool(out, "up", about->ifi_flags & INTERFACE_UP);
	field_answer(out, "mtu", mtu.size == 4 ? *(const int *)mtu.start : -1);
	field_text(out, "hardware_address", hardware.start == NULL ? hardware : hex_groups(hardware, 1));
	field_addresses(out, addresses, (unsigned)about->ifi_index);
	close_object(out);
}

void report_network(struct json *out)
{
	struct text links = dump(RTM_GETLINK), addresses = dump(RTM_GETADDR);
	const struct nlmsghdr *message;

	put_key(out, "interfaces");
	if (links.start == NULL) {
		put_null(out);
		return;
	}
	open_list(out);
	while ((message = next_message(&links)) != NULL)
		if (message->nlmsg_type == RTM_NEWLINK)
			put_interface(out, message, addresses);
	close_list(out);
}
