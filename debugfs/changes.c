/* SPDX-License-Identifier: MIT */
/* What the open transaction would change. */
#include "shell.h"

#include <inttypes.h>

int shell_changes(struct shell *sh)
{
	struct e2_range run = { 0 };
	uint64_t blocks = 0;

	if (!sh->txn)
		return 0;
	for (e2_blk at = 0; e2_txn_changes(sh->txn, at, &run); at = run.blk + run.count)
		blocks += run.count;
	if (sh->out.mode != OUT_TEXT) {
		out_record(&sh->out, "changes");
		out_u64(&sh->out, "blocks", blocks);
		out_record_end(&sh->out);
		return 0;
	}
	add_plural(&sh->out.text, blocks, "block would change", "blocks would change");
	out_line(&sh->out);
	return 0;
}
