/* The table of verbs, and the loop that carries them out. */
#include "verbs.h"

#include "names.h"
#include "output.h"

#define VERB(name, arity, help) {#name, arity, do_##name, help}

static const struct verb verbs[] = {
	VERB(report,        0, "tell everything that can be seen, as {\"report\": {…}}"),
	VERB(to,            1, "PATH: append what is said to a file from now on; \"-\" is standard output"),
	VERB(tag,           1, "TEXT: say {\"tag\": TEXT}"),
	VERB(echo,          1, "TEXT: say the plain text and a newline"),
	VERB(verbs,         0, "list the verbs"),

	VERB(stdin,         0, "read standard input to its end"),
	VERB(line,          0, "read one line of standard input, without its newline"),
	VERB(read,          1, "PATH: read a file, at most 1 MiB"),
	VERB(head,          2, "PATH BYTES: read the start of a file"),
	VERB(write,         2, "PATH TEXT: write a file, made or emptied before"),
	VERB(append,        2, "PATH TEXT: append to a file, made before"),
	VERB(fill,          2, "PATH BYTES: write zeros to a new file; the result is how many were taken"),
	VERB(stat,          1, "PATH: look at a file"),
	VERB(lstat,         1, "PATH: look at a file or a link itself"),
	VERB(statfs,        1, "PATH: look at the filesystem that a file is on"),
	VERB(readlink,      1, "PATH: read where a link leads"),
	VERB(list,          1, "DIR: list the names in a folder"),
	VERB(open,          2, "PATH r|w|rw|path|new: open a file, and close it again"),
	VERB(mkdir,         1, "PATH: make a folder with mode 777 less the umask"),
	VERB(unlink,        1, "PATH: remove a file"),
	VERB(rmdir,         1, "PATH: remove a folder"),
	VERB(symlink,       2, "TARGET PATH: make a symbolic link"),
	VERB(link,          2, "PATH NEW: give a file a further name"),
	VERB(rename,        2, "PATH NEW: give a file another name"),
	VERB(mknod,         4, "PATH c|b|p|f|s MAJOR MINOR: make a node with mode 666 less the umask"),
	VERB(chown,         3, "PATH UID GID: give a file to others; -1 changes nothing"),
	VERB(chmod,         2, "PATH OCTAL: change the mode of a file"),
	VERB(access,        2, "PATH [r][w][x]: ask what the real user may do; \"\" whether it is there"),
	VERB(chdir,         1, "PATH: change the working directory"),
	VERB(sleepuntil,    1, "PATH: wait until a file exists, at most 10 seconds"),

	VERB(touch,         1, "BYTES: write to each page of so much new memory"),
	VERB(stack,         1, "BYTES: write to each page of so much stack"),
	VERB(lock,          1, "BYTES: lock so much new memory (mlock)"),
	VERB(huge,          1, "BYTES: write to so much new memory in huge pages of the default size"),
	VERB(fork,          1, "COUNT: start children, alive at once; the result is how many could be"),
	VERB(threads,       1, "COUNT: start threads, alive at once; the result is how many could be"),
	VERB(fds,           1, "COUNT: open descriptors at once; the result is how many could be"),
	VERB(queue,         1, "COUNT: queue signals to itself; the result is how many could be"),
	VERB(burn,          1, "MS: want the processor for so much wall time; tells cpu_ms and wall_ms"),
	VERB(burncpu,       1, "MS: use so much processor time; tells cpu_ms and wall_ms"),
	VERB(setrlimit,     3, "NAME SOFT HARD: set a resource limit; -1 is infinity"),
	VERB(nice,          1, "VALUE: set the nice value"),
	VERB(schedule,      2, "POLICY PRIORITY: set the scheduling policy, a number"),

	VERB(wait,          0, "say so, wait for a trapped signal, say {\"signal\": NAME} and go on"),
	VERB(trap,          1, "SIGNAL: have `wait` catch a signal"),
	VERB(ignore,        1, "SIGNAL: ignore a signal"),
	VERB(kill,          2, "PID SIGNAL: send a signal; 0 only asks"),
	VERB(raise,         1, "SIGNAL: send itself a signal"),
	VERB(exit,          1, "STATUS: exit"),
	VERB(exec,          1, "PATH: run a program, with the remaining arguments, instead of this one"),
	VERB(spawn,         0, "start a child that waits for ever; the result is its number"),
	VERB(daemon,        0, "go on as a child in a session of its own while this process exits with 0"),
	VERB(setsid,        0, "begin a session"),

	VERB(setuid,        1, "UID: become another user"),
	VERB(setgid,        1, "GID: change the group"),
	VERB(setgroups,     1, "GIDS: set the additional groups, such as \"1,2\"; \"\" for none"),
	VERB(mount,         5, "SOURCE TARGET TYPE FLAGS DATA: mount; FLAGS as \"ro,bind\", or a number"),
	VERB(umount,        1, "PATH: unmount"),
	VERB(chroot,        1, "PATH: change the root"),
	VERB(sethostname,   1, "NAME: set the host name"),
	VERB(setdomainname, 1, "NAME: set the domain name"),
	VERB(unshare,       1, "KINDS: leave namespaces; KINDS as \"user,mnt\", or a number"),
	VERB(setns,         1, "PATH: join a namespace"),
	VERB(personality,   1, "NUMBER: set the personality; the result is the one before"),
	VERB(prctl,         3, "OPTION A B: call prctl with numbers"),
	VERB(syscall,       4, "NUMBER A B C: make a system call with numbers"),
	VERB(syscall6,      7, "NUMBER A B C D E F: make a system call with six numbers"),

	VERB(clock,         0, "tell the clocks, in seconds"),
	VERB(affinity,      0, "tell the processors that it may run on"),
	VERB(keyctl,        0, "tell the session keyring: the result is its serial number"),
	VERB(fd,            1, "FD: tell type, access and target of a descriptor"),
	VERB(readfd,        1, "FD: read a descriptor to its end, at most 1 MiB"),
	VERB(writefd,       2, "FD TEXT: write to a descriptor"),
	VERB(winsize,       0, "tell rows and columns of the terminal on standard input"),
	VERB(shm,           1, "KEY: make or find a System V shared memory segment; the result is its id"),
	VERB(shmfind,       1, "KEY: find a System V shared memory segment"),
	VERB(mq,            1, "NAME: make or open a POSIX message queue, without its slash"),
	VERB(mqfind,        1, "NAME: open a POSIX message queue that is there"),
	VERB(abstract,      1, "NAME: listen on an abstract Unix socket from now on"),
	VERB(connect,       1, "NAME: connect to an abstract Unix socket"),
	VERB(listen,        1, "PORT: listen on 127.0.0.1 from now on"),
	VERB(tcp,           1, "PORT: connect to 127.0.0.1"),
	VERB(serve,         2, "PORT TEXT: answer with a text on every address from now on, by HTTP and UDP, for ever"),
};

struct json extras;
long refusal;
char **remaining;

static const struct verb *at_work;
static char **its_arguments;

static const struct verb *verb_called(const char *name)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (same(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static _Noreturn void give_up(const char *name, const char *why)
{
	struct json line = {0};

	open_object(&line);
	field_string(&line, "verb", name);
	field_string(&line, "error", why);
	close_object(&line);
	say(&line);
	for (;;)
		sys(exit_group, 125);
}

static void put_answer(struct json *line, long result)
{
	long error = result < 0 ? -result : refusal;

	field_string(line, "verb", at_work->name);
	put_key(line, "args");
	open_list(line);
	for (int i = 0; i < at_work->arity; i++)
		put_string(line, its_arguments[i]);
	close_list(line);
	field_signed(line, "result", result < 0 ? -1 : result);
	field_string(line, "errno", error == 0 ? NULL : errno_name(error));
}

void answer_now(long result)
{
	struct json line = {0};

	open_object(&line);
	put_answer(&line, result);
	if (extras.size > 0)
		put_raw(&line, text_of(","));
	put_raw(&line, (struct text){extras.start, extras.size});
	close_object(&line);
	say(&line);
}

static int count_of(char **arguments)
{
	int count = 0;

	while (arguments[count] != NULL)
		count++;
	return count;
}

static void carry_out_one(const struct verb *verb, char **arguments)
{
	at_work = verb;
	its_arguments = arguments;
	remaining = arguments + verb->arity;
	extras = (struct json){0};
	refusal = 0;
	long result = verb->function(arguments);
	if (result == MISUSED)
		give_up(verb->name, "arguments");
	if (result != QUIET)
		answer_now(result);
}

_Noreturn void carry_out(char **arguments)
{
	while (*arguments != NULL && !same(*arguments, "--")) {
		const struct verb *verb = verb_called(*arguments);
		if (verb == NULL)
			give_up(*arguments, "unknown");
		if (count_of(++arguments) < verb->arity)
			give_up(verb->name, "arguments");
		carry_out_one(verb, arguments);
		arguments += verb->arity;
	}
	for (;;)
		sys(exit_group, 0);
}

static bool argument(const char *argument, int base, long *number)
{
	uint64_t found;
	bool good = read_number(text_of(argument), base, &found);

	*number = (long)found;
	return good;
}

bool decimal_argument(const char *text, long *number)
{
	return argument(text, 10, number);
}

bool octal_argument(const char *text, long *number)
{
	return argument(text, 8, number);
}

long do_verbs(char **arguments)
{
	(void)arguments;
	put_key(&extras, "verbs");
	open_list(&extras);
	for (size_t i = 0; i < COUNT(verbs); i++) {
		open_object(&extras);
		field_string(&extras, "name", verbs[i].name);
		field_signed(&extras, "arity", verbs[i].arity);
		field_string(&extras, "help", verbs[i].help);
		close_object(&extras);
	}
	close_list(&extras);
	return COUNT(verbs);
}
