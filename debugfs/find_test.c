/* SPDX-License-Identifier: MIT */
#include "find_test.h"

#include "mode.h"

#include <errno.h>
#include <fnmatch.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { DAY = 86400, MINUTE = 60, PERMISSIONS = 07777, LEVELS = 64 };

enum kind {
	TEST_NAME, TEST_PATH, TEST_REGEX, TEST_LNAME, TEST_TYPE, TEST_XTYPE, TEST_SIZE, TEST_LINKS,
	TEST_INUM, TEST_UID, TEST_GID, TEST_PERM, TEST_TIME, TEST_NEWER, TEST_EMPTY, TEST_SAMEFILE,
	TEST_MIN, TEST_MAX, TEST_ZERO, TEST_LS, TEST_PRINT, TEST_NOT, TEST_AND, TEST_OR,
	TEST_OPEN, TEST_CLOSE
};

struct find_test {
	enum kind kind;
	bool negate, fold;		/* fold: letters of any case */
	char sign;			/* '+', '-', '/' or 0 */
	const char *text;
	uint64_t number, unit;		/* unit: bytes of size, seconds of time */
	enum e2_time_which which;
	struct e2_time time;
	e2_ino ino;
	struct re_pattern_buffer regex;
};

static const struct {
	const char *option;
	enum kind kind;
	bool fold;
	enum e2_time_which which;
	int unit;
} options[] = {
	{ "-name", TEST_NAME, false, 0, 0 }, { "-iname", TEST_NAME, true, 0, 0 },
	{ "-path", TEST_PATH, false, 0, 0 }, { "-ipath", TEST_PATH, true, 0, 0 },
	{ "-regex", TEST_REGEX, false, 0, 0 }, { "-iregex", TEST_REGEX, true, 0, 0 },
	{ "-lname", TEST_LNAME, false, 0, 0 }, { "-type", TEST_TYPE, false, 0, 0 },
	{ "-xtype", TEST_XTYPE, false, 0, 0 }, { "-size", TEST_SIZE, false, 0, 0 },
	{ "-links", TEST_LINKS, false, 0, 0 }, { "-inum", TEST_INUM, false, 0, 0 },
	{ "-uid", TEST_UID, false, 0, 0 }, { "-gid", TEST_GID, false, 0, 0 },
	{ "-perm", TEST_PERM, false, 0, 0 }, { "-newer", TEST_NEWER, false, 0, 0 },
	{ "-mtime", TEST_TIME, false, E2_MTIME, DAY },
	{ "-mmin", TEST_TIME, false, E2_MTIME, MINUTE },
	{ "-atime", TEST_TIME, false, E2_ATIME, DAY },
	{ "-amin", TEST_TIME, false, E2_ATIME, MINUTE },
	{ "-ctime", TEST_TIME, false, E2_CTIME, DAY },
	{ "-cmin", TEST_TIME, false, E2_CTIME, MINUTE },
	{ "-empty", TEST_EMPTY, false, 0, 0 }, { "-samefile", TEST_SAMEFILE, false, 0, 0 },
	{ "-mindepth", TEST_MIN, false, 0, 0 }, { "-maxdepth", TEST_MAX, false, 0, 0 },
	{ "-print0", TEST_ZERO, false, 0, 0 }, { "-ls", TEST_LS, false, 0, 0 },
	{ "-not", TEST_NOT, false, 0, 0 }, { "-print", TEST_PRINT, false, 0, 0 },
	{ "-a", TEST_AND, false, 0, 0 }, { "-o", TEST_OR, false, 0, 0 },
	{ "(", TEST_OPEN, false, 0, 0 }, { ")", TEST_CLOSE, false, 0, 0 },
};

/* ---- from words to tests ----------------------------------------------------- */

static int fail_value(const char *option, const char *text, const char *wanted)
{
	struct e2_str s = E2_STR_INIT;
	int err;

	e2_str_add_name(&s, text, strlen(text));
	err = e2_fail(E2_ERR_INVAL, "%s %s: %s", option, e2_str_text(&s), wanted);
	e2_str_free(&s);
	return err;
}

/* What is larger than any size and any time would be compared as something else. */
static int check_fits(const struct find_test *test, const char *option)
{
	if (errno != ERANGE && test->number <= INT64_MAX / (test->unit ? test->unit : 1) / 2)
		return 0;
	return fail_value(option, test->text, "does not fit");
}

/* "+3", "-3", "3", with a unit of sizes behind. */
static int take_number(struct find_test *test, const char *option, bool sized)
{
	static const struct { char letter; unsigned bits; } units[] = {
		{ 'c', 0 }, { 'w', 1 }, { 'b', 9 }, { 'k', 10 }, { 'K', 10 }, { 'M', 20 },
		{ 'G', 30 },
	};
	const char *text = test->text;
	size_t digits;

	if (*text == '+' || *text == '-')
		test->sign = *text++;
	digits = strspn(text, "0123456789");
	errno = 0;
	test->number = strtoull(text, NULL, 10);
	if (sized)
		test->unit = 512;
	for (size_t i = 0; sized && text[digits] && i < sizeof(units) / sizeof(*units); i++) {
		if (units[i].letter == text[digits] && !text[digits + 1]) {
			test->unit = UINT64_C(1) << units[i].bits;
			return digits ? check_fits(test, option) :
				fail_value(option, test->text, "no number");
		}
	}
	if (digits == 0 || text[digits])
		return fail_value(option, test->text, sized ? "a number, and one of c w b k M G" :
				  "not a whole number");
	return check_fits(test, option);
}

static int take_types(const struct find_test *test, const char *option)
{
	const char *text = test->text;

	if (*text && strspn(text, "fdlbcps,") == strlen(text))
		return 0;
	return fail_value(option, text, "the letters are f d l b c p s");
}

static int take_perm(struct find_test *test)
{
	const char *text = test->text;
	uint32_t mode;
	int err;

	if (*text == '-' || *text == '/')
		test->sign = *text++;
	err = mode_change(text, 0, false, &mode);
	test->number = mode & PERMISSIONS;
	return err;
}

static int take_file(struct shell *sh, struct find_test *test)
{
	struct e2_inode in;
	struct object o;
	int err = object_parse(test->text, false, PLACE_FILE, &o);

	if (!err)
		err = shell_lookup(sh, &o, false, &test->ino, NULL);
	if (!err && test->kind == TEST_NEWER) {
		err = e2_inode_get(sh->fs, test->ino, &in);
		if (!err)
			(void)e2_inode_time(&in, E2_MTIME, &test->time);	/* all have it */
	}
	return err;
}

/* The syntax of find(1): that of Emacs. */
static int take_regex(struct find_test *test, const char *option)
{
	reg_syntax_t before = re_set_syntax(RE_SYNTAX_EMACS | (test->fold ? RE_ICASE : 0));
	const char *why = re_compile_pattern(test->text, strlen(test->text), &test->regex);

	(void)re_set_syntax(before);
	return why ? fail_value(option, test->text, why) : 0;
}

static int take_value(struct shell *sh, struct find_tests *tests, struct find_test *test,
		      const char *option)
{
	int err = 0;

	switch (test->kind) {
	case TEST_REGEX:
		return take_regex(test, option);
	case TEST_TYPE:
	case TEST_XTYPE:
		return take_types(test, option);
	case TEST_SIZE:
		return take_number(test, option, true);
	case TEST_LINKS:
	case TEST_INUM:
	case TEST_UID:
	case TEST_GID:
		return take_number(test, option, false);
	case TEST_TIME:
		test->time = e2_fs_now(sh->fs);
		return take_number(test, option, false);
	case TEST_MIN:
	case TEST_MAX:
		err = take_number(test, option, false);
		if (!err && test->sign)
			err = fail_value(option, test->text, "not a whole number");
		*(test->kind == TEST_MIN ? &tests->min_depth : &tests->max_depth) = test->number;
		return err;
	case TEST_PERM:
		return take_perm(test);
	case TEST_NEWER:
	case TEST_SAMEFILE:
		return take_file(sh, test);
	default:
		return 0;
	}
}

/* What stands before the word at hand. */
struct grammar {
	const char *last;	/* what joins, negates or opens, and needs a condition behind it */
	unsigned level;
	bool negate;
};

static int fail_grammar(const char *word, const char *why)
{
	return e2_fail(E2_ERR_INVAL, "%s: %s", word, why);
}

/* Whether a condition or a sign may stand here, and what may after it. */
static int take_place(struct grammar *g, enum kind kind, const char *option, bool first)
{
	bool open = first || (g->last && *g->last == '(');

	switch (kind) {
	case TEST_NOT:
		g->negate = !g->negate;
		g->last = option;
		return 0;
	case TEST_AND:
	case TEST_OR:
		if (open || g->last)
			return fail_grammar(option, "no condition stands before it");
		g->last = option;
		return 0;
	case TEST_OPEN:
		g->last = option;
		return ++g->level < LEVELS ? 0 : fail_grammar(option, "too many in each other");
	case TEST_CLOSE:
		if (g->level == 0)
			return fail_grammar(option, "closes no (");
		g->level--;
		return g->last ? fail_grammar(g->last, "no condition stands behind it") : 0;
	default:
		g->last = NULL;
		return 0;
	}
}

int find_tests_parse(struct shell *sh, const struct args *args, struct find_tests *tests)
{
	const size_t known = sizeof(options) / sizeof(*options);
	struct grammar g = { 0 };
	int err = 0;

	*tests = (struct find_tests){ .max_depth = UINT64_MAX, .zero = args_has(args, "-print0"),
				      .ls = args_has(args, "-ls") };
	tests->acts = tests->zero || tests->ls || args_has(args, "-print");
	tests->at = calloc(args->uses + 1, sizeof(*tests->at));
	if (!tests->at)
		return e2_fail(E2_ERR_NOMEM, "no memory for %zu conditions", args->uses);
	for (size_t i = 0; i < args->uses && !err; i++) {
		const struct arg_use *use = &args->use[i];
		const char *option = args->spec->option[use->option].name;
		struct find_test *test = &tests->at[tests->count];
		size_t k = 0;

		while (k < known && strcmp(options[k].option, option) != 0)
			k++;
		if (k == known)
			continue;
		err = take_place(&g, options[k].kind, option, tests->count == 0);
		if (err || options[k].kind == TEST_NOT || options[k].kind == TEST_AND)
			continue;
		*test = (struct find_test){
			.kind = options[k].kind, .fold = options[k].fold, .negate = g.negate,
			.which = options[k].which, .unit = (uint64_t)options[k].unit,
			.text = use->value.text,
		};
		tests->count++;
		g.negate = false;
		err = take_value(sh, tests, test, option);
	}
	if (!err && g.last)
		err = fail_grammar(g.last, "no condition stands behind it");
	if (!err && g.level)
		err = fail_grammar("(", "is not closed");
	return err;
}

void find_tests_free(struct find_tests *tests)
{
	for (size_t i = 0; i < tests->count; i++)
		if (tests->at[i].kind == TEST_REGEX)
			regfree(&tests->at[i].regex);
	free(tests->at);
}

/* ---- tests against entries ------------------------------------------------------ */

static bool compare(const struct find_test *test, uint64_t n)
{
	return test->sign == '+' ? n > test->number : test->sign == '-' ? n < test->number :
	       n == test->number;
}

static bool has_type(const struct find_test *test, uint32_t mode)
{
	static const char letters[] = "?pc?d?b?f?l?s???";	/* of find(1) */

	return strchr(test->text, letters[(mode & E2_S_IFMT) >> 12]) != NULL;
}

static int matches(const struct find_test *test, const char *text, size_t len)
{
	char *copy = strndup(text, len);
	bool yes;

	if (!copy)
		return e2_fail(E2_ERR_NOMEM, "no memory for a name");
	yes = fnmatch(test->text, copy, test->fold ? FNM_CASEFOLD : 0) == 0;
	free(copy);
	return yes;
}

static int link_matches(const struct find_test *test, struct tour *t, const struct e2_inode *in)
{
	struct e2_str text = E2_STR_INIT;
	int r;

	if (!e2_is_symlink(in))
		return 0;
	r = e2_symlink_read(t->sh->fs, in, &text);
	if (!r)
		r = matches(test, e2_str_text(&text), text.len);
	e2_str_free(&text);
	return r;
}

/* The type of what a symlink leads to; its own when that is missing. */
static int leads_to_type(const struct find_test *test, struct tour *t,
			 const struct e2_walk_entry *e)
{
	struct e2_resolve how = { .root = t->sh->root, .cwd = e->parent };
	struct e2_str text = E2_STR_INIT;
	uint32_t mode = e->inode.mode;
	struct e2_inode in;
	e2_ino ino;
	int err;

	if (!e2_is_symlink(&e->inode))
		return has_type(test, mode);
	shell_remember(t->sh);
	err = e2_symlink_read(t->sh->fs, &e->inode, &text);
	if (!err)
		err = e2_resolve(t->sh->fs, &how, e2_str_text(&text), &ino);
	if (!err)
		err = e2_inode_get(t->sh->fs, ino, &in);
	e2_str_free(&text);
	if (!err)
		mode = in.mode;
	else if (err != E2_ERR_NOENT && err != E2_ERR_NOTDIR)
		return err;
	e2_err_clear();
	return has_type(test, mode);
}

static int is_empty(struct tour *t, const struct e2_walk_entry *e)
{
	struct e2_entry entry;
	struct e2_dir *dir;
	int r;

	if (!e2_is_dir(&e->inode))
		return e2_is_reg(&e->inode) && e2_inode_size(&e->inode) == 0;
	r = e2_dir_begin(t->sh->fs, e->ino, &dir);
	if (r)
		return r;
	while ((r = e2_dir_next(dir, &entry)) > 0)
		if (entry.name_len > 2 || memcmp(entry.name, "..", entry.name_len) != 0)
			break;
	e2_dir_end(dir);
	return r < 0 ? r : r == 0;
}

static bool before(struct e2_time a, struct e2_time b)
{
	return a.sec < b.sec || (a.sec == b.sec && a.nsec < b.nsec);
}

static struct e2_time earlier(struct e2_time t, uint64_t n, uint64_t unit)
{
	int64_t seconds;

	if (n > INT64_MAX / unit / 2)
		n = INT64_MAX / unit / 2;
	seconds = (int64_t)(n * unit);
	t.sec = t.sec < INT64_MIN + seconds ? INT64_MIN : t.sec - seconds;
	return t;
}

/* Days are counted in full ones passed, minutes in begun ones; find(1) lets "-mtime -1" have a
 * second more than a day. */
static bool is_timed(const struct find_test *test, const struct e2_inode *in)
{
	uint64_t day = test->unit == DAY;
	struct e2_time from = earlier(test->time, test->number + day, test->unit), to, t = { 0, 0 };

	(void)e2_inode_time(in, test->which, &t);	/* all have the three */
	if (test->sign == '+')
		return before(t, from);
	if (test->sign == '-') {
		to = earlier(test->time, test->number, test->unit);
		to.sec -= day ? 1 : 0;
		return before(to, t);
	}
	to = from;
	to.sec += (int64_t)test->unit;
	return before(from, t) && !before(to, t);
}

static bool has_perm(const struct find_test *test, uint32_t mode)
{
	mode &= PERMISSIONS;
	if (test->sign == '-')
		return (mode & test->number) == test->number;
	if (test->sign == '/')
		return test->number == 0 || (mode & test->number) != 0;
	return mode == test->number;
}

static bool regex_matches(struct find_test *test, const struct e2_str *path)
{
	return path->len < INT32_MAX &&
	       re_match(&test->regex, e2_str_text(path), (regoff_t)path->len, 0, NULL) ==
	       (regoff_t)path->len;
}

/* Of what needs no more than the name: 1, 0, an error; 2 for any other test. */
static int meets_name(struct find_test *test, struct tour *t, const struct e2_walk_entry *e)
{
	const char *name;
	size_t len;

	switch (test->kind) {
	case TEST_NAME:
		name = tour_name(t, e, &len);
		return matches(test, name, len);
	case TEST_PATH:
		return matches(test, e2_str_text(&t->path), t->path.len);
	case TEST_REGEX:
		return regex_matches(test, &t->path);
	case TEST_INUM:
		return compare(test, e->ino);
	case TEST_SAMEFILE:
		return e->ino == test->ino;
	default:
		return 2;
	}
}

static int meets(struct find_test *test, struct tour *t, const struct e2_walk_entry *e)
{
	const struct e2_inode *in = &e->inode;
	struct e2_time time = { 0, 0 };
	uint64_t size = e2_inode_size(in);

	switch (test->kind) {
	case TEST_TYPE:
		return has_type(test, in->mode);
	case TEST_XTYPE:
		return leads_to_type(test, t, e);
	case TEST_SIZE:
		return compare(test, size / test->unit + (size % test->unit != 0));
	case TEST_LINKS:
		return compare(test, in->links_count);
	case TEST_UID:
		return compare(test, in->uid);
	case TEST_GID:
		return compare(test, in->gid);
	case TEST_PERM:
		return has_perm(test, in->mode);
	case TEST_TIME:
		return is_timed(test, in);
	case TEST_NEWER:
		(void)e2_inode_time(in, E2_MTIME, &time);	/* all have it */
		return before(test->time, time);
	case TEST_EMPTY:
		return is_empty(t, e);
	case TEST_LNAME:
		return link_matches(test, t, in);
	default:
		return 1;		/* no condition */
	}
}

/* What is known of the conditions of a level: "a b -o c ..." up to the one at hand. */
struct level {
	bool any;		/* a part before the last -o holds */
	bool all;		/* those since then do */
	bool negate;		/* what the level comes to */
	bool inverted;		/* what is true in it makes the whole false */
	bool idle;		/* nothing in it is asked any more */
};

static bool is_decided(const struct level *l)
{
	return l->idle || l->any || !l->all;
}

/* One condition: 1, 0, or an error.  Where an inode cannot be read, none holds. */
static int meet_one(struct find_test *test, const struct level *l, struct tour *t,
		    const struct e2_walk_entry *e)
{
	int r = meets_name(test, t, e);

	if (r == 2)
		r = e->inode.mode != 0 ? meets(test, t, e) : test->negate != l->inverted;
	return r < 0 ? r : (r != 0) != test->negate;
}

int find_tests_meet(struct find_tests *tests, struct tour *t, const struct e2_walk_entry *e)
{
	struct level level[LEVELS] = { { .all = true } }, *l = level;
	bool shown = false;

	if (e->depth < tests->min_depth || e->depth > tests->max_depth)
		return 0;
	for (size_t i = 0; i < tests->count; i++) {
		struct find_test *test = &tests->at[i];
		int r;

		if (test->kind == TEST_OPEN) {
			l[1] = (struct level){ .all = true, .negate = test->negate,
					       .inverted = l->inverted != test->negate,
					       .idle = is_decided(l) };
			l++;
		} else if (test->kind == TEST_CLOSE) {
			l--;
			l->all = l->all && (l[1].any || l[1].all) != l[1].negate;
		} else if (test->kind == TEST_OR) {
			l->any = l->any || l->all;
			l->all = true;
		} else if (!is_decided(l)) {
			r = meet_one(test, l, t, e);
			if (r < 0)
				return r;
			l->all = r;
			shown = shown || test->kind == TEST_PRINT || test->kind == TEST_ZERO ||
				test->kind == TEST_LS;
		}
	}
	return tests->acts ? shown : level[0].any || level[0].all;
}
