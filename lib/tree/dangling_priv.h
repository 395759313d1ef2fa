/* SPDX-License-Identifier: MIT */
/* Between the list of broken links and the search for what they may have meant. */
#ifndef E2_TREE_DANGLING_PRIV_H
#define E2_TREE_DANGLING_PRIV_H

#include "tree/dangling.h"

struct e2_lost_end {		/* a link whose end is not where its text says */
	const char *path, *text;	/* of the link; NUL-ended */
	size_t path_len, text_len;
	size_t perhaps, perhaps_len;	/* in found: what has its name; length 0: nothing has */
};

/*
 * Looks for things with the name that a text ends in, in the whole tree, and chooses: what shares
 * most of the text's last components, then what is nearest to the link, then the shallowest.
 * What leads nowhere itself is no help.
 */
E2_NODISCARD int e2_dangling_search(struct e2_fs *fs, const struct e2_dangling_how *how,
				  struct e2_lost_end *ends, size_t count, struct e2_str *found);
#endif
