/* The report: each function adds the fields of one area to the object that is open. */
#pragma once

#include "files.h"

struct program {
	char **arguments, **environment;
};

extern struct program program;

void report_process(struct json *out);
void report_privileges(struct json *out);
void report_limits(struct json *out);
void report_namespaces(struct json *out);
void report_mounts(struct json *out);
void report_devices(struct json *out);
void report_descriptors(struct json *out);
void report_scheduling(struct json *out);
void report_signals(struct json *out);
void report_network(struct json *out);

/* Parts that verbs use too. */
void put_clocks(struct json *out);
void put_affinity(struct json *out);
