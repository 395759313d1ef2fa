/* SPDX-License-Identifier: MIT */
/* The problems the checker knows, from its own table. */
#ifndef DOCS_GEN_PROBLEMS_H
#define DOCS_GEN_PROBLEMS_H

int print_problems(void);		/* Markdown */
int print_passes(void);

#endif
