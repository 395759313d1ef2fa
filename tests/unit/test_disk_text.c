/* SPDX-License-Identifier: MIT */
/* Fields as text and from text: format, parse, print, JSON, words. */
#include "e2test.h"
#include "random.h"

#include "disk/features.h"

enum { RAW_MAX = 1024 };

static const struct e2_field *find(const char *structure, const char *spec, unsigned *index)
{
	const struct e2_field *f = NULL;

	cr_assert_eq(e2_field_find(e2_struct_find(structure), spec, &f, index), E2_OK, "%s: %s",
		     spec, e2_err_detail());
	return f;
}

/* ---- words ------------------------------------------------------------- */

E2_TEST(disk_words, every_format_has_a_name_and_words_of_its_style)
{
	for (int fmt = 0; fmt < E2_FMT_COUNT; fmt++) {
		uint64_t seen = 0;
		struct e2_word w;
		unsigned count = 0;

		cr_assert_gt(strlen(e2_fmt_name(fmt)), 2);
		cr_assert_gt(strlen(e2_fmt_doc(fmt)), 3);
		for (size_t cursor = 0; e2_word_next(fmt, &cursor, &w); count++) {
			cr_assert_gt(strlen(w.name), 2);
			cr_assert_gt(strlen(w.doc), 3, "%s", w.name);
			cr_assert_eq(strpbrk(w.name, " ,+^:"), NULL, "%s", w.name);
			cr_assert_not(w.name[0] >= '0' && w.name[0] <= '9' &&
				      strspn(w.name, "0123456789") == strlen(w.name));
			if (e2_fmt_style(fmt) != E2_STYLE_flags)
				continue;
			/* A flag of several bits stands before those it is made of. */
			cr_assert_neq(w.value & ~seen, 0, "%s is shadowed", w.name);
			if ((w.value & (w.value - 1)) == 0)
				seen |= w.value;
		}
		cr_assert_eq(count > 0, e2_fmt_style(fmt) != E2_STYLE_plain, "%s",
			     e2_fmt_name(fmt));
	}
	cr_assert_str_eq(e2_word_name(E2_FMT_enum_hash, 1), "half_md4");
	cr_assert_eq(e2_word_name(E2_FMT_enum_hash, 77), NULL);
}

/* ---- round trips ------------------------------------------------------- */

E2_TEST(disk_parse, what_is_shown_reads_back)
{
	const struct e2_struct *s;
	uint64_t seed = 7;

	for (size_t i = 0; (s = e2_struct_at(i)) != NULL; i++) {
		for (size_t n = 0; n < s->count * 200; n++) {
			const struct e2_field *f = &s->fields[n / 200];
			unsigned index = (unsigned)(n % e2_field_elements(f));
			struct e2_str shown = E2_STR_INIT;
			uint8_t raw[RAW_MAX], back[RAW_MAX];
			int err;

			random_fill(raw, sizeof(raw), &seed);
			if (n % 200 < 20)	/* the values with words are small */
				memset(raw, 0, sizeof(raw)), raw[f->at] = (uint8_t)(n % 20);
			memcpy(back, raw, sizeof(raw));
			for (unsigned at = 0; at < s->size; at++)
				if (e2_field_covers(f, at) && (e2_field_elements(f) == 1 ||
							       (at - f->at) / 4 == index))
					back[at] = (uint8_t)~raw[at];
			e2_field_format(f, raw, index, &shown);
			err = e2_field_parse(f, back, index, e2_str_text(&shown));
			cr_assert_eq(err, E2_OK, "%s.%s \"%s\": %s", s->name, f->name,
				     e2_str_text(&shown), e2_err_detail());
			cr_assert_eq(memcmp(raw, back, sizeof(raw)), 0, "%s.%s \"%s\"", s->name,
				     f->name, e2_str_text(&shown));
			e2_str_free(&shown);
		}
	}
}

/* One field, what it is set to, what it then shows; NULL: refused with this detail. */
struct row {
	const char *structure, *field, *text, *shown, *detail;
};

#define LONG_WORD \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct row rows[] = {
	{ "inode", "links_count", "65535", "65535", NULL },
	{ "inode", "links_count", "0x10", "16", NULL },
	{ "inode", "links_count", "010", "8", NULL },
	{ "inode", "links_count", "65536", NULL,
	  "links_count: \"65536\" is not within 0 to 65535" },
	{ "inode", "links_count", "-1", NULL, "links_count: \"-1\" is no number" },
	{ "inode", "links_count", "", NULL, "links_count: \"\" is no number" },
	{ "inode", "size", "18446744073709551615", "18446744073709551615", NULL },
	{ "inode", "size", "18446744073709551616", NULL,
	  "size: \"18446744073709551616\" is not within 0 to 18446744073709551615" },
	{ "inode", "block[13]", "4294967296", NULL,
	  "block[13]: \"4294967296\" is not within 0 to 4294967295" },
	{ "inode", "block", "1", NULL, "block: name one element, block[0] to block[14]" },
	{ "inode", "mode", "0100644", "0100644", NULL },
	{ "inode", "mode", "0x1ff", "0000777", NULL },
	{ "inode", "generation", "7", "7", NULL },
	{ "inode", "faddr", "255", "0xff", NULL },
	{ "super", "max_mnt_count", "-1", "-1", NULL },
	{ "super", "max_mnt_count", "-32768", "-32768", NULL },
	{ "super", "max_mnt_count", "32767", "32767", NULL },
	{ "super", "max_mnt_count", "-32769", NULL,
	  "max_mnt_count: \"-32769\" is not within -32768 to 32767" },
	{ "super", "max_mnt_count", "32768", NULL, NULL },
	{ "super", "max_mnt_count", "-", NULL, "max_mnt_count: \"-\" is no number" },
	/* times */
	{ "inode", "mtime", "@0", "1970-01-01 00:00:00 +0000", NULL },
	{ "inode", "mtime", "@-1", "1969-12-31 23:59:59 +0000", NULL },
	{ "inode", "mtime", "2026-11-20 09:12:44", "2026-11-20 09:12:44 +0000", NULL },
	{ "inode", "mtime", "2026-11-20 09:12:44 +0130", "2026-11-20 07:42:44 +0000", NULL },
	{ "inode", "mtime", "@2147483647", "2038-01-19 03:14:07 +0000", NULL },
	{ "inode", "mtime", "@2147483648", NULL, "mtime: \"@2147483648\" is not within "
	  "1901-12-13 20:45:52 +0000 to 2038-01-19 03:14:07 +0000" },
	{ "inode", "mtime", "@-2147483649", NULL, NULL },
	{ "inode", "mtime", "@99999999999999999999", NULL, NULL },
	{ "inode", "mtime", "never", NULL, "mtime: \"never\" is no date; dates look like "
	  "2026-11-20 09:12:44 or @1795165964" },
	{ "super", "lastcheck", "never", "never", NULL },
	{ "super", "lastcheck", "@2147483648", "2038-01-19 03:14:08 +0000", NULL },
	{ "super", "lastcheck", "@-1", NULL, NULL },
	/* words */
	{ "inode", "flags", "immutable,append", "immutable append", NULL },
	{ "inode", "flags", "0x10 append", "immutable append", NULL },
	{ "inode", "flags", "+nodump", "sync nodump", NULL },
	{ "inode", "flags", "^sync", "none", NULL },
	{ "inode", "flags", " +nodump", "sync nodump", NULL },
	{ "inode", "flags", "^sync nodump +0x80000000", "nodump 0x80000000", NULL },
	{ "inode", "flags", "none", "none", NULL },
	{ "inode", "flags", "inmutable", NULL,
	  "flags: \"inmutable\" is none of its words; nearest is immutable" },
	{ "inode", "flags", "+", NULL, "flags: \"\" is none of its words" },
	{ "inode", "flags", " , ", NULL, "flags: \"\" names no word; \"none\" clears all" },
	{ "inode", "flags", "0x100000000", NULL, NULL },
	{ "inode", "flags", LONG_WORD,
	  NULL, NULL },
	{ "super", "feature_incompat", "filetype incompat:0x4000000", "filetype 0x4000000", NULL },
	{ "super", "feature_incompat", "compat:0x4000000", NULL, NULL },
	{ "super", "feature_incompat", "incompax:0x4000000", NULL, NULL },
	{ "super", "feature_incompat", ":0x4000000", NULL, NULL },
	{ "super", "feature_incompat", "dir_index", NULL,
	  "feature_incompat: \"dir_index\" is none of its words" },
	{ "super", "feature_ro_compat", "+large_file", "large_file huge_file", NULL },
	{ "super", "feature_incompat", "64bit", "64bit", NULL },
	{ "super", "feature_incompat", "64bits", NULL,
	  "feature_incompat: \"64bits\" is none of its words; nearest is 64bit" },
	{ "super", "feature_compat", "ext_attr dir_index", "ext_attr dir_index", NULL },
	{ "super", "default_mount_opts", "acl journal_data journal_data_ordered",
	  "journal_data_writeback acl", NULL },
	{ "super", "errors", "remount-ro", "remount-ro", NULL },
	{ "super", "errors", "2", "remount-ro", NULL },
	{ "super", "errors", "9", "9", NULL },
	{ "super", "errors", "stop", NULL, NULL },
	{ "super", "errors", "a:b", NULL, NULL },
	{ "super", "errors", "pnic", NULL,
	  "errors: \"pnic\" is none of its words; nearest is panic" },
	{ "super", "creator_os", "hurd", "hurd", NULL },
	{ "dirent", "file_type", "directory", "directory", NULL },
	{ "xattr_entry", "name_index", "user.", "user.", NULL },
	/* bytes */
	{ "super", "uuid", "01234567-89ab-cdef-0123-456789ABCDEF",
	  "01234567-89ab-cdef-0123-456789abcdef", NULL },
	{ "super", "uuid", "0123456789abcdef0123456789abcdef",
	  "01234567-89ab-cdef-0123-456789abcdef", NULL },
	{ "super", "uuid", "0", "00000000-0000-0000-0000-000000000000", NULL },
	{ "super", "uuid", "0123", NULL, "uuid: \"0123\" has 2 bytes; the field has 16" },
	{ "super", "uuid", "", NULL, NULL },
	{ "super", "uuid", "012", NULL,
	  "uuid: \"012\" is not made of pairs of hexadecimal digits" },
	{ "super", "uuid", "-0", NULL, NULL },
	{ "super", "encrypt_algos", "01020304", "01020304", NULL },
	{ "super", "encrypt_algos", "0", "0", NULL },
	{ "super", "encrypt_algos", "0102030405", NULL, NULL },
	{ "super", "volume_name", "home", "home", NULL },
	{ "super", "volume_name", "", "", NULL },
	{ "super", "volume_name", "a\\x0ab\\x00c", "a\\x0ab\\x00c", NULL },
	{ "super", "volume_name", "\\u{200e}\\u{7}", "\\u{200e}\\x07", NULL },
	{ "super", "volume_name", "\\u{e9}x", "\303\251x", NULL },
	{ "super", "volume_name", "sixteen letters.", "sixteen letters.", NULL },
	{ "super", "volume_name", "seventeen letters", NULL,
	  "volume_name: \"seventeen letters\" has 17 bytes; the field has 16" },
	{ "super", "volume_name", "\\n", NULL, "volume_name: \"\\x5cn\" has a backslash that "
	  "begins neither \\xNN nor \\u{NNNN}" },
	{ "super", "volume_name", "\\x4", NULL, NULL },
	{ "super", "volume_name", "\\u1234", NULL, NULL },
	{ "super", "volume_name", "\\u{}", NULL, NULL },
	{ "super", "volume_name", "\\u{12345}", NULL, NULL },
	{ "super", "volume_name", "\\", NULL, NULL },
};

static void check_row(const struct row *r)
{
	uint8_t raw[RAW_MAX] = { 0 }, before[RAW_MAX];
	struct e2_str shown = E2_STR_INIT;
	unsigned index;
	const struct e2_field *f = find(r->structure, r->field, &index);
	int err;

	/* What relative words start from, and something that text must clear. */
	if (f->fmt == E2_FMT_flags_inode || f->fmt == E2_FMT_flags_ro_compat)
		raw[f->at] = 8;
	if (f->kind == E2_KIND_text)
		memset(raw + f->at, 'z', f->arg);
	memcpy(before, raw, sizeof(raw));
	err = e2_field_parse(f, raw, index, r->text);
	if (r->shown) {
		cr_assert_eq(err, E2_OK, "%s = %s: %s", r->field, r->text, e2_err_detail());
		e2_field_format(f, raw, index, &shown);
		cr_assert_str_eq(e2_str_text(&shown), r->shown);
	} else {
		cr_assert(err == E2_ERR_INVAL || err == E2_ERR_RANGE, "%s = %s", r->field, r->text);
		if (r->detail)
			cr_assert_str_eq(e2_err_detail(), r->detail);
		cr_assert_eq(memcmp(raw, before, sizeof(raw)), 0);
	}
	e2_str_free(&shown);
}

E2_TEST(disk_parse, rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		check_row(&rows[i]);
}

/* ---- print and JSON ---------------------------------------------------- */

E2_TEST(disk_format, a_structure_is_a_line_a_field)
{
	const struct e2_when_context c = { .rev_level = 1, .bytes = 128 };
	uint8_t raw[32] = { 3, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0, 0xe8, 3, 7, 0, 2, 0, 1, 0 };
	struct e2_str out = E2_STR_INIT;

	e2_struct_print(e2_struct_find("group"), raw, &c, &out);
	cr_assert_str_eq(e2_str_text(&out),
			 "block_bitmap       3\n"
			 "inode_bitmap       4\n"
			 "inode_table        5\n"
			 "free_blocks_count  1000\n"
			 "free_inodes_count  7\n"
			 "used_dirs_count    2\n"
			 "flags              inode_uninit\n"
			 "exclude_bitmap     0\n"
			 "block_bitmap_csum  0x0\n"
			 "inode_bitmap_csum  0x0\n"
			 "itable_unused      0\n"
			 "checksum           0x0\n");
	e2_str_free(&out);
}

E2_TEST(disk_format, only_fields_that_exist_are_shown)
{
	struct e2_when_context c = { .rev_level = 1, .bytes = 128 };
	const struct e2_struct *s = e2_struct_find("inode");
	struct e2_str out = E2_STR_INIT;
	uint8_t raw[256] = { 0 };

	e2_struct_print(s, raw, &c, &out);
	cr_assert_neq(strstr(e2_str_text(&out),
			     "block        0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"), NULL);
	cr_assert_eq(strstr(e2_str_text(&out), "crtime"), NULL);
	cr_assert_eq(strstr(e2_str_text(&out), "translator"), NULL);
	e2_str_truncate(&out, 0);
	e2_put16(raw + 128, 32);
	c.bytes = 256;
	c.hurd = true;
	e2_struct_print(s, raw, &c, &out);
	cr_assert(strstr(e2_str_text(&out), "crtime_extra  0x0\n") != NULL);
	cr_assert(strstr(e2_str_text(&out), "translator    0\n") != NULL);
	e2_str_free(&out);
}

E2_TEST(disk_format, an_empty_text_leaves_no_space)
{
	const struct e2_when_context c = { .rev_level = 1, .bytes = 1024 };
	struct e2_str out = E2_STR_INIT;
	uint8_t raw[RAW_MAX] = { 0 };

	e2_struct_print(e2_struct_find("super"), raw, &c, &out);
	cr_assert_neq(strstr(e2_str_text(&out), "\nvolume_name\nlast_mounted\n"), NULL);
	e2_str_free(&out);
}

E2_TEST(disk_format, json_has_numbers_as_stored)
{
	const struct e2_when_context c = { .rev_level = 1, .bytes = 256 };
	struct e2_str out = E2_STR_INIT;
	const char *text;
	struct e2_json j;
	uint8_t raw[RAW_MAX] = { 0 };
	unsigned index;

	(void)e2_field_parse(find("super", "max_mnt_count", &index), raw, 0, "-1");
	(void)e2_field_parse(find("super", "volume_name", &index), raw, 0, "a\\x0ab");
	(void)e2_field_parse(find("super", "errors", &index), raw, 0, "panic");
	e2_json_begin(&j, &out);
	e2_json_object(&j, NULL);
	e2_struct_json(e2_struct_find("super"), raw, &c, &j);
	e2_json_end(&j);
	text = e2_str_text(&out);
	cr_assert(strstr(text, "\"max_mnt_count\": -1") != NULL, "%s", text);
	cr_assert(strstr(text, "\"errors\": 3") != NULL);
	cr_assert(strstr(text, "\"volume_name\": \"a\\nb\"") != NULL);
	cr_assert(strstr(text, "\"uuid\": \"00000000-0000-0000-0000-000000000000\"") != NULL);
	cr_assert(strstr(text, "\"reserved\": \"0\"") != NULL);
	cr_assert(strstr(text, "\"hash_seed\": [0, 0, 0, 0]") != NULL);
	cr_assert(strstr(text, "\"lastcheck\": 0") != NULL);
	e2_str_free(&out);

	memset(raw, 0, sizeof(raw));
	(void)e2_field_parse(find("inode", "mtime", &index), raw, 0, "@-5");
	e2_json_begin(&j, &out);
	e2_json_object(&j, NULL);
	e2_struct_json(e2_struct_find("inode"), raw, &c, &j);
	e2_json_end(&j);
	cr_assert(strstr(e2_str_text(&out), "\"mtime\": -5") != NULL);
	cr_assert_eq(strstr(e2_str_text(&out), "crtime"), NULL);
	e2_str_free(&out);
}

E2_TEST(disk_format, whole_vectors_and_elements_that_are_none)
{
	struct e2_str out = E2_STR_INIT;
	uint8_t raw[RAW_MAX] = { 0 };
	unsigned index;
	const struct e2_field *f = find("super", "backup_bgs", &index);

	raw[f->at] = 1;
	raw[f->at + 4] = 49;
	e2_field_format(f, raw, E2_FIELD_WHOLE, &out);
	cr_assert_str_eq(e2_str_text(&out), "1 49");
	e2_field_format(f, raw, 2, &out);
	cr_assert_str_eq(e2_str_text(&out), "1 49");
	e2_str_free(&out);
}

/* ---- features ---------------------------------------------------------- */

E2_TEST(disk_features, names_bits_and_masks)
{
	const struct e2_feature_row *row;
	uint32_t all[E2_FEATURE_WORDS] = { 0 };

	for (size_t i = 0; (row = e2_feature_at(i)) != NULL; i++) {
		cr_assert_eq(e2_feature_find(row->name), row);
		cr_assert(row->bit != 0 && (row->bit & (row->bit - 1)) == 0);
		cr_assert_eq(all[row->word] & row->bit, 0, "%s", row->name);
		all[row->word] |= row->bit;
		cr_assert_gt(strlen(row->doc), 5);
	}
	cr_assert_eq(e2_feature_find("read-only"), e2_feature_find("readonly"));
	cr_assert_eq(e2_feature_find("dir"), NULL);
	cr_assert_eq(e2_feature_find("dir_indexx"), NULL);
	cr_assert_eq(e2_feature_find(""), NULL);
	for (int word = 0; word < E2_FEATURE_WORDS; word++) {
		uint32_t write = e2_feature_mask(word, E2_SUPPORT_WRITE);
		uint32_t read = e2_feature_mask(word, E2_SUPPORT_READ);

		cr_assert_eq(e2_feature_mask(word, E2_SUPPORT_NONE), all[word]);
		cr_assert_eq(write & ~read, 0);
		cr_assert_gt(strlen(e2_feature_word_name(word)), 5);
	}
	cr_assert_eq(e2_feature_mask(E2_INCOMPAT, E2_SUPPORT_WRITE), 0x12);
	cr_assert_eq(e2_feature_mask(E2_RO_COMPAT, E2_SUPPORT_WRITE), 0x3);
	cr_assert_eq(e2_feature_mask(E2_COMPAT, E2_SUPPORT_READ) & 4, 4);
	cr_assert_eq(e2_feature_mask(E2_COMPAT, E2_SUPPORT_WRITE) & 4, 0);
}

static const struct {
	bool (*has)(const struct e2_super *s);
	enum e2_feature_word word;
	uint32_t bit;
	const char *name;
} predicates[] = {
#define WORD_compat E2_COMPAT
#define WORD_incompat E2_INCOMPAT
#define WORD_ro_compat E2_RO_COMPAT
#define FEATURE(word, bit, name, support, doc) { e2_has_##name, WORD_##word, bit, #name },
#include "disk/features.def"
#undef FEATURE
};

static bool has(size_t i, uint32_t rev_level, const uint32_t words[E2_FEATURE_WORDS])
{
	struct e2_super s = { .rev_level = rev_level, .feature_compat = words[E2_COMPAT],
		.feature_incompat = words[E2_INCOMPAT], .feature_ro_compat = words[E2_RO_COMPAT] };

	return predicates[i].has(&s);
}

E2_TEST(disk_features, every_predicate_looks_at_its_own_bit)
{
	for (size_t i = 0; i < sizeof(predicates) / sizeof(*predicates); i++) {
		uint32_t only[E2_FEATURE_WORDS] = { 0 };
		uint32_t others[E2_FEATURE_WORDS] = { UINT32_MAX, UINT32_MAX, UINT32_MAX };

		only[predicates[i].word] = predicates[i].bit;
		others[predicates[i].word] ^= predicates[i].bit;
		cr_assert(has(i, 1, only), "%s", predicates[i].name);
		cr_assert_not(has(i, 1, others), "%s", predicates[i].name);
		cr_assert_not(has(i, 0, only), "%s", predicates[i].name);
	}
}

E2_TEST(disk_features, predicates_need_revision_1)
{
	struct e2_super s = { .feature_incompat = E2_FEATURE_filetype | E2_FEATURE_meta_bg };

	cr_assert_not(e2_has_filetype(&s));
	s.rev_level = 1;
	cr_assert(e2_has_filetype(&s) && e2_has_meta_bg(&s));
	cr_assert_not(e2_has_64bit(&s) || e2_has_sparse_super(&s));
}

E2_TEST(disk_features, unknown_bits_are_shown_as_numbers)
{
	struct e2_str out = E2_STR_INIT;

	e2_str_add_features(&out, E2_INCOMPAT, 0);
	cr_assert_str_eq(e2_str_text(&out), "");
	e2_str_add_features(&out, E2_INCOMPAT, 0x04000002);
	cr_assert_str_eq(e2_str_text(&out), "filetype incompat:0x4000000");
	e2_str_truncate(&out, 0);
	e2_str_add_features(&out, E2_RO_COMPAT, 0x80000000);
	cr_assert_str_eq(e2_str_text(&out), "ro_compat:0x80000000");
	e2_str_truncate(&out, 0);
	e2_str_add_features(&out, E2_COMPAT, 0x38);
	cr_assert_str_eq(e2_str_text(&out), "ext_attr resize_inode dir_index");
	e2_str_free(&out);
}
