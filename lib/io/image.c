/* SPDX-License-Identifier: MIT */
#include "io/image.h"

#include "io/file.h"
#include "io/name.h"
#include "io/spec.h"

#include <inttypes.h>
#include <stdlib.h>

struct e2_image {
	struct e2_env *env;
	struct e2_io *file;	/* what env opened: locks and stamps are the file's */
	struct e2_io *io;	/* the volume: the file, a slice of it, or what it inflates to */
	bool owns_file;		/* io does not: it is inflated */
	uint64_t offset;
	struct e2_place place;
};

static const char *image_path(const struct e2_image *image)
{
	return e2_str_text(&image->place.path);
}

static int open_file(struct e2_image *image, const char *path, unsigned flags)
{
	const struct e2_env_ops *ops = image->env->ops;
	int r;

	if (!(flags & E2_IMAGE_WRITE))
		return ops->open(image->env, path, 0, &image->file);
	r = e2_env_check_free(image->env, path);
	return r ? r : ops->open_locked(image->env, path, &image->file);
}

/* Makes the volume's bytes of the file's. */
static int open_volume(struct e2_image *image, const struct e2_spec *s, bool writes)
{
	struct e2_io *whole = image->file;
	bool gzip;
	int r;

	if (writes && s->is_slice && s->offset % 512 != 0)
		return e2_fail(E2_ERR_INVAL, "%s@%" PRIu64 ": begins within a sector of 512 bytes "
			       "and can only be read", whole->name, s->offset);
	r = e2_io_is_gzip(whole, &gzip);
	if (r)
		return r;
	if (gzip && writes)
		return e2_fail(E2_ERR_ROFS, "%s: is compressed with gzip and can only be read",
			       whole->name);
	if (gzip)
		r = e2_io_inflate(image->file, e2_str_text(&s->path), E2_IO_GZ_LIMIT, &whole);
	if (r)
		return r;
	image->owns_file = gzip;
	r = e2_spec_slice(s, whole, &image->io);
	if (r && !gzip)
		image->file = NULL;	/* went into the slice, even on failure */
	return r;
}

int e2_image_open(struct e2_env *env, const char *spec, unsigned flags, struct e2_image **image)
{
	struct e2_image *i = calloc(1, sizeof(*i));
	struct e2_spec s = { .path = E2_STR_INIT };
	int r;

	if (!i)
		return e2_io_fail(E2_ERR_NOMEM, spec, "no memory to open it");
	i->env = env;
	i->owns_file = true;
	r = e2_spec_look(env, spec, &s);
	if (r == E2_OK)
		r = env->ops->look(env, e2_str_text(&s.path), &i->place);
	if (r == E2_OK)
		r = open_file(i, e2_str_text(&s.path), flags);
	if (r == E2_OK)
		r = open_volume(i, &s, (flags & E2_IMAGE_WRITE) != 0);
	i->offset = s.offset;
	e2_str_free(&s.path);
	if (r) {
		(void)e2_image_close(i);	/* nothing was written through it */
		return r;
	}
	*image = i;
	return E2_OK;
}

int e2_image_close(struct e2_image *image)
{
	int r, last;

	if (!image)
		return E2_OK;
	r = e2_io_close(image->io);
	last = image->owns_file ? e2_io_close(image->file) : E2_OK;
	e2_str_free(&image->place.path);
	free(image);
	return r ? r : last;
}

struct e2_io *e2_image_io(const struct e2_image *image)
{
	return image->io;
}

struct e2_env *e2_image_env(const struct e2_image *image)
{
	return image->env;
}

uint64_t e2_image_offset(const struct e2_image *image)
{
	return image->offset;
}

static bool is_compressed(const struct e2_image *image)
{
	return image->owns_file;
}

int e2_image_log_path(const struct e2_image *image, struct e2_str *path)
{
	if (is_compressed(image))
		return e2_io_fail(E2_ERR_UNSUPPORTED, image_path(image),
				  "is compressed and has no log");
	if (image->place.kind == E2_PLACE_DEVICE)
		return e2_io_fail(E2_ERR_UNSUPPORTED, image_path(image), "is a device, beside "
				  "which no log survives a power cut; name one with --log");
	e2_str_add(path, image_path(image));
	/* By the offset alone, so that every way to name the same volume finds the log. */
	if (image->offset > 0)
		e2_str_addf(path, ".%" PRIu64, image->offset);
	e2_str_add(path, ".e2log");
	return e2_str_status(path);
}

int e2_image_lock(struct e2_image *image, enum e2_lock_mode mode, unsigned wait_ms)
{
	if (is_compressed(image))
		return E2_OK;	/* nobody changes it */
	return image->env->ops->lock(image->env, image->file, E2_LOCK_COMMIT, mode, wait_ms);
}

int e2_image_stamp(struct e2_image *image, struct e2_stamp *stamp)
{
	return image->env->ops->stamp(image->env, image->file, stamp);
}

int e2_image_touch(struct e2_image *image)
{
	return image->env->ops->touch(image->env, image->file);
}

int e2_image_in_use(struct e2_image *image, struct e2_str *why)
{
	return image->env->ops->in_use(image->env, image_path(image), why);
}

int e2_image_trusts(struct e2_image *image, const char *path, struct e2_io *file)
{
	return image->env->ops->trusted(image->env, path, file, image->file);
}
