/* SPDX-License-Identifier: MIT */
#include "io/spec.h"

#include "base/units.h"
#include "io/name.h"

#include <string.h>

/* OFFSET[+LENGTH], or a failure that names the whole spec. */
static int parse_range(const char *spec, const char *range, struct e2_spec *s)
{
	struct e2_str number = E2_STR_INIT;
	const char *plus = strchr(range, '+');
	int r;

	e2_str_add_bytes(&number, range, plus ? (size_t)(plus - range) : strlen(range));
	r = e2_str_status(&number);
	if (r == E2_OK)
		r = e2_parse_size(e2_str_text(&number), 1, &s->offset);
	if (r == E2_OK && plus)
		r = e2_parse_size(plus + 1, 1, &s->len);
	e2_str_free(&number);
	s->has_len = plus != NULL;
	if (r == E2_ERR_INVAL || r == E2_ERR_RANGE)
		return e2_io_fail(E2_ERR_INVAL, spec,
				  "no such file, nor a slice of one; slices look "
				  "like a.img@1MiB or a.img@1MiB+64MiB");
	return r;
}

/* Where the range of a slice begins, and how long the path before it is; NULL for none. */
static const char *find_range(const char *spec, size_t *path_len)
{
	static const char query[] = "?offset=";
	const char *found = strstr(spec, query);

	if (found) {
		*path_len = (size_t)(found - spec);
		return found + strlen(query);
	}
	found = strrchr(spec, '@');
	/* A slice begins with a digit: "user@host.img" is a name. */
	if (!found || found[1] < '0' || found[1] > '9')
		return NULL;
	*path_len = (size_t)(found - spec);
	return found + 1;
}

/* "disk.img#p2" where disk.img exists asks for a partition. */
static int refuse_partition(const char *spec, bool (*exists)(void *arg, const char *path),
			    void *arg)
{
	const char *hash = strrchr(spec, '#');
	struct e2_str path = E2_STR_INIT;
	int r = E2_OK;

	if (!hash || hash == spec)
		return E2_OK;
	e2_str_add_bytes(&path, spec, (size_t)(hash - spec));
	if (exists(arg, e2_str_text(&path)))
		r = e2_io_fail(E2_ERR_UNSUPPORTED, spec, "partitions cannot be named yet; give the "
			       "slice as IMAGE@OFFSET+LENGTH");
	e2_str_free(&path);
	return r;
}

int e2_spec_parse(const char *spec, bool (*exists)(void *arg, const char *path), void *arg,
		  struct e2_spec *s)
{
	size_t path_len = strlen(spec);
	const char *range;
	int r = E2_OK;

	*s = (struct e2_spec){ .path = E2_STR_INIT };
	if (*spec == '\0')
		return e2_fail(E2_ERR_INVAL, "the name of the image is empty");
	if (!exists(arg, spec)) {
		r = refuse_partition(spec, exists, arg);
		range = find_range(spec, &path_len);
		if (r == E2_OK && range) {
			s->is_slice = true;
			r = parse_range(spec, range, s);
		}
	}
	e2_str_add_bytes(&s->path, spec, path_len);
	return r ? r : e2_str_status(&s->path);
}

static bool exists(void *arg, const char *path)
{
	struct e2_env *env = arg;
	struct e2_place place;
	bool found = env->ops->look(env, path, &place) == E2_OK && place.kind != E2_PLACE_NOTHING;

	e2_str_free(&place.path);
	return found;
}

int e2_spec_look(struct e2_env *env, const char *spec, struct e2_spec *s)
{
	return e2_spec_parse(spec, exists, env, s);
}

int e2_spec_slice(const struct e2_spec *s, struct e2_io *owned, struct e2_io **io)
{
	uint64_t len = s->len;

	if (!s->is_slice) {
		*io = owned;
		return E2_OK;
	}
	if (!s->has_len)
		len = s->offset <= owned->size ? owned->size - s->offset : 0;
	return e2_io_open_slice(owned, s->offset, len, io);
}
