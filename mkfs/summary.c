/* SPDX-License-Identifier: MIT */
/* What was made: the volume, what came from where, what was kept, how the space is used. */
#include "summary.h"

#include <string.h>

enum { LABEL_COLUMNS = 12 };

/* "1 file", "1,204 files"; nothing for 0 unless always. */
static void add_many(struct e2_str *s, uint64_t n, const char *one, const char *many, bool always,
		     bool *some)
{
	if (n == 0 && !always)
		return;
	e2_str_addf(s, "%s%llu %s", *some ? ", " : "", (unsigned long long)n, n == 1 ? one : many);
	*some = true;
}

/* A line's label, and blanks up to its text. */
static void add_label(struct e2_str *s, const char *label)
{
	size_t from = s->len;

	e2_str_addf(s, "  %s", label);
	size_t columns = e2_str_columns(s, from);
	int blanks = columns + 2 > LABEL_COLUMNS + 2 ? 2 : (int)(LABEL_COLUMNS + 2 - columns);

	e2_str_addf(s, "%*s", blanks, "");
}

static void add_volume(struct e2_str *s, const struct options *o, const struct e2_shape *shape,
		       bool planned)
{
	const struct e2_super *super = &shape->super;
	const struct e2_geometry *g = &shape->geometry;
	uint64_t bytes = g->blocks * g->block_size;

	e2_str_add_name(s, o->image, strlen(o->image));
	e2_str_add(s, planned ? ": would be ext2" : ": ext2");
	if (super->volume_name[0]) {
		e2_str_add(s, " \"");
		e2_str_add_name(s, super->volume_name,
				strnlen((const char *)super->volume_name,
					sizeof(super->volume_name)));
		e2_str_add(s, "\"");
	}
	e2_str_add(s, ", ");
	e2_str_add_size(s, bytes);
	e2_str_addf(s, ", %llu blocks of ", (unsigned long long)g->blocks);
	e2_str_add_size(s, g->block_size);
	e2_str_addf(s, ", %u inodes\n", g->inodes);
}

static void add_from(struct e2_str *s, const struct e2_source_graft *graft,
		     const struct e2_source_stats *st)
{
	struct e2_str label = E2_STR_INIT;
	bool some = false;

	e2_str_add(&label, "from ");
	e2_str_add_name(&label, graft->path, strlen(graft->path));
	add_label(s, e2_str_text(&label));
	e2_str_free(&label);
	add_many(s, st->files, "file", "files", true, &some);
	add_many(s, st->dirs, "directory", "directories", true, &some);
	add_many(s, st->symlinks, "symlink", "symlinks", true, &some);
	add_many(s, st->devices, "device", "devices", false, &some);
	add_many(s, st->others, "fifo or socket", "fifos and sockets", false, &some);
	if (graft->at) {
		e2_str_add(s, ", at ");
		e2_str_add_name(s, graft->at, strlen(graft->at));
	}
	e2_str_add(s, "\n");
}

static void add_origins(struct e2_str *s, const struct options *o, const struct e2_source *source)
{
	struct e2_source_stats st;

	if (o->sources_len == 1 && !o->sources[0].at) {
		e2_source_stats(source, &st);
		add_from(s, &o->sources[0], &st);
		return;
	}
	for (size_t i = 0; i < o->sources_len; i++) {
		e2_source_tree_stats(source, (uint8_t)i, &st);
		add_from(s, &o->sources[i], &st);
	}
	e2_source_tree_stats(source, E2_TREE_NONE, &st);
	if (st.dirs == 0)
		return;

	bool some = false;

	add_label(s, "made");
	add_many(s, st.dirs, "directory", "directories", false, &some);
	e2_str_add(s, " that none of them has, root's and 0755\n");
}

enum { MOUNTS_SHOWN = 3 };

static void add_mounts(struct e2_str *s, const struct options *o, const struct e2_source *source,
		       const struct e2_source_stats *st)
{
	/* All are named when there are few, or with -v, else the first two. */
	size_t shown = st->mounts <= MOUNTS_SHOWN || o->verbose ? (size_t)st->mounts : 2;
	bool some = false;

	if (st->mounts > 0) {
		add_label(s, "mounts");
		add_many(s, st->mounts, "mount point", "mount points", false, &some);
		e2_str_add(s, o->one_file_system ? " left empty:" : " entered:");
		for (size_t i = 0; i < shown; i++) {
			e2_str_add(s, " ");
			e2_source_mount_path(source, i, s);
		}
		if (shown < st->mounts) {
			e2_str_add(s, " and ");
			e2_str_add_count(s, st->mounts - shown);
			e2_str_add(s, " more");
		}
		e2_str_add(s, o->one_file_system ? "\n" : "  (-x leaves them empty)\n");
	}
	if (o->one_file_system && st->mounts_untold) {
		add_label(s, "mounts");
		e2_str_add(s, "this kernel cannot tell where a part of the same file system is "
			   "mounted\n");
	}
}

static void add_outside(struct e2_str *s, const struct options *o,
			const struct e2_source_stats *st)
{
	bool some = false;

	if (st->outside == 0)
		return;
	add_label(s, "outside");
	add_many(s, st->outside, "file has", "files have", false, &some);
	e2_str_addf(s, " names outside the tree%s; the counts stored are of the names inside\n",
		    o->excludes > 0 || st->skipped > 0 ? " or left out" : "");
}

static void add_kept(struct e2_str *s, const struct options *o, const struct e2_source_stats *st)
{
	bool some = false;

	if (st->linked == 0 && st->sparse == 0)
		return;
	add_label(s, "kept");
	if (st->linked) {
		add_many(s, st->names, "name", "names", false, &some);
		e2_str_addf(s, " of %llu %s (hard links%s)", (unsigned long long)st->linked,
			    st->linked == 1 ? "inode" : "inodes",
			    o->dedupe ? ", before --dedupe" : "");
	}
	add_many(s, st->sparse, "sparse file", "sparse files", false, &some);
	if (st->sparse) {
		e2_str_add(s, ": ");
		e2_str_add_size(s, st->sparse_bytes);
		e2_str_add(s, " in ");
		e2_str_add_size(s, st->sparse_data);
	}
	e2_str_add(s, "\n");
}

/* "1,802 names: 900 inodes, 2,706 KiB saved" */
static void add_deduped(struct e2_str *s, const struct e2_source_stats *st,
			const struct e2_plan *plan, const struct e2_geometry *g, bool planned)
{
	struct e2_str changed = E2_STR_INIT;
	struct e2_plan_stats ps;

	e2_plan_stats(plan, &ps);
	add_label(s, "dedupe");
	e2_str_add_count(s, st->dedupe_names);
	e2_str_add(s, st->dedupe_names == 1 ? " name: " : " names: ");
	e2_str_add_count(s, st->dedupe_inodes);
	e2_str_add(s, st->dedupe_inodes == 1 ? " inode, " : " inodes, ");
	e2_str_add_count(s, ps.saved_blocks * g->block_size / 1024);
	e2_str_add(s, planned ? " KiB would be saved\n" : " KiB saved\n");
	e2_same_tell(&st->dedupe_lost, planned, "--dedupe=strict", &changed);
	if (changed.len > 0) {
		add_label(s, "merged");
		e2_str_addf(s, "%s\n", e2_str_text(&changed));
	}
	e2_str_free(&changed);
}

static void add_left_out(struct e2_str *s, const struct e2_source_stats *st)
{
	bool some = false;

	if (st->skipped == 0 && st->ignored_xattrs == 0)
		return;
	add_label(s, "left out");
	add_many(s, st->skipped, "unreadable object", "unreadable objects", false, &some);
	add_many(s, st->ignored_xattrs, "attribute ext2 cannot hold",
		 "attributes ext2 cannot hold", false, &some);
	e2_str_add(s, "\n");
}

static void add_space(struct e2_str *s, const struct e2_plan *plan, const struct e2_geometry *g)
{
	struct e2_plan_stats st;

	e2_plan_stats(plan, &st);
	add_label(s, "space");
	e2_str_add_size(s, st.content_blocks * g->block_size);
	e2_str_add(s, " content, ");
	e2_str_add_size(s, st.overhead_blocks * g->block_size);
	e2_str_add(s, g->reserved_gdt_blocks ? " tables and reserve for growth, " : " tables, ");
	e2_str_add_size(s, st.free_blocks * g->block_size);
	e2_str_add(s, " free\n");
}

void summary_add(struct e2_str *s, const struct options *o, const struct e2_shape *shape,
		 const struct e2_plan *plan, const struct e2_source *source, bool planned)
{
	struct e2_source_stats st;

	e2_source_stats(source, &st);
	add_volume(s, o, shape, planned);
	if (o->sources_len > 0) {
		add_origins(s, o, source);
		add_kept(s, o, &st);
		if (o->dedupe)
			add_deduped(s, &st, plan, &shape->geometry, planned);
		add_outside(s, o, &st);
		add_mounts(s, o, source, &st);
		add_left_out(s, &st);
	}
	add_space(s, plan, &shape->geometry);
	if (o->verbose)
		(void)e2_plan_print(plan, s);	/* a lost line shows in the status of s */
}

void summary_add_argument(struct e2_str *s, uint64_t bytes)
{
	const uint64_t mib = 1 << 20;

	if (bytes < 10 * mib)
		e2_str_addf(s, "%lluK", (unsigned long long)((bytes + 1023) / 1024));
	else
		e2_str_addf(s, "%lluM", (unsigned long long)((bytes + mib - 1) / mib));
}
