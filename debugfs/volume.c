/* SPDX-License-Identifier: MIT */
#include "volume.h"

#include <stdio.h>
#include <string.h>

void volume_failed(const char *image, int err)
{
	const char *detail = e2_err_detail();
	struct e2_str s = E2_STR_INIT, text = E2_STR_INIT;
	size_t len;

	e2_str_add_name(&s, image, strlen(image));
	if (s.len == 0)
		e2_str_add(&s, "\"\"");
	len = s.len;
	if (strncmp(detail, e2_str_text(&s), len) == 0 && detail[len] == ':')
		detail += len + 2;	/* the library has named it already */
	e2_str_addf(&text, PROGRAM ": %s: %s", e2_str_text(&s),
		    *detail ? detail : e2_strerror(err));
	if (*e2_err_advice())
		e2_str_addf(&text, "\n  try: %s", e2_err_advice());
	out_complain(&text);
	e2_str_free(&text);
	e2_str_free(&s);
}

/* Says how to open by a backup, if there is one. */
static void suggest_backup(const char *image)
{
	struct e2_io *io;
	e2_blk blk;
	uint32_t block_size;

	if (e2_io_open_image(image, 0, &io))
		return;
	if (!e2_find_backup(io, &blk, &block_size))
		(void)fprintf(stderr, "  try: -s %llu -b %u, a backup of the superblock\n",
			      (unsigned long long)blk, block_size);
	(void)e2_io_close(io);	/* only read from */
}

/* Where an image is mounted, how to get at it: the detail says "... mounted on /mnt; ...". */
static void suggest_umount(void)
{
	const char *at = strstr(e2_err_detail(), "mounted on ");
	const char *end = at ? strrchr(at, ';') : NULL;

	if (end)
		(void)fprintf(stderr, "  try: umount %.*s, or without -w\n",
			      (int)(end - at - 11), at + 11);
}

/* Somebody's change was cut short; the user should hear of it, whatever he asked for. */
static void tell_pending(const char *image, bool written)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_name(&s, image, strlen(image));
	(void)fprintf(stderr, PROGRAM ": %s: a change that was cut short %s\n", e2_str_text(&s),
		      written ? "has been completed" :
		      "is shown as completed; the image is as it was");
	e2_str_free(&s);
}

int volume_open(const char *image, const struct e2_open_options *how, struct e2_fs **fs)
{
	int err = e2_open_image(NULL, image, how, fs);

	if (!err && e2_fs_pending(*fs))
		tell_pending(image, how->flags & E2_OPEN_WRITE);
	if (!err)
		return 0;
	volume_failed(image, err);
	if (err == E2_ERR_BUSY)
		suggest_umount();
	if (!how->superblock && (err == E2_ERR_NOT_EXT2 || err == E2_ERR_CORRUPT))
		suggest_backup(image);
	return SHELL_CANNOT_OPEN;
}
