/* SPDX-License-Identifier: MIT */
#include "interrupt.h"
#include "volume.h"

#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum option_id {
#define O(id, letter, long, value, help) OPT_##id,
#include "option.def"
#undef O
	OPTS
};

static const struct {
	char letter;
	const char *name, *value, *help;
} options[OPTS] = {
#define O(id, letter, long, value, help) [OPT_##id] = { letter, long, value, help },
#include "option.def"
#undef O
};

struct request {		/* what the command line asks for */
	const char *image;
	const char *commands[64];
	size_t count;
	const char *script;
	bool keep_going, utc, names, dry, restricted;
	bool imageless;		/* what is asked needs none */
	enum out_mode mode;
	enum out_color color;
	struct e2_open_options open;
	char **words;		/* the command after IMAGE */
	size_t word_count;
};

enum { LONG_BASE = 256 };	/* what getopt_long returns for option i: LONG_BASE + i */

static void print_help(void)
{
	enum { TEXT_AT = 23, HELP_COLUMNS = 79 };

	(void)printf("Usage: " PROGRAM " [OPTION...] IMAGE [COMMAND [ARGUMENT...]]\n"
		     "Look into an ext2 image, or change it (-w), without mounting it.\n"
		     "Options end at IMAGE.\n\n");
	for (size_t i = 0; i < OPTS; i++) {
		struct e2_str line = E2_STR_INIT;
		char left[48];
		int n = 0;

		if (options[i].letter)
			n = snprintf(left, sizeof(left), "-%c%s%s", options[i].letter,
				     *options[i].value && !*options[i].name ? " " : "",
				     !*options[i].name ? options[i].value : "");
		if (*options[i].name)
			(void)snprintf(left + n, sizeof(left) - (size_t)n, "%s--%s%s%s",
				       n ? ", " : "    ", options[i].name,
				       *options[i].value ? "=" : "", options[i].value);
		e2_str_addf(&line, "  %-*s %s", TEXT_AT - 3, left, options[i].help);
		e2_str_fold(&line, 0, TEXT_AT, HELP_COLUMNS);
		(void)printf("%s\n", e2_str_text(&line));
		e2_str_free(&line);
	}
	(void)printf("\nIMAGE is a file or device, IMAGE@1MiB+64MiB a part of it;\n"
		     "gzip files are read too.\n"
		     "Without a command, commands are read from standard input.\n"
		     "\"" PROGRAM " help\" lists them, \"" PROGRAM " help ls\" explains one.\n\n"
		     "Exit status: 0 all done, 1 a command failed, 2 usage, 8 cannot open\n");
}

/* "extant-debugfs: -b 3000: block size must be ..."; option and value may be "". */
static int usage(const char *option, const char *value, const char *reason)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add(&s, PROGRAM ": ");
	e2_str_add_name(&s, option, strlen(option));
	e2_str_add(&s, *option && *value ? " " : "");
	e2_str_add_name(&s, value, strlen(value));
	e2_str_add(&s, *option || *value ? ": " : "");
	(void)fprintf(stderr, "%s%s\n  try: " PROGRAM " --help\n", e2_str_text(&s), reason);
	e2_str_free(&s);
	return SHELL_USAGE;
}

/* ---- the command line ---------------------------------------------------- */

static int set_option(struct request *r, enum option_id id, const char *value)
{
	uint64_t n;

	switch (id) {
	case OPT_COMMAND:
		if (r->count == sizeof(r->commands) / sizeof(*r->commands))
			return usage("-R", value, "too many commands; use -f");
		r->commands[r->count++] = value;
		return 0;
	case OPT_BLOCK_SIZE:
		if (e2_parse_size(value, 1, &n) || !e2_is_power_of_2(n) || n < E2_BLOCK_SIZE_MIN ||
		    n > E2_BLOCK_SIZE_MAX)
			return usage("-b", value,
				     "block size must be 1024, 2048, 4096 ... 65536");
		r->open.block_size = (uint32_t)n;
		return 0;
	case OPT_SUPER:
		if (e2_parse_u64(value, 0, UINT32_MAX, &n))
			return usage("-s", value, "not the number of a block");
		r->open.superblock = n;
		return 0;
	case OPT_COLOR:
		if (!strcmp(value, "auto"))
			r->color = COLOR_AUTO;
		else if (!strcmp(value, "always"))
			r->color = COLOR_ALWAYS;
		else if (!strcmp(value, "never"))
			r->color = COLOR_NEVER;
		else
			return usage("--color", value, "must be auto, always or never");
		return 0;
	case OPT_WRITE:
		r->open.flags |= E2_OPEN_WRITE;
		return 0;
	case OPT_DRY_RUN:
		r->dry = true;
		return 0;
	case OPT_UNDO:
		r->open.undo_path = value;
		return 0;
	case OPT_LOG:
		r->open.log_path = value;
		return 0;
	case OPT_NO_RECOVER:
		r->open.flags |= E2_OPEN_NO_RECOVER;
		return 0;
	case OPT_DISCARD_LOG:
		r->open.flags |= E2_OPEN_DISCARD_LOG;
		return 0;
	case OPT_FILE:
		r->script = value;
		return 0;
	case OPT_KEEP_GOING:
		r->keep_going = true;
		return 0;
	case OPT_JSON:
		r->mode = OUT_JSON;
		return 0;
	case OPT_TSV:
		r->mode = OUT_TSV;
		return 0;
	case OPT_CATASTROPHE:
		r->open.flags |= E2_OPEN_ANY_FEATURE | E2_OPEN_SHORT;
		return 0;
	case OPT_UTC:
		r->utc = true;
		/* for fields, which know no option */
		return setenv("TZ", "UTC0", 1) ? usage("--utc", "", "no memory") : 0;
	case OPT_RESTRICTED:
		r->restricted = true;
		return 0;
	case OPT_NAMES:
		r->names = true;
		return 0;
	default:
		return 0;
	}
}

static void getopt_tables(char *letters, struct option *longs)
{
	size_t n = 0;

	*letters++ = '+';	/* options end at IMAGE */
	*letters++ = ':';
	for (size_t i = 0; i < OPTS; i++) {
		bool value = *options[i].value;

		if (options[i].letter) {
			*letters++ = options[i].letter;
			if (value)
				*letters++ = ':';
		}
		if (*options[i].name)
			longs[n++] = (struct option){
				options[i].name, value ? required_argument : no_argument, NULL,
				LONG_BASE + (int)i,
			};
	}
	*letters = '\0';
	longs[n] = (struct option){ NULL, 0, NULL, 0 };
}

static enum option_id find_letter(int c)
{
	size_t i = 0;

	while (i < OPTS - 1 && (c >= LONG_BASE ? (int)i != c - LONG_BASE : options[i].letter != c))
		i++;
	return (enum option_id)i;
}

static int bad_option(int c, const char *word)
{
	char letter[3] = { '-', (char)optopt, '\0' };

	return usage(optopt > 0 && optopt < LONG_BASE ? letter : word, "",
		     c == ':' ? "needs a value" : optopt >= LONG_BASE ? "takes no value" :
		     "no such option");
}

/* Whether a line begins with a word that needs no image. */
static bool only_explains(const char *line)
{
	static const char *const words[] = { "help", "apropos" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcspn(line, " \t") == strlen(words[i]) &&
		    !strncmp(line, words[i], strlen(words[i])))
			return true;
	return false;
}

/* "help ls" in the place of IMAGE, unless there is a file of that name; or -R "help ls" without. */
static void allow_no_image(struct request *r)
{
	r->imageless = r->image ? only_explains(r->image) && access(r->image, F_OK) : r->count > 0;
	for (size_t i = 0; i < r->count && r->imageless; i++)
		r->imageless = only_explains(r->commands[i]);
	if (r->imageless && r->image) {
		r->image = NULL;
		r->words--;
		r->word_count++;
	}
}

static int check_request(const struct request *r)
{
	if (!r->image && !r->imageless)
		return usage("", "", "IMAGE is missing");
	if ((r->count > 0) + (r->script != NULL) + (r->word_count > 0) > 1)
		return usage("", "", "-R, -f and a command after IMAGE exclude each other");
	if (r->open.superblock && !r->open.block_size)
		return usage("-s", "", "needs the block size too: -b SIZE");
	if (r->open.flags & E2_OPEN_DISCARD_LOG && !(r->open.flags & E2_OPEN_WRITE))
		return usage("--discard-log", "", "needs -w");
	if (r->open.flags & E2_OPEN_DISCARD_LOG && r->open.flags & E2_OPEN_NO_RECOVER)
		return usage("--discard-log", "", "and --no-recover exclude each other");
	if (r->open.undo_path && !(r->open.flags & E2_OPEN_WRITE))
		return usage("-z", "", "needs -w");
	return 0;
}

/* Returns true to go on, or false and the exit status. */
static bool read_options(struct request *r, int argc, char **argv, int *status)
{
	char letters[2 * OPTS + 3];
	struct option longs[OPTS + 1];
	int c;

	getopt_tables(letters, longs);
	while ((c = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		enum option_id id = find_letter(c);

		*status = SHELL_OK;
		if (c == '?' || c == ':') {
			*status = bad_option(c, argv[optind - 1]);
			return false;
		}
		if (id == OPT_HELP || id == OPT_VERSION) {
			if (id == OPT_HELP)
				print_help();
			else
				(void)printf(PROGRAM " %s\n", E2_VERSION);
			*status = fflush(stdout) ? SHELL_FAILED : SHELL_OK;
			return false;
		}
		*status = set_option(r, id, optarg);
		if (*status)
			return false;
	}
	r->image = argv[optind];	/* NULL at the end */
	if (r->image) {
		r->words = argv + optind + 1;
		r->word_count = (size_t)(argc - optind - 1);
	}
	allow_no_image(r);
	*status = check_request(r);
	return *status == SHELL_OK;
}

/* ---- running ------------------------------------------------------------- */

/* Several are a script of as many lines. */
static enum shell_status run_commands(struct shell *sh, const struct request *r)
{
	enum shell_status first = SHELL_OK;

	for (size_t i = 0; i < r->count && !sh->quit; i++) {
		enum shell_status status;

		sh->script = r->count > 1 ? "-R" : NULL;
		sh->line = r->count > 1 ? (unsigned)i + 1 : 0;
		status = shell_line(sh, r->commands[i], strlen(r->commands[i]));
		if (status && !first)
			first = status;
		if (first && !r->keep_going)
			break;
	}
	sh->line = 0;
	first = shell_end_lines(sh, first);
	sh->script = NULL;
	return first;
}

static enum shell_status run_words(struct shell *sh, const struct request *r)
{
	struct word *words = calloc(r->word_count, sizeof(*words));
	enum shell_status status;

	if (!words)
		return SHELL_FAILED;
	for (size_t i = 0; i < r->word_count; i++)
		words[i].text = r->words[i];
	status = shell_words(sh, words, r->word_count);
	free(words);
	return shell_end_lines(sh, status);
}

static enum shell_status run_request(struct shell *sh, const struct request *r)
{
	if (r->count)
		return run_commands(sh, r);
	if (r->word_count)
		return run_words(sh, r);
	if (!sh->interactive)
		return shell_script(sh, r->script ? r->script : "-");
	shell_interact(sh);
	return SHELL_OK;
}

/* How what commands change becomes true: see change.h. */
static int set_scope(struct shell *sh, struct request *r)
{
	struct e2_undo *undo;
	int err = 0;		/* an undo file that is none should be known at once */

	sh->interactive = !r->count && !r->word_count && !r->script && isatty(STDIN_FILENO);
	sh->survives = r->keep_going || sh->interactive;
	sh->whole = r->dry || !sh->survives;
	sh->writable = (r->open.flags & E2_OPEN_WRITE) && !r->dry;
	sh->dry = r->dry;
	sh->keeps_undo = !sh->whole || r->open.undo_path;
	if (sh->writable && r->open.undo_path)
		err = e2_fs_undo(sh->fs, &undo);
	if (sh->writable || sh->dry || sh->interactive)
		interrupt_install();
	return err;
}

/* SOURCE_DATE_EPOCH, where it is set. */
static int set_clock(struct shell *sh)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	struct e2_time at = { 0 };
	uint64_t n;

	if (!text || !*text)
		return 0;
	if (e2_parse_u64(text, 0, INT64_MAX, &n))
		return usage("", "", "SOURCE_DATE_EPOCH is not a number of seconds");
	at.sec = (int64_t)n;
	e2_fs_set_clock(sh->fs, &at);
	sh->has_clock = true;
	sh->clock = at;
	return 0;
}

static int run(struct shell *sh, struct request *r)
{
	int status, err;

	if (r->imageless)
		return (int)run_request(sh, r);
	status = set_clock(sh);
	if (status)
		return status;
	err = set_scope(sh, r);
	if (err) {
		volume_failed(r->image, err);
		return SHELL_CANNOT_OPEN;
	}
	status = (int)run_request(sh, r);
	if (!status && (sh->differs || sh->partial) && !sh->interactive)
		status = SHELL_FAILED;
	return status;
}

/* A failure to close may be one to write. */
static int close_volume(struct shell *sh, int status)
{
	int err = shell_close(sh);

	if (err && !status) {
		volume_failed(sh->image, err);
		return SHELL_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct request r = { .open.threads = E2_THREADS_AUTO };
	struct shell sh = { .cwd = E2_INO_ROOT };
	int status;

	(void)setlocale(LC_CTYPE, "");		/* without one: plain ASCII */
	(void)signal(SIGPIPE, SIG_IGN);		/* a closed pipe is a failed write */
	if (!read_options(&r, argc, argv, &status))
		return status;
	if (r.dry)		/* nothing is to be written, a pending change neither */
		r.open.flags &= ~(unsigned)E2_OPEN_WRITE;
	status = r.imageless ? 0 : volume_open(r.image, &r.open, &sh.fs);
	if (status)
		return status;
	sh.image = r.image;
	sh.how = r.open;
	if (sh.fs)
		e2_fs_set_stop(sh.fs, interrupt_asked);
	sh.restricted = r.restricted;
	sh.time_flags = r.utc ? E2_TIME_UTC : 0;
	sh.show_names = r.names;
	sh.keep_going = r.keep_going;
	e2_str_add(&sh.cwd_path, "/");
	out_open(&sh.out, STDOUT_FILENO, r.mode, r.color);
	status = run(&sh, &r);
	out_close(&sh.out);
	status = close_volume(&sh, status);
	shell_end(&sh);
	return status;
}
