/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "debugfs/object.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* An object in short: kind and what belongs to it. */
static void describe(const struct object *o, struct e2_str *s)
{
	switch (o->kind) {
	case OBJECT_PATH: e2_str_addf(s, "path %s", o->path); break;
	case OBJECT_INODE: e2_str_addf(s, "ino %u", o->ino); break;
	case OBJECT_GROUP: e2_str_addf(s, "group %u", o->group); break;
	case OBJECT_BLOCKS: e2_str_addf(s, "blk %" PRIu64 "+%" PRIu64, o->blk, o->count); break;
	case OBJECT_SUPER: e2_str_addf(s, "sb %u", o->group); break;
	case OBJECT_BYTE: e2_str_addf(s, "byte %" PRIu64, o->offset); break;
	}
	if (o->has_lblk)
		e2_str_addf(s, " lblk %" PRIu64, o->lblk);
	if (o->has_byte)
		e2_str_addf(s, " at %" PRIu64, o->byte);
	if (o->part)
		e2_str_addf(s, " part %d", (int)o->part);
	if (o->field)
		e2_str_addf(s, " field %s", o->field);
}

struct example { const char *text, *file, *ino, *any; };	/* NULL: refused */

static const struct example examples[] = {
	{ "/a/b", "path /a/b", "path /a/b", "path /a/b" },
	{ "b", "path b", "path b", "path b" },
	{ "", "path ", "path ", "path " },
	{ "/a.mode", "path /a.mode", "path /a.mode", "path /a.mode" },
	{ "/x:3", "path /x:3", "path /x:3", "path /x:3" },
	{ "./<12>", "path ./<12>", "path ./<12>", "path ./<12>" },
	{ "<12>", "ino 12", "ino 12", "ino 12" },
	{ "%12", "ino 12", "ino 12", "ino 12" },
	{ "<0x10>", "ino 16", "ino 16", "ino 16" },
	{ "%4294967295", "ino 4294967295", "ino 4294967295", "ino 4294967295" },
	{ "%0", NULL, NULL, NULL },
	{ "%4294967296", NULL, NULL, NULL },
	{ "<99999999999999999999>", NULL, NULL, NULL },
	{ "%x", "path %x", "path %x", "path %x" },
	{ "<root>", "ino 2", "ino 2", "ino 2" },
	{ "<resize>", "ino 7", "ino 7", "ino 7" },
	{ "<journal>", "ino 8", "ino 8", "ino 8" },
	{ "<lost+found>", "path /lost+found", "path /lost+found", "path /lost+found" },
	{ "<nobody>", NULL, NULL, NULL },
	{ "<12", "path <12", "path <12", "path <12" },
	{ "<12>x", NULL, NULL, NULL },
	{ "<12>.", NULL, NULL, NULL },
	{ "<12>.mode", "ino 12 field mode", "ino 12 field mode", "ino 12 field mode" },
	{ "%12.block[12]", "ino 12 field block[12]", "ino 12 field block[12]",
		"ino 12 field block[12]" },
	{ "<12>.block.12", "ino 12 field block.12", "ino 12 field block.12",
		"ino 12 field block.12" },
	{ "<12>:3", "ino 12 lblk 3", "ino 12 lblk 3", "ino 12 lblk 3" },
	{ "<12>:@7", "ino 12 at 7", "ino 12 at 7", "ino 12 at 7" },
	{ "<12>:", NULL, NULL, NULL },
	{ "<12>:3x", NULL, NULL, NULL },
	{ "12", "path 12", "ino 12", "blk 12+1" },
	{ "0xa305", "path 0xa305", "ino 41733", "blk 41733+1" },
	{ "12x", "path 12x", NULL, NULL },
	{ "b:41733", "path b:41733", "path b:41733", "blk 41733+1" },
	{ "b:", "path b:", "path b:", "path b:" },
	{ "41733+16", "path 41733+16", NULL, "blk 41733+16" },
	{ "41733-41748", "path 41733-41748", NULL, "blk 41733+16" },
	{ "41733-41732", "path 41733-41732", NULL, NULL },
	{ "41733+0", "path 41733+0", NULL, NULL },
	{ "41733+", "path 41733+", NULL, NULL },
	{ "0-18446744073709551615", "path 0-18446744073709551615", NULL, NULL },
	{ "18446744073709551616", "path 18446744073709551616", NULL, NULL },
	{ "^5", "path ^5", "path ^5", "group 5" },
	{ "g:5", "path g:5", "path g:5", "group 5" },
	{ "^5.flags", "path ^5.flags", "path ^5.flags", "group 5 field flags" },
	{ "^5/bb", "path ^5/bb", "path ^5/bb", "group 5 part 3" },
	{ "g:5/it", "path g:5/it", "path g:5/it", "group 5 part 5" },
	{ "^5/xx", "path ^5/xx", "path ^5/xx", NULL },
	{ "^4294967296", "path ^4294967296", "path ^4294967296", NULL },
	{ "^a", "path ^a", "path ^a", "path ^a" },
	{ "sb", "path sb", "path sb", "sb 0" },
	{ "sb:3", "path sb:3", "path sb:3", "sb 3" },
	{ "sb:3.state", "path sb:3.state", "path sb:3.state", "sb 3 field state" },
	{ "sb.state", "path sb.state", "path sb.state", "sb 0 field state" },
	{ "sb.", "path sb.", "path sb.", NULL },
	{ "sb:x", "path sb:x", "path sb:x", NULL },
	{ "sbin", "path sbin", "path sbin", "path sbin" },
	{ "@0x1000", "path @0x1000", "path @0x1000", "byte 4096" },
	{ "@12x", "path @12x", "path @12x", NULL },
	{ "@", "path @", "path @", "path @" },
};

static void assert_object(const char *text, enum object_place place, const char *want)
{
	struct e2_str got = E2_STR_INIT;
	struct object o;
	int err = object_parse(text, false, place, &o);

	cr_assert_eq(err, want ? 0 : E2_ERR_INVAL, "%s at place %d", text, (int)place);
	if (want) {
		describe(&o, &got);
		cr_assert_str_eq(e2_str_text(&got), want, "%s: %s", text, e2_str_text(&got));
	} else {
		cr_assert_not_null(strstr(e2_err_detail(), ": "), "%s", e2_err_detail());
	}
	e2_str_free(&got);
}

E2_TEST(shell_object, a_text_means_one_thing_in_each_place)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		assert_object(examples[i].text, PLACE_FILE, examples[i].file);
		assert_object(examples[i].text, PLACE_INO, examples[i].ino);
		assert_object(examples[i].text, PLACE_ANY, examples[i].any);
	}
}

E2_TEST(shell_object, what_is_quoted_is_a_path)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(*examples); i++) {
		struct object o;

		cr_assert_eq(object_parse(examples[i].text, true, PLACE_ANY, &o), 0);
		cr_assert_eq(o.kind, OBJECT_PATH);
		cr_assert_str_eq(o.path, examples[i].text);
	}
}
