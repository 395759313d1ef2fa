/* SPDX-License-Identifier: MIT */
/* The screens of why. */
#include "why_say.h"

#include <inttypes.h>
#include <string.h>

enum { HEAD = 22, LABEL = 20, NAMES_SHOWN = 4, NAMES_OF_MANY = 2 };

/* ---- names --------------------------------------------------------------------------- */

static uint32_t names_of(struct shell *sh, e2_ino ino, const struct e2_names **names)
{
	*names = why_reserved(sh, ino) ? NULL : why_names(sh);
	return *names ? e2_names_count(*names, ino) : 0;
}

static void add_path(struct e2_str *s, const struct e2_names *names, e2_ino ino, uint32_t i)
{
	struct e2_str path = E2_STR_INIT;

	if (e2_names_path(names, ino, i, &path) == 0)
		e2_str_add_name(s, e2_str_text(&path), path.len);
	else
		e2_err_clear();
	e2_str_free(&path);
}

void add_owner_of(struct shell *sh, struct e2_str *s, e2_ino ino)
{
	const char *words = why_reserved(sh, ino);
	const struct e2_names *names;
	uint32_t count = names_of(sh, ino, &names);

	if (count) {
		add_path(s, names, ino, 0);
		e2_str_add(s, " ");
	}
	e2_str_addf(s, "<%u>", ino);
	if (words)
		e2_str_addf(s, ", %s", words);
	else if (count == 0)
		e2_str_add(s, ", which has no name");
}

/* ---- lines --------------------------------------------------------------------------- */

static void begin(struct out *o, const char *label)
{
	out_add(o, "  %-*s", LABEL, label);
	if (strlen(label) >= LABEL)
		out_add(o, " ");
}

static void say_names(struct shell *sh, e2_ino ino)
{
	const struct e2_names *names;
	uint32_t count = names_of(sh, ino, &names);
	uint32_t shown = count <= NAMES_SHOWN ? count : NAMES_OF_MANY;
	struct e2_str s = E2_STR_INIT;

	if (count < 2)
		return;
	for (uint32_t i = 0; i < shown; i++) {
		e2_str_add(&s, i ? "  " : "");
		add_path(&s, names, ino, i);
	}
	if (shown < count) {
		e2_str_add(&s, "  and ");
		e2_str_add_count(&s, count - shown);
		e2_str_add(&s, " more");
	}
	begin(&sh->out, "names");
	out_add(&sh->out, "%u: %s", count, e2_str_text(&s));
	out_line(&sh->out);
	e2_str_free(&s);
}

static const char *const claim_labels[] = {
	[E2_USE_DATA] = "data of", [E2_USE_DIR] = "entries of", [E2_USE_SYMLINK] = "text of",
	[E2_USE_SINGLE] = "pointers of", [E2_USE_DOUBLE] = "pointers of",
	[E2_USE_TRIPLE] = "pointers of", [E2_USE_XATTR] = "attributes of",
	[E2_USE_JOURNAL] = "data of", [E2_USE_BAD] = "bad block of",
	[E2_USE_GROWTH] = "kept for growth by",
};

static uint64_t span_of(const struct e2_geometry *g, unsigned level)
{
	uint64_t span = 1;

	while (level--)
		span *= g->pointers;
	return span;
}

/* ", file block 263, bytes 269312-270335" */
static void add_place(struct shell *sh, struct e2_str *s, const struct e2_claim *c)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct e2_inode in;

	if (c->use == E2_USE_XATTR || c->use == E2_USE_BAD || c->ino == E2_INO_RESIZE)
		return;
	if (c->level) {
		e2_str_addf(s, ", %s: file blocks %" PRIu64 "-%" PRIu64,
			    e2_use_name((enum e2_use)(E2_USE_SINGLE + (int)c->level - 1)), c->lblk,
			    c->lblk + span_of(g, c->level) - 1);
		return;
	}
	e2_str_addf(s, ", file block %" PRIu64, c->lblk);
	if (c->use == E2_USE_DIR || e2_inode_get(sh->fs, c->ino, &in)) {
		e2_err_clear();
		return;
	}
	uint64_t size = e2_inode_size(&in), from = c->lblk * g->block_size;
	uint64_t end = from + g->block_size < size ? from + g->block_size : size;
	if (from < end)
		e2_str_addf(s, ", bytes %" PRIu64 "-%" PRIu64, from, end - 1);
	else
		e2_str_add(s, ", past the end of the file");
}

static void say_chain(struct shell *sh, const struct e2_claim *c)
{
	struct out *o = &sh->out;
	struct why_chain chain;

	begin(o, "reached by");
	why_chain(sh, c, &chain);
	if (!chain.steps) {
		out_add(o, "<%u> file_acl -> %" PRIu64, c->ino, c->blk);
	} else {
		out_add(o, "<%u> block[%u]", c->ino, chain.slot[0]);
		for (unsigned i = 0; i + 1 < chain.steps; i++)
			out_add(o, " -> %" PRIu64 " [%u]", chain.blk[i], chain.slot[i + 1]);
		out_add(o, " -> %" PRIu64, chain.blk[chain.steps - 1]);
	}
	out_line(o);
}

static void say_claim(struct shell *sh, const struct e2_claim *c)
{
	struct e2_str s = E2_STR_INIT;

	add_owner_of(sh, &s, c->ino);
	add_place(sh, &s, c);
	begin(&sh->out, claim_labels[c->use]);
	out_add(&sh->out, "%s", e2_str_text(&s));
	out_line(&sh->out);
	e2_str_free(&s);
	say_names(sh, c->ino);
	say_chain(sh, c);
}

/* ---- the layout ------------------------------------------------------------------------ */

/* What of the volume a block of the layout is about: "group 3, inodes <8193>-<8208>". */
static void add_layout(struct shell *sh, struct e2_str *s, const struct why *w)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	uint32_t per_block = g->block_size / (g->inode_size ? g->inode_size : 1);
	uint64_t first, last, end = (uint64_t)(w->group + 1) * g->inodes_per_group;

	switch (w->layout) {
	case E2_USE_BOOT:
		e2_str_add(s, "the first 1024 bytes, for a boot loader");
		break;
	case E2_USE_SUPER:
		e2_str_addf(s, w->group ? "a copy, sb:%u" : "the primary one, sb", w->group);
		break;
	case E2_USE_DESC:
		first = e2_desc_first_group(g, w->group, w->blk);
		last = first + g->block_size / g->desc_size - 1;
		last = last < g->groups ? last : g->groups - 1;
		e2_str_addf(s, first < last ? "groups %" PRIu64 " to %" PRIu64 :
			    "group %" PRIu64, first, last);
		if (!e2_desc_is_primary(g, w->group, w->blk))
			e2_str_addf(s, ", a copy in group %u", w->group);
		break;
	case E2_USE_GROWTH:
		e2_str_addf(s, "block %" PRIu64 " of %u kept behind the descriptors of group %u",
			    w->blk - w->layout_first + 1, g->reserved_gdt_blocks, w->group);
		break;
	case E2_USE_BLOCK_BITMAP:
		first = e2_group_first_block(g, w->group);
		e2_str_addf(s, "group %u, blocks %" PRIu64 "-%" PRIu64, w->group, first,
			    first + e2_group_blocks(g, w->group) - 1);
		break;
	case E2_USE_INODE_BITMAP:
		e2_str_addf(s, "group %u, inodes <%" PRIu64 ">-<%" PRIu64 ">", w->group,
			    end - g->inodes_per_group + 1, end);
		break;
	default:
		first = end - g->inodes_per_group + 1 + (w->blk - w->layout_first) * per_block;
		last = first + per_block - 1 < end ? first + per_block - 1 : end;
		e2_str_addf(s, "group %u, inodes <%" PRIu64 ">-<%" PRIu64 ">", w->group, first,
			    last);
		break;
	}
}

static void say_layout(struct shell *sh, const struct why *w)
{
	static const char *const labels[] = {
		[E2_USE_BOOT] = "boot block", [E2_USE_SUPER] = "superblock",
		[E2_USE_DESC] = "descriptors of", [E2_USE_GROWTH] = "kept for growth",
		[E2_USE_BLOCK_BITMAP] = "block bitmap of",
		[E2_USE_INODE_BITMAP] = "inode bitmap of", [E2_USE_INODE_TABLE] = "inode table of",
	};
	struct e2_str s = E2_STR_INIT;

	add_layout(sh, &s, w);
	begin(&sh->out, labels[w->layout]);
	out_add(&sh->out, "%s", e2_str_text(&s));
	if (w->layouts > 1)
		out_add(&sh->out, ", and named %u times more", w->layouts - 1);
	out_line(&sh->out);
	e2_str_free(&s);
}

/* ---- a byte ----------------------------------------------------------------------------- */

/* A split field counts with both its halves. */
static uint32_t element_bytes(const struct e2_part *part)
{
	uint32_t bits = part->kind == E2_PART_FIELD ? e2_field_bits(part->f) : 0;

	return bits ? bits / 8 : part->skip + part->len;
}

/* "<12>.atime, byte 2 of 4"; "inode of entry 3 "plan.odt" of <8194>, byte 0 of 4" */
static void say_element(struct out *o, const struct e2_part *part, const char *object,
			const char *label, uint32_t byte)
{
	if (part->kind == E2_PART_FIELD && !strpbrk(object, " "))
		out_add(o, "%s.%s", object, label);
	else
		out_add(o, "%s of %s", label, object);
	out_add(o, ", byte %u of %u", part->skip + byte - part->at, element_bytes(part));
}

/* Whose inode the byte is in, where it is one with a name. */
static void say_inode(struct shell *sh, e2_ino ino)
{
	struct e2_str s = E2_STR_INIT;
	struct e2_inode in;

	if (e2_inode_get(sh->fs, ino, &in) || (in.links_count == 0 && !why_reserved(sh, ino))) {
		e2_err_clear();
		return;
	}
	add_owner_of(sh, &s, ino);
	begin(&sh->out, "inode of");
	out_add(&sh->out, "%s", e2_str_text(&s));
	out_line(&sh->out);
	e2_str_free(&s);
}

static int say_part(struct shell *sh, const struct why *w, uint64_t offset)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct e2_str object = E2_STR_INIT, label = E2_STR_INIT, value = E2_STR_INIT;
	uint32_t byte = (uint32_t)(offset % g->block_size);
	struct out *o = &sh->out;
	struct e2_block_view view;
	const struct e2_buf *buf;
	struct e2_inode in;
	struct e2_part part;
	int err = e2_buf_get(sh->fs, w->blk, &buf);

	if (err)
		return err;
	why_view(sh, w, buf->data, &in, &view);
	err = e2_anatomy_at(sh->fs, &view, byte, &part);
	if (!err) {
		e2_part_object(&view, &part, &object);
		e2_part_label(&part, &label);
		e2_part_value(&view, &part, &value);
		begin(o, part.kind == E2_PART_FIELD ? "field" : "byte");
		if (part.kind == E2_PART_FIELD || part.kind == E2_PART_POINTER ||
		    part.kind == E2_PART_NAME || part.kind == E2_PART_VALUE)
			say_element(o, &part, e2_str_text(&object), e2_str_text(&label), byte);
		else if (part.kind == E2_PART_DATA)
			out_add(o, "byte %" PRIu64 " of the file", part.first + byte - part.at);
		else if (part.kind == E2_PART_BITS)
			out_add(o, "bits");
		else
			out_add(o, "%s", e2_part_words(part.kind));
		if (value.len)
			out_add(o, ": %s", e2_str_text(&value));
		out_line(o);
		if (part.rule) {
			begin(o, "");
			out_add_styled(o, STYLE_RED, part.rule);
			out_line(o);
		}
		if (view.use == E2_USE_INODE_TABLE && part.ino)
			say_inode(sh, part.ino);
	}
	e2_buf_put(sh->fs, buf);
	e2_str_free(&object);
	e2_str_free(&label);
	e2_str_free(&value);
	return err;
}

/* ---- the screen --------------------------------------------------------------------------- */

static void say_head(struct shell *sh, const struct why *w, const struct why_question *q)
{
	const struct e2_geometry *g = e2_geometry(sh->fs);
	struct out *o = &sh->out;
	size_t mark = out_mark(o);
	e2_grp group;

	if (q->byte)
		out_add(o, "byte 0x%" PRIx64, q->offset);
	else
		out_add(o, "block %" PRIu64, w->blk);
	out_add(o, " ");
	out_pad(o, mark, HEAD);
	if (q->byte)
		out_add(o, "block %" PRIu64 " + %" PRIu64 ", ", w->blk, q->offset % g->block_size);
	if (e2_block_valid(g, w->blk)) {
		group = e2_block_group(g, w->blk);
		out_add(o, "group %u + %" PRIu64, group, w->blk - e2_group_first_block(g, group));
	} else {
		out_add(o, "before the first group");
	}
	if (!q->byte)
		out_add(o, ", byte 0x%" PRIx64, w->blk * g->block_size);
	out_line(o);
}

static void say_looks(struct shell *sh, const struct why *w)
{
	const struct e2_buf *buf;
	enum e2_use looks;

	if (e2_buf_get(sh->fs, w->blk, &buf)) {
		e2_err_clear();
		return;
	}
	looks = e2_block_looks(e2_geometry(sh->fs), buf->data);
	e2_buf_put(sh->fs, buf);
	begin(&sh->out, "holds");
	out_add(&sh->out, "%s", looks == E2_USE_FREE ? "zeros" :
		looks == E2_USE_DIR ? "what reads as entries of a directory" :
		looks == E2_USE_XATTR ? "what reads as extended attributes" :
		looks == E2_USE_SINGLE ? "what reads as block pointers" : "data");
	if (w->removed)
		out_add(&sh->out, ", file block %" PRIu64 " of the removed inode <%u>", w->was.lblk,
			w->removed);
	out_line(&sh->out);
}

static void say_perhaps(struct shell *sh, const struct why *w)
{
	struct e2_str where = E2_STR_INIT, because = E2_STR_INIT, evidence = E2_STR_INIT;

	why_perhaps(sh, w->blk, &where, &because, &evidence);
	if (where.len) {
		begin(&sh->out, "perhaps");
		out_add(&sh->out, "%s: %s", e2_str_text(&where), e2_str_text(&because));
		out_line(&sh->out);
	}
	if (evidence.len) {
		begin(&sh->out, "");
		out_add(&sh->out, "%s", e2_str_text(&evidence));
		out_line(&sh->out);
	}
	e2_str_free(&evidence);
	e2_str_free(&where);
	e2_str_free(&because);
}

static void say_verdict(struct shell *sh, const struct why *w)
{
	enum why_verdict verdict = why_verdict(w);
	bool good = verdict == WHY_OK || verdict == WHY_FREE;
	struct out *o = &sh->out;

	begin(o, "bitmap");
	if (w->has_bit)
		out_add(o, "%s: block %" PRIu64 ", bit %u", w->used ? "in use" : "free", w->bitmap,
			w->bit);
	else
		out_add(o, "none has a bit for it");
	out_line(o);
	if (good) {
		begin(o, "consistent");
	} else {
		out_add(o, "  ");
		out_add_styled(o, STYLE_RED, "inconsistent");
		out_add(o, "%*s", LABEL - 12, "");
	}
	out_add(o, "%s", why_verdict_text(w));
	out_line(o);
}

static int say_screen(struct shell *sh, const struct why *w, const struct why_question *q)
{
	uint64_t shown = w->claims < WHY_CLAIMS ? w->claims : WHY_CLAIMS;
	struct out *o = &sh->out;
	int err = 0;

	say_head(sh, w, q);
	if (q->byte)
		err = say_part(sh, w, q->offset);
	if (w->layouts)
		say_layout(sh, w);
	for (uint64_t i = 0; i < shown; i++)
		say_claim(sh, &w->claim[i]);
	if (shown < w->claims) {
		begin(o, "");
		out_add(o, "and by %" PRIu64 " more", w->claims - shown);
		out_line(o);
	}
	if (!w->layouts && !w->claims) {
		begin(o, "owner");
		out_add(o, "none");
		out_line(o);
		say_looks(sh, w);
	}
	say_verdict(sh, w);
	if (why_verdict(w) == WHY_LOST)
		say_perhaps(sh, w);
	return err;
}

int why_say(struct shell *sh, const struct why *w, const struct why_question *q)
{
	return sh->out.mode == OUT_TEXT ? say_screen(sh, w, q) : why_record(sh, w, q);
}

/* ---- many blocks, a line for those that are alike -------------------------------------------- */

/* Whether a block goes on where a run ends. */
static bool goes_on(const struct why_table *t, const struct why *w)
{
	const struct why *f = &t->first;
	const struct e2_claim *a = &f->claim[0], *b = &w->claim[0];

	if (t->count == 0 || w->blk != f->blk + t->count || w->layouts != f->layouts ||
	    w->layout != f->layout || w->group != f->group || w->claims != f->claims ||
	    why_verdict(w) != why_verdict(f))
		return false;
	if (!w->claims || w->layouts)
		return true;
	return a->ino == b->ino && a->use == b->use && a->level == 0 && b->level == 0 &&
	       b->lblk == a->lblk + t->count && a->use != E2_USE_XATTR;
}

static void say_row(struct shell *sh, const struct why_table *t)
{
	const struct why *w = &t->first;
	enum why_verdict verdict = why_verdict(w);
	struct out *o = &sh->out;
	struct e2_str s = E2_STR_INIT;
	size_t mark = out_mark(o);

	out_add(o, t->count > 1 ? "%" PRIu64 "-%" PRIu64 "  " : "%" PRIu64 "  ", w->blk,
		w->blk + t->count - 1);
	out_pad(o, mark, HEAD);
	e2_str_add(&s, e2_use_name(why_use(w)));
	if (w->layouts)
		e2_str_addf(&s, " of group %u", w->group);
	for (uint64_t i = 0; i < w->claims && i < 2 && !(w->layouts && verdict == WHY_OK); i++) {
		e2_str_add(&s, i || w->layouts ? "; " : " of ");
		add_owner_of(sh, &s, w->claim[i].ino);
		if (w->claim[i].level == 0 && w->claim[i].use != E2_USE_XATTR)
			e2_str_addf(&s, t->count > 1 ? ", file blocks %" PRIu64 "-%" PRIu64 :
				    ", file block %" PRIu64, w->claim[i].lblk,
				    w->claim[i].lblk + t->count - 1);
	}
	out_add(o, "%s", e2_str_text(&s));
	if (verdict == WHY_CONFLICT || verdict == WHY_MARKED_FREE) {
		out_add(o, "  (");
		out_add_styled(o, STYLE_RED, why_verdict_text(w));
		out_add(o, ")");
	}
	out_line(o);
	e2_str_free(&s);
}

void why_table_add(struct shell *sh, struct why_table *t, const struct why *w)
{
	if (goes_on(t, w)) {
		t->count++;
		return;
	}
	why_table_end(sh, t);
	t->first = *w;
	t->count = 1;
}

void why_table_end(struct shell *sh, struct why_table *t)
{
	if (t->count) {
		say_row(sh, t);
		t->rows++;
	}
	t->count = 0;
}
