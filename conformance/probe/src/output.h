/* Where the probe's lines go. */
#pragma once

#include "json.h"

/* Append lines to the file `path` from now on; NULL is standard output again. */
long speak_to(const char *path);

/* Write a line and its newline, in one write where the kernel takes it so. */
void say(struct json *line);
