/* What the probe can be told to do. */
#pragma once

#include "files.h"

/* A verb gets its arguments and answers as a system call does: negative for an error, else a number. */
typedef long verb_function(char **arguments);

struct verb {
	const char *name;
	int arity;
	verb_function *function;
	const char *help;
};

/* Answers of verbs that are no numbers: nothing more to say, or arguments that make no sense. */
#define QUIET (INT64_MIN + 1)
#define MISUSED (INT64_MIN + 2)

/* What the verb at work has to tell besides its answer: further fields, and the refusal that ended its counting. */
extern struct json extras;
extern long refusal;

/* The arguments behind those of the verb at work. */
extern char **remaining;

/* Carry out verbs until the list ends, then exit. */
_Noreturn void carry_out(char **arguments);

/* Say what the verb at work did before it is over. */
void answer_now(long result);

/* Numbers among the arguments; a verb answers MISUSED when they are none. */
bool decimal_argument(const char *argument, long *number);
bool octal_argument(const char *argument, long *number);

/* A child that does nothing until a signal ends it. */
_Noreturn void wait_for_ever(void);

/* Talking: main.c, verbs.c. */
verb_function do_report, do_to, do_tag, do_echo, do_verbs;

/* Files: verbs_files.c. */
verb_function do_stdin, do_line, do_read, do_head, do_write, do_append, do_fill, do_stat, do_lstat, do_statfs;
verb_function do_readlink, do_list, do_open, do_mkdir, do_unlink, do_rmdir, do_symlink, do_link, do_rename, do_mknod;
verb_function do_chown, do_chmod, do_access, do_chdir, do_sleepuntil, do_readfd, do_writefd;

/* Limits: verbs_limits.c. */
verb_function do_touch, do_stack, do_lock, do_huge, do_fork, do_threads, do_fds, do_queue, do_burn, do_burncpu;
verb_function do_setrlimit, do_nice, do_schedule;

/* Signals and processes: verbs_signals.c. */
verb_function do_wait, do_trap, do_ignore, do_kill, do_raise, do_exit, do_exec, do_spawn, do_daemon, do_setsid;

/* Privileges: verbs_privileges.c. */
verb_function do_setuid, do_setgid, do_setgroups, do_mount, do_umount, do_chroot, do_sethostname, do_setdomainname;
verb_function do_unshare, do_setns, do_personality, do_prctl, do_syscall, do_syscall6;

/* Single facts: verbs_facts.c. */
verb_function do_clock, do_affinity, do_keyctl, do_fd, do_winsize;

/* Meeting other processes: verbs_meeting.c. */
verb_function do_shm, do_shmfind, do_mq, do_mqfind, do_abstract, do_connect, do_listen, do_tcp;

/* A small server: verbs_serving.c. */
verb_function do_serve;
