/* SPDX-License-Identifier: MIT */
/* The command line: one function an option, one table for all of them. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uuid/uuid.h>

/* ---- values --------------------------------------------------------------- */

/* Fails with the option, what was given (which may be anything), and why it is refused. */
static int refuse(const char *option, const char *value, const char *why)
{
	struct e2_str shown = E2_STR_INIT;
	int err;

	e2_str_add_name(&shown, value, strlen(value));
	err = e2_fail(E2_ERR_INVAL, "%s %s: %s", option, e2_str_text(&shown), why);
	e2_str_free(&shown);
	return err;
}

/* Puts the option before what the library says of its value. */
static int name_option(const char *option, int err)
{
	struct e2_str detail = E2_STR_INIT, advice = E2_STR_INIT;

	e2_str_add(&detail, e2_err_detail());
	e2_str_add(&advice, e2_err_advice());
	err = e2_fail(err, "%s %s", option, e2_str_text(&detail));
	e2_advise("%s", e2_str_text(&advice));
	e2_str_free(&detail);
	e2_str_free(&advice);
	return err;
}

/* A number of bytes ("4096", "4k") within a range that the library narrows further. */
static int parse_bytes(const char *option, const char *value, uint64_t most, const char *why,
		       uint64_t *result)
{
	uint64_t n;

	if (e2_parse_size(value, 1, &n) || n == 0 || n > most)
		return refuse(option, value, why);
	*result = n;
	return 0;
}

static int parse_number(const char *option, const char *value, uint64_t least, const char *why,
			uint64_t *result)
{
	if (e2_parse_u64(value, least, UINT32_MAX, result))
		return refuse(option, value, why);
	return 0;
}

/* ---- what an option does ---------------------------------------------------- */

static int set_directory(struct options *o, const char *value)
{
	struct e2_source_graft *grown, graft;
	int err;

	if (!*value)
		return refuse("-d", value, "a directory is needed");
	if (o->sources_len == E2_TREES_MAX)
		return refuse("-d", value, "more than 255 sources");
	err = e2_source_graft_parse(value, &graft);
	if (err)
		return name_option("-d", err);
	grown = realloc(o->sources, (o->sources_len + 1) * sizeof(*grown));
	if (!grown) {
		e2_source_graft_free(&graft);
		return e2_fail(E2_ERR_NOMEM, "-d: out of memory");
	}
	o->sources = grown;
	grown[o->sources_len++] = graft;
	return 0;
}

static int set_size(struct options *o, const char *value)
{
	if (o->size_text)
		return refuse("SIZE", value, "given twice");
	o->size_text = value;
	return 0;
}

static int set_minimal(struct options *o, const char *value)
{
	(void)value;
	o->size_kind = SIZE_MINIMAL;
	return 0;
}

static int set_block_size(struct options *o, const char *value)
{
	uint64_t n = 0;
	int err = parse_bytes("-b", value, UINT32_MAX,
			      "block size must be 1024, 2048, 4096 ... 65536", &n);

	o->shape.block_size = (uint32_t)n;
	return err;
}

static int set_inode_ratio(struct options *o, const char *value)
{
	return parse_bytes("-i", value, UINT64_MAX, "bytes per inode must be 1024 to 67108864",
			   &o->shape.bytes_per_inode);
}

static int set_inodes(struct options *o, const char *value)
{
	return parse_number("-N", value, 1, "number of inodes must be 11 to 4294967295",
			    &o->shape.inodes);
}

static int set_inode_size(struct options *o, const char *value)
{
	uint64_t n = 0;
	int err = parse_bytes("-I", value, UINT32_MAX, "inode size must be a power of 2 from 128 "
			      "to the block size", &n);

	o->shape.inode_size = (uint32_t)n;
	return err;
}

static int set_group_blocks(struct options *o, const char *value)
{
	uint64_t n = 0;
	int err = parse_number("-g", value, 1, "blocks per group must be a multiple of 8 from 256 "
			       "to 8 times the block size", &n);

	o->shape.blocks_per_group = (uint32_t)n;
	return err;
}

static int set_reserve(struct options *o, const char *value)
{
	char *end;
	double percent = strtod(value, &end);

	if (end == value || *end || !(percent >= 0 && percent <= 50))
		return refuse("-m", value, "reserved blocks must be 0 to 50 percent");
	o->shape.reserved_percent = percent;
	return 0;
}

static int set_label(struct options *o, const char *value)
{
	o->shape.label = value;
	return 0;
}

static int set_uuid(struct options *o, const char *value)
{
	if (strcmp(value, "random") == 0) {
		o->uuid_kind = UUID_RANDOM;
	} else if (strcmp(value, "time") == 0) {
		o->uuid_kind = UUID_TIME;
	} else if (strcmp(value, "clear") == 0 || strcmp(value, "null") == 0) {
		memset(o->uuid, 0, sizeof(o->uuid));
		o->uuid_kind = UUID_GIVEN;
	} else if (uuid_parse(value, o->uuid) == 0) {
		o->uuid_kind = UUID_GIVEN;
	} else {
		return refuse("-U", value, "must be a UUID, random, time or clear");
	}
	return 0;
}

static int set_last_mounted(struct options *o, const char *value)
{
	o->shape.last_mounted = value;
	return 0;
}

static int set_features(struct options *o, const char *value)
{
	o->shape.features = value;
	return 0;
}

static int set_revision(struct options *o, const char *value)
{
	uint64_t n;

	if (e2_parse_u64(value, 0, 1, &n))
		return refuse("-r", value, "revision must be 0 or 1");
	o->shape.revision = (uint32_t)n;
	return 0;
}

static int set_usage(struct options *o, const char *value)
{
	o->shape.usage = value;
	return 0;
}

static int set_type(struct options *o, const char *value)
{
	(void)o;
	if (strcmp(value, "ext3") == 0 || strcmp(value, "ext4") == 0)
		return refuse("-t", value, "cannot be made yet; ext2 can");
	return strcmp(value, "ext2") == 0 ? 0 : refuse("-t", value, "type must be ext2");
}

static int set_creator(struct options *o, const char *value)
{
	o->shape.creator_os = value;
	return 0;
}

static int set_errors(struct options *o, const char *value)
{
	o->shape.errors = value;
	return 0;
}

static int set_dangling(struct options *o, const char *value)
{
	static const char *const words[] = { [DANGLING_KEEP] = "keep", [DANGLING_WARN] = "warn",
					     [DANGLING_ERROR] = "error" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(value, words[i])) {
			o->dangling = i;
			return 0;
		}
	return e2_fail(E2_ERR_INVAL, "--dangling %s: must be keep, warn or error", value);
}

static int set_extended(struct options *o, const char *value)
{
	return options_extended(o, value);
}

/* Paths are relative to each tree: "/etc/shadow" and "etc/shadow/" mean "etc/shadow". */
static int set_exclude(struct options *o, const char *value)
{
	while (*value == '/' || (value[0] == '.' && value[1] == '/'))
		value++;
	if (!*value)
		return refuse("--exclude", value, "a path inside the tree is needed");

	const char **grown = realloc(o->exclude, (o->excludes + 2) * sizeof(*grown));

	if (!grown)
		return e2_fail(E2_ERR_NOMEM, "--exclude: out of memory");
	o->exclude = grown;
	grown[o->excludes++] = value;
	grown[o->excludes] = NULL;
	return 0;
}

static int set_dedupe(struct options *o, const char *value)
{
	o->dedupe = true;
	o->dedupe_strict = value && strcmp(value, "strict") == 0;
	if (value && !o->dedupe_strict && strcmp(value, "content") != 0)
		return refuse("--dedupe", value, "must be strict or content, which is the default");
	return 0;
}

#define FLAG(function, member) \
	static int set_##function(struct options *o, const char *value) \
	{ \
		(void)value; \
		o->member = true; \
		return 0; \
	}
FLAG(one_file_system, one_file_system)
FLAG(skip, skip_unreadable)
FLAG(reproducible, reproducible)
FLAG(force, force)
FLAG(dry_run, dry_run)
FLAG(quiet, quiet)
FLAG(verbose, verbose)
FLAG(version, show_version)
FLAG(help, show_help)
#undef FLAG

/* ---- the table --------------------------------------------------------------- */

struct row {
	int letter;
	const char *name, *argument, *doc;
	int (*set)(struct options *o, const char *value);	/* NULL: refused, doc says why */
};

static const struct row rows[] = {
#define OPTION(letter, name, argument, set, doc) { letter, name, argument, doc, set_##set },
#define REFUSED(letter, argument, reason) { letter, NULL, argument, reason, NULL },
#include "options.def"
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* An argument in brackets need not be given, and belongs to the option by a "=". */
static bool is_optional(const struct row *r)
{
	return r->argument[0] == '[';
}

/* getopt's code for a row: its letter, or a number that is no character. */
static int row_code(size_t row)
{
	return rows[row].letter ? rows[row].letter : (int)row + 256;
}

void options_help(struct e2_str *s)
{
	enum { TEXT_AT = 34, HELP_COLUMNS = 79 };

	e2_str_add(s, "usage: extant-mkfs [OPTION ...] IMAGE [SIZE]\n"
		   "Makes an ext2 volume in IMAGE, empty or with the tree of a directory.\n"
		   "SIZE: 64M, 10g, 3000s (sectors); a bare number counts KiB, or blocks with "
		   "-b.\n\n");
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		size_t from = s->len;

		if (!r->set)
			continue;
		if (r->letter)
			e2_str_addf(s, "  -%c, --%s", r->letter, r->name);
		else
			e2_str_addf(s, "      --%s", r->name);
		if (is_optional(r))
			e2_str_addf(s, "[=%s", r->argument + 1);
		else if (*r->argument)
			e2_str_addf(s, "%s%s", "=", r->argument);
		e2_str_addf(s, "%*s%s\n", TEXT_AT - (int)(s->len - from), "", r->doc);
		e2_str_fold(s, from, TEXT_AT, HELP_COLUMNS);
	}
}

static int take(struct options *o, int code, const char *value)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (row_code(i) != code)
			continue;
		if (rows[i].set)
			return rows[i].set(o, value);
		return e2_fail(E2_ERR_INVAL, "-%c: %s", rows[i].letter, rows[i].doc);
	}
	return e2_fail(E2_ERR_INVAL, "unknown option");
}

/* Why getopt refused what it last saw: '?' or ':' came back. */
static int bad_option(int code, char **argv)
{
	struct e2_str shown = E2_STR_INIT;
	const char *text = argv[optind - 1];

	if (optopt > 0 && optopt < 128)
		e2_str_addf(&shown, "-%c", optopt);
	else
		e2_str_add_name(&shown, text, strlen(text));
	int err = e2_fail(E2_ERR_INVAL, "%s: %s; --help lists the options", e2_str_text(&shown),
			  code == ':' ? "needs an argument" : "unknown option");
	e2_str_free(&shown);
	return err;
}

static int parse_options(struct options *o, int argc, char **argv)
{
	struct option names[ROWS + 1];
	char letters[2 * ROWS + 2] = ":";
	size_t used = 1, count = 0;
	int code, err = 0;

	memset(names, 0, sizeof(names));
	for (size_t i = 0; i < ROWS; i++) {
		bool argument = *rows[i].argument != '\0';
		int takes = is_optional(&rows[i]) ? optional_argument : argument;

		if (rows[i].name)
			names[count++] = (struct option){ rows[i].name, takes, NULL,
							  row_code(i) };
		if (rows[i].letter) {
			letters[used++] = (char)rows[i].letter;
			if (argument)
				letters[used++] = ':';
		}
	}
	letters[used] = '\0';
	opterr = 0;
	while (!err && (code = getopt_long(argc, argv, letters, names, NULL)) != -1)
		err = code == '?' || code == ':' ? bad_option(code, argv) : take(o, code, optarg);
	return err;
}

/* ---- sizes, which may count blocks ----------------------------------------------- */

static int parse_auto(struct options *o, const char *text)
{
	const char *plus = text + strlen("auto");
	char number[32];
	size_t len = strlen(plus);

	o->size_kind = SIZE_AUTO;
	o->slack_percent = DEFAULT_SLACK_PERCENT;
	if (!*plus)
		return 0;
	o->slack_percent = 0;
	if (*plus != '+' || len < 2 || len > sizeof(number))
		return refuse("--size", text, "must be SIZE, auto, auto+20% or auto+10M");
	memcpy(number, plus + 1, len);
	if (number[len - 2] == '%') {
		uint64_t percent;

		number[len - 2] = '\0';
		if (e2_parse_u64(number, 0, 10000, &percent))
			return refuse("--size", text, "percentage must be 0 to 10000");
		o->slack_percent = (uint32_t)percent;
		return 0;
	}
	if (e2_parse_size(number, 1024, &o->slack_bytes))
		return refuse("--size", text, "must be SIZE, auto, auto+20% or auto+10M");
	return 0;
}

static int parse_sizes(struct options *o)
{
	uint32_t unit = o->shape.block_size ? o->shape.block_size : 1024;

	if (o->size_text && o->size_kind == SIZE_MINIMAL)
		return refuse("--minimal", o->size_text, "a size and --minimal exclude each other");
	if (o->size_text && strncmp(o->size_text, "auto", 4) == 0) {
		int err = parse_auto(o, o->size_text);

		if (err)
			return err;
	} else if (o->size_text) {
		if (e2_parse_size(o->size_text, unit, &o->size) || o->size == 0)
			return refuse("SIZE", o->size_text,
				      "must be a size such as 64M, 10g, 3000s or 4096");
		o->size_kind = SIZE_GIVEN;
	}
	return 0;
}

/* ---- the whole ------------------------------------------------------------------ */

/* SOURCE_DATE_EPOCH asks for reproducible volumes, and says what time it is. */
static int read_environment(struct options *o)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	uint64_t seconds;

	o->shape.now = (int64_t)time(NULL);
	if (!epoch || !*epoch)
		return 0;
	if (e2_parse_u64(epoch, 0, (UINT64_C(1) << 34) - 1, &seconds))
		return refuse("SOURCE_DATE_EPOCH", epoch, "must be seconds since 1970");
	o->shape.now = (int64_t)seconds;
	o->reproducible = true;
	return 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	int err;

	*o = (struct options){ .shape = { .reserved_percent = -1, .revision = UINT32_MAX,
					  .backup_count = UINT32_MAX } };
	if ((err = read_environment(o)) != 0 || (err = parse_options(o, argc, argv)) != 0 ||
	    o->show_help || o->show_version)
		return err;
	if (optind == argc)
		return e2_fail(E2_ERR_INVAL, "no image named; --help shows the usage");
	o->image = argv[optind];
	if (argc - optind > 2)
		return refuse("unexpected argument", argv[optind + 2], "IMAGE and SIZE are all");
	if (argc - optind == 2 && (err = set_size(o, argv[optind + 1])) != 0)
		return err;
	if (o->reproducible && o->uuid_kind == UUID_GIVEN && uuid_is_null(o->uuid))
		return refuse("-U", "clear", "a reproducible volume without a UUID of its own gets "
			      "one from a digest; give another, or none");
	return parse_sizes(o);
}

void options_free(struct options *o)
{
	for (size_t i = 0; i < o->sources_len; i++)
		e2_source_graft_free(&o->sources[i]);
	free(o->sources);
	free(o->exclude);
	o->sources = NULL;
	o->sources_len = 0;
	o->exclude = NULL;
}
