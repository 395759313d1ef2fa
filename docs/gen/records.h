/* SPDX-License-Identifier: MIT */
/* The records of the shell as a document shows them, from its own table. */
#ifndef DOCS_GEN_RECORDS_H
#define DOCS_GEN_RECORDS_H

int print_records(void);		/* Markdown */

#endif
