/* SPDX-License-Identifier: MIT */
#include "identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* One user or group from *at on, up to one of the stops. */
static int take_id(struct shell *sh, const char **at, const char *stops, bool group, uint32_t *id)
{
	size_t len = strcspn(*at, stops);
	char *text = strndup(*at, len);
	uint64_t number;
	int err = text ? e2_parse_u64(text, 0, UINT32_MAX, &number) : E2_ERR_NOMEM;

	if (text && err && len && owner_find(sh, text, group, id))
		err = 0;
	else if (!err)
		*id = (uint32_t)number;
	else if (text)
		err = e2_fail(E2_ERR_INVAL, "no such %s in the volume's own /etc/%s",
			     group ? "group" : "user", group ? "group" : "passwd");
	free(text);
	*at += len;
	return err;
}

int identity_parse(struct shell *sh, const char *text, struct identity *id)
{
	const char *at = text;
	int err = take_id(sh, &at, ":", false, &id->who.uid);

	id->who.groups = id->groups;
	id->who.count = 0;
	if (!err && *at != ':')
		err = e2_fail(E2_ERR_INVAL, "no group");
	at++;
	if (!err)
		err = take_id(sh, &at, ",", true, &id->who.gid);
	while (!err && *at == ',') {
		at++;
		if (id->who.count == IDENTITY_GROUPS)
			err = e2_fail(E2_ERR_INVAL, "more than %d groups", IDENTITY_GROUPS);
		else
			err = take_id(sh, &at, ",", true, &id->groups[id->who.count++]);
	}
	if (err) {
		struct e2_str s = E2_STR_INIT;

		e2_str_add_name(&s, text, strlen(text));
		err = e2_fail(err, "--as %s: %s; wanted is UID:GID[,GROUP...]", e2_str_text(&s),
			      e2_err_detail());
		e2_str_free(&s);
	}
	return err;
}

const char *errno_word(int err)
{
	static const struct {
		int number;
		const char *word;
	} words[] = {
		{ ENOENT, "ENOENT" }, { ENOTDIR, "ENOTDIR" }, { ELOOP, "ELOOP" },
		{ EACCES, "EACCES" }, { ENAMETOOLONG, "ENAMETOOLONG" }, { EUCLEAN, "EUCLEAN" },
		{ EIO, "EIO" }, { ENOMEM, "ENOMEM" }, { EINVAL, "EINVAL" }, { ERANGE, "ERANGE" },
	};
	int number = e2_err_errno(err);

	if (number == 0)
		return "";
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (words[i].number == number)
			return words[i].word;
	return "EIO";
}
