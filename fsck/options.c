/* SPDX-License-Identifier: MIT */
/* The command line: getopt and help from one table. */
#include "fsck.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum choice {
#define OPTION(letter, name, argument, value, text) OPT_##value,
#include "options.def"
#undef OPTION
};

static const struct {
	char letter;
	const char *name, *argument;
	enum choice value;
	const char *text;
} table[] = {
#define OPTION(letter, name, argument, value, text) \
	{ letter, name, argument, OPT_##value, text },
#include "options.def"
#undef OPTION
};
enum { OPTIONS = sizeof(table) / sizeof(table[0]), LONG_BASE = 256 };

static void make_getopt(char *letters, struct option *names)
{
	size_t n = 0;

	*letters++ = '+';	/* options end at the first image */
	*letters++ = ':';	/* what is wrong is said here */
	for (size_t i = 0; i < OPTIONS; i++) {
		if (table[i].letter != 0) {
			*letters++ = table[i].letter;
			if (table[i].argument != NULL)
				*letters++ = ':';
		}
		if (table[i].name != NULL)
			names[n++] = (struct option){
				.name = table[i].name,
				.has_arg = table[i].argument != NULL ? required_argument :
								       no_argument,
				.val = LONG_BASE + (int)i,
			};
	}
	*letters = '\0';
	names[n] = (struct option){ .name = NULL };
}

static int usage(const char *what, const char *why)
{
	fprintf(stderr, "extant-fsck: %s%s\n  try: extant-fsck --help\n", what, why);
	return FSCK_USAGE;
}

static int bad_value(char letter, const char *argument)
{
	fprintf(stderr, "extant-fsck: -%c %s: %s\n", letter, argument, e2_err_detail());
	return FSCK_USAGE;
}

static bool is_word(const char *word, const char *list, size_t len)
{
	return strlen(word) == len && memcmp(word, list, len) == 0;
}

/* One extended option; false when there is none of that name. */
static bool parse_extension(const char *word, size_t len, struct fsck_options *o)
{
	/* Those of e2fsck that ask for nothing here. */
	static const char *const ignored[] = {
		"optimize_extents", "no_optimize_extents", "inode_count_fullmap",
		"no_inode_count_fullmap", "journal_only", "unshare_blocks",
	};

	if (is_word("fragcheck", word, len))
		return o->fragcheck = true;
	if (is_word("fixes_only", word, len))
		return o->fixes_only = true;
	if (is_word("discard", word, len))
		return o->discard = true;
	if (is_word("nodiscard", word, len)) {
		o->discard = false;
		return true;
	}
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		if (is_word(ignored[i], word, len))
			return true;
	return strncmp(word, "readahead_kb=", 13) == 0 || strncmp(word, "ea_ver=", 7) == 0;
}

static int parse_extended(const char *list, struct fsck_options *o)
{
	while (*list != '\0') {
		size_t len = strcspn(list, ",");

		if (!parse_extension(list, len, o))
			return usage("-E: no such extended option: ", list);
		list += len;
		list += *list == ',';
	}
	return FSCK_OK;
}

static int parse_superblock(const char *argument, struct fsck_options *o)
{
	if (e2_parse_u64(argument, 1, UINT32_MAX, &o->superblock) != 0)
		return bad_value('b', argument);
	return FSCK_OK;
}

static int parse_block_size(const char *argument, struct fsck_options *o)
{
	uint64_t size;

	if (e2_parse_size(argument, 1, &size) != 0)
		return bad_value('B', argument);
	if (size < E2_BLOCK_SIZE_MIN || size > E2_BLOCK_SIZE_MAX || !e2_is_power_of_2(size)) {
		fprintf(stderr, "extant-fsck: -B %s: block size must be 1024, 2048, 4096 ... "
			"65536\n", argument);
		return FSCK_USAGE;
	}
	o->block_size = (uint32_t)size;
	return FSCK_OK;
}

static int parse_progress(const char *argument, struct fsck_options *o)
{
	uint64_t fd;

	if (e2_parse_u64(argument, 0, 1 << 16, &fd) != 0)
		return bad_value('C', argument);
	o->progress_fd = (int)fd;
	return FSCK_OK;
}

static int parse_threads(const char *argument, struct fsck_options *o)
{
	uint64_t threads;

	if (e2_parse_u64(argument, 1, 64, &threads) != 0) {
		fprintf(stderr, "extant-fsck: --threads %s: %s\n", argument, e2_err_detail());
		return FSCK_USAGE;
	}
	o->threads = (unsigned)threads;
	return FSCK_OK;
}

static int apply(enum choice choice, const char *argument, struct fsck_options *o)
{
	switch (choice) {
	case OPT_CHECK: o->check = true; break;
	case OPT_FORCE: o->force = true; break;
	case OPT_PREEN:
	case OPT_PREEN_TOO: o->preen = true; break;
	case OPT_YES: o->yes = true; break;
	case OPT_SUPERBLOCK: return parse_superblock(argument, o);
	case OPT_BLOCKSIZE: return parse_block_size(argument, o);
	case OPT_PROGRESS: return parse_progress(argument, o);
	case OPT_EXTENDED: return parse_extended(argument, o);
	case OPT_QUIET: o->quiet = true; break;
	case OPT_TIME: o->time = true; break;
	case OPT_THREADS: return parse_threads(argument, o);
	case OPT_VERBOSE: o->verbose = true; break;
	case OPT_JSON: o->json = true; break;
	case OPT_OPTIMIZE: o->optimize = true; break;
	case OPT_BAD_ADD: o->bad_blocks = argument; break;
	case OPT_BAD_SET: o->bad_blocks = argument; o->bad_set = true; break;
	case OPT_UNDO: o->undo = argument; break;
	case OPT_ROLLBACK: o->rollback = argument; break;
	case OPT_LOG: o->log = argument; break;
	case OPT_PLAN: o->plan = argument; break;
	case OPT_APPLY: o->apply = argument; break;
	case OPT_EXPLAIN: o->explain = argument; break;
	case OPT_CAREFUL: o->careful = true; break;
	case OPT_REATTACH: o->reattach = true; break;
	case OPT_REPORT_LINKS: o->report_links = true; break;
	case OPT_NO_RECOVER: o->no_recover = true; break;
	case OPT_DISCARD_LOG: o->discard_log = true; break;
	case OPT_VERSION: o->version = true; break;
	case OPT_HELP: o->help = true; break;
	}
	return FSCK_OK;
}

/* word: where the option stands; of letters joined to one word only the bad one is named. */
static int bad_option(int c, const char *word)
{
	const char letter[3] = { '-', (char)optopt, '\0' };
	struct e2_str s = E2_STR_INIT;

	if (optopt > 0 && optopt < LONG_BASE)
		word = letter;
	e2_str_add_name(&s, word, strlen(word));
	e2_str_add(&s, c == ':' ? ": needs a value" : optopt >= LONG_BASE ? ": takes no value" :
		   ": no such option");
	(void)usage(e2_str_text(&s), "");
	e2_str_free(&s);
	return FSCK_USAGE;
}

static int parse_one(int c, const char *word, struct fsck_options *o)
{
	if (c == '?' || c == ':')
		return bad_option(c, word);

	for (size_t i = 0; i < OPTIONS; i++)
		if ((c < LONG_BASE && c == table[i].letter) || c == LONG_BASE + (int)i)
			return apply(table[i].value, optarg, o);
	return FSCK_USAGE;	/* getopt returns nothing else */
}

bool fsck_has_work(const struct fsck_options *o)
{
	return o->optimize || o->bad_blocks != NULL;
}

/* What changes an image otherwise than by repairs. */
static int check_changes(const struct fsck_options *o)
{
	if (o->check && (o->rollback != NULL || o->discard_log))
		return usage("-n changes nothing, so ", o->rollback != NULL ?
			     "--rollback cannot be given with it" :
			     "--discard-log cannot be given with it");
	if (o->no_recover && o->discard_log)
		return usage("only one of --no-recover and --discard-log can be given", "");
	if (o->rollback == NULL)
		return FSCK_OK;
	if (o->force || o->preen || o->yes || o->superblock != 0 || fsck_has_work(o) || o->json)
		return usage("--rollback takes changes back and does nothing else: only -z, -q "
			     "and options of the log go with it", "");
	if (o->images[0] != NULL && o->images[1] != NULL)
		return usage("--rollback is for one image", "");
	if (o->undo != NULL && strcmp(o->undo, o->rollback) == 0)
		return usage("-z and --rollback need two files, not ", o->undo);
	return FSCK_OK;
}

/* A plan is made without changing the image, and applied without looking for anything. */
static int check_plan(const struct fsck_options *o)
{
	if (o->plan != NULL && (o->yes || o->preen || fsck_has_work(o)))
		return usage("--plan changes nothing, so -y, -p, -D, -l and -L cannot be given "
			     "with it", "");
	if (o->apply != NULL && (o->check || o->yes || o->preen || o->plan != NULL ||
				 fsck_has_work(o) || o->json || o->superblock != 0))
		return usage("--apply does what the plan says and nothing else: only -z, -q and "
			     "options of the log go with it", "");
	if ((o->plan != NULL || o->apply != NULL) && o->images[0] != NULL && o->images[1] != NULL)
		return usage("a plan is for one image", "");
	return FSCK_OK;
}

static int check_combination(const struct fsck_options *o)
{
	if (o->check + o->preen + o->yes > 1)
		return usage("only one of -n, -p (-a) and -y can be given", "");
	if (o->check && o->bad_blocks != NULL)
		return usage("-n changes nothing, so -l and -L cannot be given with it", "");
	if (o->optimize && o->fixes_only)
		return usage("-D optimises, and -E fixes_only forbids it", "");
	if (o->block_size != 0 && o->superblock == 0)
		return usage("-B is of use only with -b", "");
	if (o->images[0] == NULL)
		return usage("no image given", "");
	if (check_plan(o) != FSCK_OK)
		return FSCK_USAGE;
	return check_changes(o);
}

int fsck_options_parse(int argc, char *argv[], struct fsck_options *options)
{
	char letters[2 * OPTIONS + 3];
	struct option names[OPTIONS + 1];
	int c;

	memset(options, 0, sizeof(*options));
	options->progress_fd = -1;
	make_getopt(letters, names);
	while ((c = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		int r = parse_one(c, argv[optind - 1], options);

		if (r != FSCK_OK)
			return r;
	}
	options->images = argv + optind;
	return options->help || options->version || options->explain != NULL ? FSCK_OK :
	       check_combination(options);
}

void fsck_options_help(void)
{
	enum { TEXT_AT = 26, HELP_COLUMNS = 79 };

	puts("usage: extant-fsck [options] IMAGE ...\n"
	     "Checks and repairs ext2 volumes.  Exit status: 0 consistent, 1 repaired,\n"
	     "4 problems left, 8 failed, 16 usage, 32 cancelled; sums of these.\n");
	for (size_t i = 0; i < OPTIONS; i++) {
		struct e2_str line = E2_STR_INIT;
		char left[40] = "";
		const char *argument = table[i].argument != NULL ? table[i].argument : "";
		const char *name = table[i].name != NULL ? table[i].name : "";

		snprintf(left, sizeof(left), "%s%.1s%s%s%s%s%s", table[i].letter ? "-" : "    ",
			 &table[i].letter, table[i].letter && *name ? ", " : "",
			 *name ? "--" : "", name, *argument ? " " : "", argument);
		e2_str_addf(&line, "  %-*s%s", TEXT_AT - 2, left, table[i].text);
		e2_str_fold(&line, 0, TEXT_AT, HELP_COLUMNS);
		puts(e2_str_text(&line));
		e2_str_free(&line);
	}
}
