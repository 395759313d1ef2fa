/* SPDX-License-Identifier: MIT */
/* The commands and options of the shell as documents show them, from its own tables. */
#ifndef DOCS_GEN_COMMANDS_H
#define DOCS_GEN_COMMANDS_H

#include <stdbool.h>

int print_commands(bool mdoc);		/* else Markdown */
int print_options(void);		/* mdoc */

#endif
