/* SPDX-License-Identifier: MIT */
/* Bits of the bitmaps, and nothing else: freei, seti, freeb, setb, mark, unmark. */
#include "raw.h"

#include <inttypes.h>

static uint64_t count_of(const struct args *args)
{
	const struct arg *count = args_get(args, "COUNT");

	return count ? count->number : 1;
}

static int mark_inodes(struct shell *sh, e2_ino first, uint64_t count, bool used)
{
	if (count > UINT32_MAX)
		return e2_fail(E2_ERR_RANGE, "%" PRIu64 " inodes are more than a volume has",
			       count);
	return e2_raw_mark_inodes(sh->txn, first, (uint32_t)count, used);
}

static int mark_blocks(struct shell *sh, const struct args *args, bool used)
{
	const struct arg *a = args_get(args, "BLOCK");
	const struct object *o = &a->object;

	if (o->kind != OBJECT_BLOCKS)
		return e2_fail(E2_ERR_INVAL, "%s: no block; blocks are written 41733, 41733+16 "
			       "or 41733-41748", a->text);
	if (o->count > 1 && args_get(args, "COUNT"))
		return e2_fail(E2_ERR_INVAL, "%s: names several blocks, no COUNT can follow",
			       a->text);
	return e2_raw_mark_blocks(sh->txn, o->blk, o->count > 1 ? o->count : count_of(args),
				  used);
}

int cmd_freei(struct shell *sh, const struct args *args)
{
	return mark_inodes(sh, args_get(args, "INODE")->ino, count_of(args), false);
}

int cmd_seti(struct shell *sh, const struct args *args)
{
	return mark_inodes(sh, args_get(args, "INODE")->ino, count_of(args), true);
}

int cmd_freeb(struct shell *sh, const struct args *args)
{
	return mark_blocks(sh, args, false);
}

int cmd_setb(struct shell *sh, const struct args *args)
{
	return mark_blocks(sh, args, true);
}

/* An inode, by number or path, or blocks, by whatever names them. */
static int mark_object(struct shell *sh, const struct arg *a, bool used)
{
	const struct object *o = &a->object;
	uint32_t size = e2_geometry(sh->fs)->block_size;
	struct raw_place place;
	e2_ino ino;
	int err;

	if (o->kind == OBJECT_PATH || (o->kind == OBJECT_INODE && !o->has_lblk && !o->has_byte)) {
		err = shell_lookup(sh, o, false, &ino, NULL);
		return err ? err : mark_inodes(sh, ino, 1, used);
	}
	err = raw_place(sh, a, &place);
	if (err)
		return err;
	return e2_raw_mark_blocks(sh->txn, place.at / size,
				  (place.at % size + place.len + size - 1) / size, used);
}

static int mark_all(struct shell *sh, const struct args *args, bool used)
{
	int err = 0;

	for (size_t i = 0; i < args->count && !err; i++)
		err = mark_object(sh, &args->arg[i], used);
	return err;
}

int cmd_mark(struct shell *sh, const struct args *args)
{
	return mark_all(sh, args, true);
}

int cmd_unmark(struct shell *sh, const struct args *args)
{
	return mark_all(sh, args, false);
}
