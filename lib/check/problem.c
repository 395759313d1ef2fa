/* SPDX-License-Identifier: MIT */
/*
 * From a finding to its texts: the rows of problem.def and their {slots}.
 *
 * A slot is {name} or {name:form}.  Names that the volume holds are escaped, so
 * no text contains a control character.
 *
 *   {have} {want} {limit} {blk} {lblk} {group} {index}   numbers; forms below
 *   {inode} {other}     "/a <12>", or "<12>" when it has no name
 *   {entry}             the path of an entry: of its directory, and its name
 *   {name} {names}      a name; all names of the inode
 *   {parent} {dirs}     the directory of a name; what links a directory has
 *   {old}               "; /etc has a removed entry "passwd" that did", or nothing
 *   {pointer}           "block[12]", or "block 8193 [17]" in a pointer block
 *   {blocks} {inodes}   a run: from blk or ino to limit
 *   {type} {role}       what the inode is by its mode; what block {have} holds
 *   {field} {why}       static texts of the finding
 */
#include "check/report.h"

#include "base/units.h"

#include <inttypes.h>
#include <string.h>

static const struct e2_problem problems[] = {
#define P(id, number, code, severity, policy, fix, object, field, text, will) \
	[E2_PROBLEM_##id] = { code, number, E2_SEV_##severity, E2_POLICY_##policy, \
			      object, field, text, will },
#include "check/problem.def"
#undef P
};

enum {
#define FIX(name, stage, verb) FIX_##name,
#include "check/fix.def"
#undef FIX
};

static const struct {
	const char *name, *verb;
} fixes[] = {
#define FIX(name, stage, verb) { #name, verb },
#include "check/fix.def"
#undef FIX
};

static const uint8_t fix_of[] = {
#define P(id, number, code, severity, policy, fix, object, field, text, will) FIX_##fix,
#include "check/problem.def"
#undef P
};

const char *e2_problem_repair(enum e2_problem_id id)
{
	return fixes[fix_of[id]].name;
}

const char *e2_problem_verb(enum e2_problem_id id)
{
	return fixes[fix_of[id]].verb;
}

const struct e2_problem *e2_problem(enum e2_problem_id id)
{
	/* Equal numbers are equal cases, which do not compile. */
	switch (problems[id].number) {
#define P(id, number, code, severity, policy, fix, object, field, text, will) case number: break;
#include "check/problem.def"
#undef P
	}
	return &problems[id];
}

/* ---- forms of numbers ---------------------------------------------------- */

static void add_plural(struct e2_str *out, uint64_t n, const char *one, const char *many)
{
	e2_str_addf(out, "%" PRIu64 " %s", n, n == 1 ? one : many);
}

static void form_dec(struct e2_str *out, uint64_t n) { e2_str_addf(out, "%" PRIu64, n); }
static void form_hex(struct e2_str *out, uint64_t n) { e2_str_addf(out, "0x%" PRIx64, n); }
static void form_oct(struct e2_str *out, uint64_t n) { e2_str_addf(out, "0%" PRIo64, n); }
static void form_bytes(struct e2_str *out, uint64_t n) { add_plural(out, n, "byte", "bytes"); }
static void form_inodes(struct e2_str *out, uint64_t n) { add_plural(out, n, "inode", "inodes"); }

static void form_time(struct e2_str *out, uint64_t n)
{
	e2_str_add_time(out, (int64_t)n, -1, 0);
}

static void form_ftype(struct e2_str *out, uint64_t n)
{
	static const char *const words[] = {
		[E2_FT_UNKNOWN] = "file of no type", [E2_FT_REG] = "regular file",
		[E2_FT_DIR] = "directory", [E2_FT_CHR] = "character device",
		[E2_FT_BLK] = "block device", [E2_FT_FIFO] = "fifo",
		[E2_FT_SOCK] = "socket", [E2_FT_LNK] = "symbolic link",
	};

	e2_str_add(out, n < E2_FT_MAX ? words[n] : "no type");
}

static const struct {
	const char *name;
	void (*add)(struct e2_str *out, uint64_t n);
} forms[] = {
	{ "", form_dec }, { "hex", form_hex }, { "oct", form_oct }, { "bytes", form_bytes },
	{ "inodes", form_inodes }, { "time", form_time }, { "ftype", form_ftype },
};

/* ---- what a finding is about --------------------------------------------- */

static void add_inode(struct e2_report *report, e2_ino ino, struct e2_str *out)
{
	if (e2_report_path(report, ino, 0, out))
		e2_str_add(out, " ");
	e2_str_addf(out, "<%" PRIu32 ">", ino);
}

/* "3 names: /a /b /c", or with many of them the first two and how many more. */
static void add_names(struct e2_report *report, e2_ino ino, uint64_t count, struct e2_str *out)
{
	uint64_t shown = count <= 6 ? count : 2;

	add_plural(out, count, "name", "names");
	for (uint32_t i = 0; i < shown; i++) {
		size_t before = out->len;

		e2_str_add(out, i == 0 ? ": " : " ");
		if (!e2_report_path(report, ino, i, out)) {
			e2_str_truncate(out, before);
			return;
		}
	}
	if (shown < count) {
		e2_str_add(out, " and ");
		e2_str_add_count(out, count - shown);
		e2_str_add(out, " more");
	}
}

/* The path of an entry: its directory's, and its name, which may name nothing. */
static void add_entry(struct e2_report *report, const struct e2_finding *f, struct e2_str *out)
{
	size_t before = out->len;

	if (!e2_report_path(report, f->dir, 0, out))
		e2_str_addf(out, "<%" PRIu32 ">", f->dir);
	if (out->len != before + 1 || out->text[before] != '/')
		e2_str_add(out, "/");
	e2_str_add_name(out, f->name != NULL ? f->name : "", f->name_len);
}

/* The name that it had and where, behind a text that says that it has none. */
static void add_old(struct e2_report *report, const struct e2_finding *f, struct e2_str *out)
{
	if (f->name == NULL)
		return;
	e2_str_add(out, "; ");
	if (f->dir == 0)
		e2_str_add(out, "a block that is nobody's");
	else if (!e2_report_path(report, f->dir, 0, out))
		e2_str_addf(out, "<%" PRIu32 ">", f->dir);
	e2_str_addf(out, " has %s \"", f->why != NULL ? f->why : "an entry");
	e2_str_add_name(out, f->name, f->name_len);
	e2_str_add(out, "\" that did");
}

/* Whether an entry is the name of a directory below. */
static bool is_subdirectory(struct e2_fs *fs, const struct e2_entry *e)
{
	struct e2_inode in;

	if (e2_name_problem(e->name, e->name_len) != NULL)
		return false;
	if (e->file_type != E2_FT_UNKNOWN)
		return e->file_type == E2_FT_DIR;
	if (e2_inode_get(fs, e->ino, &in) == 0)
		return e2_is_dir(&in);
	e2_err_clear();
	return false;
}

/* The first few names of directories in a directory. */
static void add_subdirectories(struct e2_report *report, e2_ino ino, uint64_t count,
			       struct e2_str *out)
{
	uint64_t shown = count <= 6 ? count : 2, left = shown;
	struct e2_entry e;
	struct e2_dir *dir;
	int n;

	if (report->fs == NULL || e2_dir_begin(report->fs, ino, &dir) != 0) {
		e2_err_clear();
		return;
	}
	e2_str_add(out, ":");
	while (left != 0 && (n = e2_dir_next(dir, &e)) != 0 && n != E2_ERR_NOMEM) {
		if (n < 0 || !is_subdirectory(report->fs, &e))
			continue;
		e2_str_add(out, " ");
		e2_str_add_name(out, e.name, e.name_len);
		left--;
	}
	e2_err_clear();
	e2_dir_end(dir);
	if (shown < count) {
		e2_str_add(out, " and ");
		e2_str_add_count(out, count - shown);
		e2_str_add(out, " more");
	}
}

/* What a directory's links are: its own entry, its name, and ".." of those below it. */
static void add_dir_links(struct e2_report *report, const struct e2_finding *f, struct e2_str *out)
{
	e2_str_add(out, f->ino == E2_INO_ROOT ? "\".\" and \"..\"" : "its name and \".\"");
	if (f->want <= 2)
		return;
	e2_str_add(out, ", and \"..\" of ");
	add_plural(out, f->want - 2, "directory", "directories");
	add_subdirectories(report, f->ino, f->want - 2, out);
}

static void add_run(struct e2_str *out, const char *one, uint64_t first, uint64_t last)
{
	if (last <= first)
		e2_str_addf(out, "%s %" PRIu64, one, first);
	else
		e2_str_addf(out, "%ss %" PRIu64 "-%" PRIu64, one, first, last);
}

static void add_pointer(const struct e2_finding *f, struct e2_str *out)
{
	if (f->blk == 0)
		e2_str_addf(out, "block[%" PRIu32 "]", f->index);
	else
		e2_str_addf(out, "block %" PRIu64 " [%" PRIu32 "]", f->blk, f->index);
}

static void add_role(struct e2_report *report, uint64_t blk, struct e2_str *out)
{
	static const char *const words[] = {
		[E2_ROLE_NONE] = "layout's own data", [E2_ROLE_BOOT] = "boot block",
		[E2_ROLE_SUPER] = "superblock", [E2_ROLE_DESC] = "group descriptors",
		[E2_ROLE_RESERVED_DESC] = "reserve for group descriptors",
		[E2_ROLE_BLOCK_BITMAP] = "block bitmap",
		[E2_ROLE_INODE_BITMAP] = "inode bitmap", [E2_ROLE_INODE_TABLE] = "inode table",
	};
	enum e2_role role = E2_ROLE_NONE;
	e2_grp group = 0;

	if (report->fs != NULL && e2_block_role(report->fs, blk, &role, &group) != 0) {
		e2_err_clear();
		role = E2_ROLE_NONE;
	}
	e2_str_add(out, words[role]);
	if (role != E2_ROLE_NONE)
		e2_str_addf(out, " of group %" PRIu32, group);
}

/* ---- slots --------------------------------------------------------------- */

static bool is(const char *word, const char *text, size_t len)
{
	return strlen(word) == len && memcmp(word, text, len) == 0;
}

static bool number_slot(const struct e2_finding *f, const char *slot, size_t len, uint64_t *n)
{
	const struct { const char *name; uint64_t value; } numbers[] = {
		{ "have", f->have }, { "want", f->want }, { "limit", f->limit },
		{ "blk", f->blk }, { "lblk", f->lblk }, { "group", f->group },
		{ "index", f->index },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (is(numbers[i].name, slot, len)) {
			*n = numbers[i].value;
			return true;
		}
	}
	return false;
}

static bool add_number(const struct e2_finding *f, const char *slot, size_t len,
		       struct e2_str *out)
{
	const char *colon = memchr(slot, ':', len);
	size_t name_len = colon != NULL ? (size_t)(colon - slot) : len;
	const char *form = colon != NULL ? colon + 1 : "";
	size_t form_len = colon != NULL ? len - name_len - 1 : 0;
	uint64_t n;

	if (!number_slot(f, slot, name_len, &n))
		return false;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (is(forms[i].name, form, form_len)) {
			forms[i].add(out, n);
			return true;
		}
	}
	return false;
}

enum slot { SLOT_INODE, SLOT_OTHER, SLOT_ENTRY, SLOT_NAME, SLOT_NAMES, SLOT_POINTER,
	    SLOT_PARENT, SLOT_DIRS, SLOT_OLD, SLOT_BLOCKS, SLOT_INODES, SLOT_TYPE,
	    SLOT_ROLE, SLOT_FIELD, SLOT_WHY, SLOT_ELSEWHERE, SLOTS };

static const char *const slot_names[SLOTS] = {
	[SLOT_INODE] = "inode", [SLOT_OTHER] = "other", [SLOT_ENTRY] = "entry",
	[SLOT_NAME] = "name", [SLOT_NAMES] = "names", [SLOT_POINTER] = "pointer",
	[SLOT_PARENT] = "parent", [SLOT_DIRS] = "dirs", [SLOT_OLD] = "old",
	[SLOT_BLOCKS] = "blocks", [SLOT_INODES] = "inodes", [SLOT_TYPE] = "type",
	[SLOT_ROLE] = "role", [SLOT_FIELD] = "field", [SLOT_WHY] = "why",
	[SLOT_ELSEWHERE] = "elsewhere",
};

/* The names that an inode has beside the entry of the finding, the first three of them. */
static void add_elsewhere(struct e2_report *report, const struct e2_finding *f, struct e2_str *out)
{
	uint32_t count = e2_report_paths(report, (e2_ino)f->have), shown = 0;
	struct e2_str here = E2_STR_INIT;

	add_entry(report, f, &here);
	for (uint32_t i = 0; i < count && shown < 3; i++) {
		struct e2_str path = E2_STR_INIT;

		if (e2_report_path(report, (e2_ino)f->have, i, &path) &&
		    strcmp(e2_str_text(&here), e2_str_text(&path)) != 0)
			e2_str_addf(out, "%s%s", shown++ ? " " : "", e2_str_text(&path));
		e2_str_free(&path);
	}
	if (shown == 0)
		e2_str_addf(out, "<%" PRIu64 ">", f->have);
	e2_str_free(&here);
}

static void add_slot(struct e2_report *report, const struct e2_finding *f, enum slot slot,
		     struct e2_str *out)
{
	const char *name = f->name != NULL ? f->name : "";

	switch (slot) {
	case SLOT_INODE: add_inode(report, f->ino, out); break;
	case SLOT_OTHER: add_inode(report, f->other, out); break;
	case SLOT_ENTRY: add_entry(report, f, out); break;
	case SLOT_NAME: e2_str_add_name(out, name, f->name_len); break;
	case SLOT_NAMES: add_names(report, f->ino, f->want, out); break;
	case SLOT_PARENT: add_inode(report, f->dir, out); break;
	case SLOT_DIRS: add_dir_links(report, f, out); break;
	case SLOT_OLD: add_old(report, f, out); break;
	case SLOT_POINTER: add_pointer(f, out); break;
	case SLOT_BLOCKS: add_run(out, "block", f->blk, f->limit); break;
	case SLOT_INODES: add_run(out, "inode", f->ino, f->limit); break;
	case SLOT_TYPE: form_ftype(out, e2_inode_file_type(f->mode)); break;
	case SLOT_ROLE: add_role(report, f->have, out); break;
	case SLOT_FIELD: e2_str_add(out, f->field != NULL ? f->field : "?"); break;
	case SLOT_WHY: e2_str_add(out, f->why != NULL ? f->why : "?"); break;
	case SLOT_ELSEWHERE: add_elsewhere(report, f, out); break;
	case SLOTS: break;
	}
}

bool e2_problem_render(struct e2_report *report, const struct e2_finding *f,
		       const char *template, struct e2_str *out)
{
	bool known = true;

	for (;;) {
		const char *open = strchr(template, '{');
		const char *close = open != NULL ? strchr(open, '}') : NULL;
		int slot = 0;
		size_t len;

		if (close == NULL)
			break;
		e2_str_add_bytes(out, template, (size_t)(open - template));
		open++;
		len = (size_t)(close - open);
		while (slot < SLOTS && !is(slot_names[slot], open, len))
			slot++;
		if (slot < SLOTS)
			add_slot(report, f, (enum slot)slot, out);
		else if (!add_number(f, open, len, out))
			known = false;
		template = close + 1;
	}
	e2_str_add(out, template);
	return known;
}

void e2_finding_object(struct e2_report *report, const struct e2_finding *f, struct e2_str *out)
{
	(void)e2_problem_render(report, f, problems[f->id].object, out);
}

void e2_finding_field(struct e2_report *report, const struct e2_finding *f, struct e2_str *out)
{
	(void)e2_problem_render(report, f, problems[f->id].field, out);
}

void e2_finding_text(struct e2_report *report, const struct e2_finding *f, struct e2_str *out)
{
	(void)e2_problem_render(report, f, problems[f->id].text, out);
}

void e2_finding_will(struct e2_report *report, const struct e2_finding *f, struct e2_str *out)
{
	if (f->will != NULL)
		e2_str_add(out, f->will);
	else
		(void)e2_problem_render(report, f, problems[f->id].will, out);
}
