/* SPDX-License-Identifier: MIT */
/* What every back end may rely on: bounds and the right to write were checked. */
#include "io/io.h"

#include "io/name.h"

#include <inttypes.h>
#include <string.h>

static int check_range(const struct e2_io *io, const char *doing, uint64_t offset, uint64_t len)
{
	if (offset <= io->size && len <= io->size - offset)
		return E2_OK;
	return e2_fail(E2_ERR_IO,
		       "%s: %s %" PRIu64 " bytes at %" PRIu64 " passes its end at %" PRIu64,
		       io->name, doing, len, offset, io->size);
}

static int check_writable(const struct e2_io *io)
{
	return io->writable ? E2_OK : e2_fail(E2_ERR_ROFS, "%s: opened read-only", io->name);
}

int e2_io_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	int r = check_range(io, "reading", offset, len);

	return r || len == 0 ? r : io->ops->read(io, offset, len, buf);
}

int e2_io_write(struct e2_io *io, uint64_t offset, size_t len, const void *buf)
{
	int r = check_writable(io);

	if (r == E2_OK)
		r = check_range(io, "writing", offset, len);
	return r || len == 0 ? r : io->ops->write(io, offset, len, buf);
}

int e2_io_sync(struct e2_io *io)
{
	int r = check_writable(io);

	return r ? r : io->ops->sync(io);
}

int e2_io_resize(struct e2_io *io, uint64_t size)
{
	int r = check_writable(io);

	if (r == E2_OK && size > INT64_MAX)
		r = e2_fail(E2_ERR_FBIG, "%s: no file holds %" PRIu64 " bytes", io->name, size);
	return r || size == io->size ? r : io->ops->resize(io, size);
}

int e2_io_zero(struct e2_io *io, uint64_t offset, uint64_t len)
{
	int r = check_writable(io);

	if (r == E2_OK)
		r = check_range(io, "zeroing", offset, len);
	return r || len == 0 ? r : io->ops->zero(io, offset, len);
}

int e2_io_reserve(struct e2_io *io, uint64_t offset, uint64_t len)
{
	int r = check_writable(io);

	if (r == E2_OK)
		r = check_range(io, "making room", offset, len);
	return r || len == 0 || !io->ops->reserve ? r : io->ops->reserve(io, offset, len);
}

int e2_io_settle(struct e2_io *io, bool keep)
{
	return io->ops->settle ? io->ops->settle(io, keep) : E2_OK;
}

int e2_io_close(struct e2_io *io)
{
	return io ? io->ops->close(io) : E2_OK;
}

/* The text after a word of what in_use() says; NULL when it is not there, or when a shell
 * would not take it as it is shown. */
static const char *find_used(const char *why, const char *word)
{
	const char *found = strstr(why, word);

	if (!found || strpbrk(found + strlen(word), "\\\"'$`&;<>*?[]|()#~!"))
		return NULL;
	found += strlen(word);
	return strpbrk(found, " \t") ? NULL : found;
}

int e2_env_check_free(struct e2_env *env, const char *path)
{
	struct e2_str why = E2_STR_INIT;
	int r = env->ops->in_use(env, path, &why);

	if (r == 1) {
		const char *mount = find_used(e2_str_text(&why), "mounted on ");
		const char *loop = find_used(e2_str_text(&why), "is attached to ");
		struct e2_str text = E2_STR_INIT;

		e2_str_addf(&text, "%s; not opened for writing", e2_str_text(&why));
		r = e2_io_fail(E2_ERR_BUSY, path, e2_str_text(&text));
		e2_str_free(&text);
		if (mount)
			e2_advise("umount %s", mount);
		else if (loop)
			e2_advise("losetup -d %s", loop);
	}
	e2_str_free(&why);
	return r;
}
