/* SPDX-License-Identifier: MIT */
/* dx_hash: where names stand in a hashed directory. */
#include "structs.h"

#include <string.h>

/* Puts what is typed into a field of a superblock that is nobody's. */
static int take(uint8_t *raw, const char *name, const char *text)
{
	const struct e2_struct *s = e2_struct_find("super");
	const struct e2_field *f;
	unsigned index;
	int err = e2_field_find(s, name, &f, &index);

	return err ? err : e2_field_parse(f, raw, index, text);
}

/* The function and seed that are asked for, or the volume's own. */
static int choose(struct shell *sh, const struct args *args, unsigned *version, uint32_t seed[4])
{
	const struct arg *function = args_value(args, "-h"), *uuid = args_value(args, "-s");
	const struct e2_super *super = e2_super(sh->fs);
	uint8_t raw[E2_SUPER_BYTES] = { 0 };
	struct e2_super typed;
	int err = 0;

	*version = super->def_hash_version;
	if (*version <= E2_HASH_TEA && super->flags & E2_SF_UNSIGNED_HASH)
		*version += E2_HASH_LEGACY_U;
	memcpy(seed, super->hash_seed, sizeof(super->hash_seed));
	if (function)
		err = take(raw, "def_hash_version", function->text);
	if (!err && uuid)
		err = take(raw, "uuid", uuid->text);
	if (err)
		return shell_misused(sh, err);
	e2_super_decode(&typed, raw);
	if (function)
		*version = typed.def_hash_version;
	if (uuid) {		/* a seed is written as a UUID, and stored as four numbers */
		for (unsigned i = 0; i < 4; i++)
			seed[i] = typed.uuid[4 * i] | (uint32_t)typed.uuid[4 * i + 1] << 8 |
				  (uint32_t)typed.uuid[4 * i + 2] << 16 |
				  (uint32_t)typed.uuid[4 * i + 3] << 24;
	}
	return 0;
}

int cmd_dx_hash(struct shell *sh, const struct args *args)
{
	struct out *o = &sh->out;
	uint32_t seed[4], major, minor;
	unsigned version;
	int err = choose(sh, args, &version, seed);

	for (size_t i = 0; i < args->count && !err; i++) {
		const char *name = args->arg[i].text;
		struct e2_str function = E2_STR_INIT;

		err = e2_dir_hash(version, seed, name, strlen(name), &major, &minor);
		if (err)
			break;
		add_field(&function, "super", "def_hash_version", version);
		if (o->mode != OUT_TEXT) {
			out_record(o, "dx-hash");
			out_name(o, "name", name, strlen(name));
			out_string(o, "function", e2_str_text(&function));
			out_u64(o, "hash", major);
			out_u64(o, "minor", minor);
			out_record_end(o);
		} else {
			out_add(o, "0x%08x  minor 0x%08x  %s  ", major, minor,
				e2_str_text(&function));
			out_add_name(o, name, strlen(name));
			out_line(o);
		}
		e2_str_free(&function);
	}
	return err;
}
