/* SPDX-License-Identifier: MIT */
#include "host/own.h"

#include "base/str.h"

#include <string.h>
#include <sys/stat.h>

int e2_own_check(const struct e2_fs *fs, int dir_fd, const char *path)
{
	struct e2_image *image = e2_fs_image(fs);
	struct e2_str shown = E2_STR_INIT;
	struct e2_stamp own;
	struct stat there;
	int err;

	if (!image || fstatat(dir_fd, path, &there, 0) != 0)
		return 0;
	err = e2_image_stamp(image, &own);
	if (err)
		return err;
	if (there.st_dev != own.dev || there.st_ino != own.ino)
		return 0;
	e2_str_add_name(&shown, path, strlen(path));
	err = e2_fail(E2_ERR_INVAL, "%s: is the image itself", e2_str_text(&shown));
	e2_str_free(&shown);
	return err;
}
