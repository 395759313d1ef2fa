/* SPDX-License-Identifier: MIT */
/*
 * Writes a document from a template: what the program knows in tables is not
 * written down a second time.  Usage: gendocs TEMPLATE > DOCUMENT
 *
 * A line of the template that begins with @ is a directive, every other line is copied:
 *
 *   @struct NAME   the fields of a structure
 *   @words FORMAT  the words of a vocabulary
 *   @features      every feature bit
 *   @formats       how values are written
 *   @reach         how far block pointers reach
 *   @groups        how large groups and volumes can be
 *   @commands      the commands of the shell; "@commands mdoc" for a manual page
 *   @options       the options of the shell, for a manual page
 *   @problems      what the checker can find
 *   @passes        in which order it looks
 *   @records       what the shell prints for programs
 *
 * Fails when a directive is unknown, or when a template with one structure or
 * vocabulary leaves out another.
 */
#include "commands.h"
#include "problems.h"
#include "records.h"

#include "base/units.h"
#include "disk/consts.h"
#include "disk/features.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum { STRUCTS_MAX = 64 };

struct seen {
	bool structs[STRUCTS_MAX], words[E2_FMT_COUNT];
};

/* ---- structures -------------------------------------------------------- */

static void print_width(const struct e2_field *f)
{
	unsigned bits = e2_field_bits(f);

	if (bits == 0)
		printf("%u bytes", f->arg);
	else if (f->kind == E2_KIND_split16 || f->kind == E2_KIND_split32)
		printf("%u + %u bits", bits / 2, bits / 2);
	else if (e2_field_elements(f) > 1)
		printf("%u × %u bits", e2_field_elements(f), bits);
	else
		printf("%u bits", bits);
}

static bool has_words(enum e2_fmt fmt)
{
	return e2_fmt_style(fmt) != E2_STYLE_plain;
}

static void print_field(const struct e2_field *f)
{
	printf("| 0x%02x | ", f->at);
	print_width(f);
	printf(" | `%s` | %s.", f->name, f->doc);
	if (f->kind == E2_KIND_split16 || f->kind == E2_KIND_split32)
		printf(" The high half is at 0x%02x.", f->arg);
	if (f->when != E2_WHEN_always)
		printf(" Only %s.", e2_when_doc(f->when));
	if (has_words(f->fmt))
		printf(" Words: [%s](#%s).", e2_fmt_name(f->fmt), e2_fmt_name(f->fmt));
	printf(" |\n");
}

static int print_struct(const char *name, struct seen *seen)
{
	const struct e2_struct *s;

	for (size_t i = 0; (s = e2_struct_at(i)) != NULL && i < STRUCTS_MAX; i++) {
		if (strcmp(s->name, name) != 0)
			continue;
		seen->structs[i] = true;
		printf("`%s`: %s. %u bytes.\n\n", s->name, s->doc, s->size);
		printf("| At | Size | Name | Meaning |\n|---|---|---|---|\n");
		for (size_t k = 0; k < s->count; k++)
			print_field(&s->fields[k]);
		return 0;
	}
	fprintf(stderr, "gendocs: no structure %s\n", name);
	return 1;
}

/* ---- words and features ------------------------------------------------ */

static int print_words(const char *name, struct seen *seen)
{
	for (int fmt = 0; fmt < E2_FMT_COUNT; fmt++) {
		struct e2_word w;

		if (!has_words(fmt) || strcmp(e2_fmt_name(fmt), name) != 0)
			continue;
		seen->words[fmt] = true;
		printf("<a id=\"%s\"></a>\n%s:\n\n", name, e2_fmt_doc(fmt));
		printf("| Value | Word | Meaning |\n|---|---|---|\n");
		for (size_t cursor = 0; e2_word_next(fmt, &cursor, &w);) {
			if (fmt == E2_FMT_enum_mode)
				printf("| 0%06" PRIo32, w.value);
			else
				printf(e2_fmt_style(fmt) == E2_STYLE_flags ? "| 0x%" PRIx32 :
				       "| %" PRIu32, w.value);
			printf(" | `%s` | %s. |\n", w.name, w.doc);
		}
		return 0;
	}
	fprintf(stderr, "gendocs: no vocabulary %s\n", name);
	return 1;
}

static const char *support_of(const struct e2_feature_row *row)
{
	static const char *const unknown[E2_FEATURE_WORDS] = {
		[E2_COMPAT] = "kept", [E2_INCOMPAT] = "refused", [E2_RO_COMPAT] = "read only",
	};

	if (row->support == E2_SUPPORT_NONE)
		return unknown[row->word];
	return row->support == E2_SUPPORT_WRITE ? "full" : "read only";
}

static int print_features(const char *name, struct seen *seen)
{
	static const enum e2_fmt formats[E2_FEATURE_WORDS] = {
		[E2_COMPAT] = E2_FMT_flags_compat, [E2_INCOMPAT] = E2_FMT_flags_incompat,
		[E2_RO_COMPAT] = E2_FMT_flags_ro_compat,
	};

	(void)name;
	for (int word = 0; word < E2_FEATURE_WORDS; word++) {
		const struct e2_feature_row *row;

		seen->words[formats[word]] = true;
		printf("%s<a id=\"%s\"></a>\n%s, in `feature_%s`:\n\n", word ? "\n" : "",
		       e2_fmt_name(formats[word]), e2_fmt_doc(formats[word]),
		       e2_feature_word_name(word));
		printf("| Bit | Name | Meaning | Support |\n|---|---|---|---|\n");
		for (size_t i = 0; (row = e2_feature_at(i)) != NULL; i++)
			if ((int)row->word == word)
				printf("| 0x%" PRIx32 " | `%s` | %s. | %s |\n", row->bit, row->name,
				       row->doc, support_of(row));
	}
	return 0;
}

static int print_formats(const char *name, struct seen *seen)
{
	(void)name, (void)seen;
	printf("| Format | Values are written as |\n|---|---|\n");
	for (int fmt = 0; fmt < E2_FMT_COUNT; fmt++)
		if (!has_words(fmt))
			printf("| `%s` | %s. |\n", e2_fmt_name(fmt), e2_fmt_doc(fmt));
	printf("| `flags_...` | Words separated by spaces, other bits as a number, or none. |\n");
	printf("| `enum_...` | A word, or a number. |\n");
	return 0;
}

/* ---- arithmetic -------------------------------------------------------- */

static void print_size(uint64_t bytes)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_size(&s, bytes);
	printf(" | %s", e2_str_text(&s));
	e2_str_free(&s);
}

static int print_reach(const char *name, struct seen *seen)
{
	(void)name, (void)seen;
	printf("| Block size | Pointers in a block | 12 direct | single | double | triple |\n");
	printf("|---|---|---|---|---|---|\n");
	for (uint64_t size = E2_BLOCK_SIZE_MIN; size <= E2_BLOCK_SIZE_MAX; size *= 2) {
		uint64_t pointers = size / 4, blocks = E2_DIRECT, level = 1;

		printf("| %" PRIu64 " | %" PRIu64, size, pointers);
		for (int depth = 0; depth <= 3; depth++) {
			print_size(blocks * size);
			level *= pointers;
			blocks += level;
		}
		printf(" |\n");
	}
	return 0;
}

static int print_groups(const char *name, struct seen *seen)
{
	(void)name, (void)seen;
	printf("| Block size | Blocks in a group | Bytes in a group | Descriptors in a block | "
	       "Largest volume |\n|---|---|---|---|---|\n");
	for (uint64_t size = E2_BLOCK_SIZE_MIN; size <= E2_BLOCK_SIZE_MAX; size *= 2) {
		/* A bitmap is one block, and a count of free blocks has 16 bits. */
		uint64_t blocks = size * 8 < UINT16_MAX ? size * 8 : UINT16_MAX / 8 * 8;

		printf("| %" PRIu64 " | %" PRIu64, size, blocks);
		print_size(blocks * size);
		printf(" | %" PRIu64, size / E2_GROUP_BYTES);
		print_size(((uint64_t)1 << 32) * size);
		printf(" |\n");
	}
	return 0;
}

static int print_all_commands(const char *argument, struct seen *seen)
{
	(void)seen;
	return print_commands(strcmp(argument, "mdoc") == 0);
}

static int print_all_options(const char *argument, struct seen *seen)
{
	(void)argument;
	(void)seen;
	return print_options();
}

static int print_all_problems(const char *argument, struct seen *seen)
{
	(void)argument, (void)seen;
	return print_problems();
}

static int print_all_passes(const char *argument, struct seen *seen)
{
	(void)argument, (void)seen;
	return print_passes();
}

static int print_all_records(const char *argument, struct seen *seen)
{
	(void)argument, (void)seen;
	return print_records();
}

/* ---- the template ------------------------------------------------------ */

static const struct {
	const char *name;
	int (*print)(const char *argument, struct seen *seen);
} directives[] = {
	{ "@struct", print_struct }, { "@words", print_words }, { "@features", print_features },
	{ "@formats", print_formats }, { "@reach", print_reach }, { "@groups", print_groups },
	{ "@commands", print_all_commands }, { "@options", print_all_options },
	{ "@problems", print_all_problems }, { "@passes", print_all_passes },
	{ "@records", print_all_records },
};

static int expand(char *line, struct seen *seen)
{
	char *argument = line + strcspn(line, " \n");

	line[strcspn(line, "\n")] = '\0';
	if (*argument != '\0')
		*argument++ = '\0';
	for (size_t i = 0; i < sizeof(directives) / sizeof(*directives); i++)
		if (strcmp(directives[i].name, line) == 0)
			return directives[i].print(argument, seen);
	fprintf(stderr, "gendocs: no directive %s\n", line);
	return 1;
}

static int check_complete(const struct seen *seen)
{
	static const struct seen nothing;
	const struct e2_struct *s;
	int bad = 0;

	if (memcmp(seen, &nothing, sizeof(nothing)) == 0)
		return 0;
	for (size_t i = 0; (s = e2_struct_at(i)) != NULL; i++) {
		if (i >= STRUCTS_MAX || !seen->structs[i])
			bad |= fprintf(stderr, "gendocs: structure %s is left out\n", s->name) != 0;
	}
	for (int fmt = 0; fmt < E2_FMT_COUNT; fmt++)
		if (has_words(fmt) && !seen->words[fmt])
			bad |= fprintf(stderr, "gendocs: vocabulary %s is left out\n",
				       e2_fmt_name(fmt)) != 0;
	return bad;
}

int main(int argc, char **argv)
{
	struct seen seen = { { false }, { false } };
	char line[512];
	FILE *template;
	int bad = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: gendocs TEMPLATE > DOCUMENT\n");
		return 2;
	}
	template = fopen(argv[1], "r");
	if (!template) {
		fprintf(stderr, "gendocs: %s: %s\n", argv[1], strerror(errno));
		return 2;
	}
	while (fgets(line, sizeof(line), template)) {
		if (*line == '@')
			bad |= expand(line, &seen);
		else
			fputs(line, stdout);
	}
	bad |= check_complete(&seen);
	bad |= ferror(template) || fclose(template) != 0 || fflush(stdout) != 0;
	return bad ? 1 : 0;
}
