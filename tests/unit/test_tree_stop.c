/* SPDX-License-Identifier: MIT */
/* Long operations ask whether to go on, and whoever says no finds the volume as it was. */
#include "change_ops.h"
#include "e2test.h"
#include "writing.h"

#include <stdlib.h>
#include <string.h>

static unsigned asked, patience;

static bool stop(void)
{
	return ++asked > patience;
}

/* Runs it with each patience there is: it is stopped at least so many times. */
static void must_ask(const char *name, unsigned at_least)
{
	const struct change_op *op = change_op_named(name);
	struct img img;
	int err = 1;

	change_ops_image(&img);
	for (patience = 0; err != 0; patience++) {
		struct e2_fs *fs = writing_open(&img);
		struct e2_txn *txn;
		size_t len;
		uint8_t *before = writing_bytes(fs, &len);

		asked = 0;
		cr_assert_eq(e2_txn_begin(fs, false, &txn), 0);
		e2_fs_set_stop(fs, stop);
		err = op->run(txn);
		e2_fs_set_stop(fs, NULL);
		cr_assert(err == 0 || err == E2_ERR_CANCELLED, "%s: %s", name, e2_err_detail());
		if (err)
			writing_same(fs, before, true);
		e2_txn_abort(txn);
		cr_assert_eq(e2_close(fs), 0);
		free(before);
	}
	cr_assert_geq(patience, at_least, "%s: asked %u times", name, patience - 1);
	img_free(&img);
}

E2_TEST(tree_stop, operations_ask)
{
	must_ask("remove_tree", 6);
	must_ask("copy_tree", 6);
	must_ask("link_tree", 6);
	must_ask("unshare", 2);
	must_ask("truncate_to_nothing", 2);
}
