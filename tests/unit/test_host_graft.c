/* SPDX-License-Identifier: MIT */
/* Several host directories as one tree: how they are named, what merges, and what is refused. */
#include "alloc.h"
#include "disk/consts.h"
#include "e2test.h"
#include "host/source_priv.h"
#include "scratch.h"

#include <sys/xattr.h>

static struct scratch s;

static void begin(void)
{
	umask(022);
	scratch_begin(&s);
}

static void end(void)
{
	scratch_end(&s);
}

static bool detail_is(const char *format, const char *a, const char *b)
{
	struct e2_str want = E2_STR_INIT;
	bool same;

	e2_str_addf(&want, format, a, b);
	same = strcmp(e2_str_text(&want), e2_err_detail()) == 0;
	if (!same)
		cr_log_error("detail is \"%s\", not \"%s\"", e2_err_detail(), e2_str_text(&want));
	e2_str_free(&want);
	return same;
}

/* ---- what the user writes ---------------------------------------------------------- */

E2_TEST(host_graft, parse)
{
	static const struct { const char *text, *path, *at; } good[] = {
		{ "dir", "dir", NULL },
		{ "/a/b/", "/a/b/", NULL },
		{ "dir:/", "dir", "/" },
		{ "dir:/lib/x", "dir", "/lib/x" },
		{ "a\\:b", "a:b", NULL },
		{ "a\\:/b", "a:/b", NULL },
		{ "a\\:b:/c\\:d", "a:b", "/c:d" },
		{ "\\:", ":", NULL },
		{ "a\\b\\\\c", "a\\b\\\\c", NULL },
		{ "a\\/:/x", "a\\/", "/x" },
		{ "d:/a/./b//c/", "d", "/a/./b//c/" },
		{ "d:/...", "d", "/..." },
	};
	static const char *const bad[] = {
		"", ":", ":/x", "a:", "a:b", "a:./b", "a:/b:", "a:/b:/c", "a:/..", "a:/x/../y",
		"a:b:/c", "a:/../x",
	};
	struct e2_source_graft g;
	char name[300];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_assert(e2_source_graft_parse(good[i].text, &g) == 0, "%s", good[i].text);
		cr_assert_str_eq(g.path, good[i].path);
		cr_assert_str_eq(g.at != NULL ? g.at : "none",
				 good[i].at != NULL ? good[i].at : "none");
		e2_source_graft_free(&g);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(e2_source_graft_parse(bad[i], &g) == E2_ERR_INVAL, "%s", bad[i]);
	memset(name, 'n', sizeof(name));
	memcpy(name, "a:/", 3);
	name[3 + 256] = '\0';
	cr_assert(e2_source_graft_parse(name, &g) == E2_ERR_INVAL);
	name[3 + 255] = '\0';
	cr_assert(e2_source_graft_parse(name, &g) == 0);
	e2_source_graft_free(&g);
	for (uint64_t nth = 1; nth < 3; nth++) {
		alloc_fail(nth);
		cr_assert(e2_source_graft_parse("a:/b", &g) == E2_ERR_NOMEM);
	}
	alloc_fail(0);
}

/* ---- trees ----------------------------------------------------------------------------- */

static void make_dir(const char *name, mode_t mode)
{
	cr_assert(mkdir(scratch_path(&s, name), 0700) == 0, "%s", name);
	cr_assert(chmod(scratch_path(&s, name), mode) == 0);
}

static void make_text(const char *name, const char *text)
{
	scratch_file(&s, name, text, strlen(text));
}

enum { MOST = 4 };

/* Reads the directories of the scratch whose names, and places, are given up to a NULL. */
static int read_trees(const char *const (*names)[2], const struct e2_source_options *options,
		      struct e2_source **source)
{
	struct e2_source_graft grafts[MOST] = { { NULL, NULL } };
	size_t n = 0;
	int err;

	for (; names[n][0] != NULL; n++) {
		grafts[n].path = strdup(scratch_path(&s, names[n][0]));
		grafts[n].at = names[n][1] != NULL ? strdup(names[n][1]) : NULL;
	}
	err = e2_source_trees(grafts, n, options, source);
	while (n > 0)
		e2_source_graft_free(&grafts[--n]);
	return err;
}

/* The object at a path of the volume; E2_OBJ_NONE when there is none. */
static e2_obj at(const struct e2_source *source, const char *path)
{
	e2_obj obj = 0;

	for (path += strspn(path, "/"); *path != '\0'; path += strspn(path, "/")) {
		const struct e2_object *o = e2_source_object(source, obj);
		size_t len = strcspn(path, "/");

		obj = E2_OBJ_NONE;
		for (uint32_t i = 0; i < o->names; i++) {
			const struct e2_source_name *n = e2_source_name(source, o->first_name + i);

			if (n->len == len && !memcmp(e2_source_text(source, n->text), path, len))
				obj = n->object;
		}
		if (obj == E2_OBJ_NONE)
			break;
		path += len;
	}
	return obj;
}

static bool holds(struct e2_source *source, const char *path, const char *text)
{
	struct e2_source_file *file;
	char got[16];
	size_t len = strlen(text);
	e2_obj obj = at(source, path);

	cr_assert(obj != E2_OBJ_NONE && e2_source_object(source, obj)->size == len, "%s", path);
	cr_assert(e2_source_open(source, obj, &file) == 0, "%s", e2_err_detail());
	cr_assert(e2_source_read(file, 0, len, got) == 0);
	cr_assert(e2_source_close(file) == 0);
	return memcmp(got, text, len) == 0;
}

static uint32_t mode_of(const struct e2_source *source, const char *path)
{
	cr_assert(at(source, path) != E2_OBJ_NONE, "%s", path);
	return e2_source_object(source, at(source, path))->mode & 07777;
}

static bool path_is(const struct e2_source *source, e2_obj obj, const char *tail)
{
	struct e2_str path = E2_STR_INIT;
	bool same;

	e2_source_path(source, obj, &path);
	same = strcmp(e2_str_text(&path), scratch_path(&s, tail)) == 0;
	if (!same)
		cr_log_error("\"%s\", not %s", e2_str_text(&path), tail);
	e2_str_free(&path);
	return same;
}

/* base and more meet in /, /both and /both/deep; mods goes where neither has anything. */
static void make_three(void)
{
	make_dir("base", 0711);
	make_dir("base/both", 0701);
	make_dir("base/both/deep", 0702);
	make_text("base/both/deep/x", "deep x");
	make_text("base/both/z", "z");
	make_text("base/both/a", "a");
	make_dir("more", 0722);
	make_dir("more/both", 0703);
	make_dir("more/both/deep", 0704);
	make_text("more/both/deep/y", "deep y");
	make_text("more/both/m", "m");
	make_dir("mods", 0733);
	make_dir("mods/k", 0755);
	make_text("mods/k/mod", "module");
	cr_assert(link(scratch_path(&s, "base/both/z"), scratch_path(&s, "mods/k/z")) == 0);
	cr_assert(link(scratch_path(&s, "base/both/z"), scratch_path(&s, "more/both/b")) == 0);
	cr_assert(symlink("text", scratch_path(&s, "mods/l")) == 0);
	cr_assert(link(scratch_path(&s, "mods/l"), scratch_path(&s, "base/l")) == 0);
}

static const char *const three[][2] = {
	{ "base" }, { "more" }, { "mods", "/lib/modules/6.1" }, { NULL } };

E2_TEST(host_graft, merges, .init = begin, .fini = end)
{
	static const char *const order[] = { "a", "b", "deep", "m", "z" };
	struct e2_source *source = NULL;
	struct e2_source_stats stats;
	const struct e2_object *both;

	make_three();
	cr_assert(read_trees(three, NULL, &source) == 0, "%s", e2_err_detail());
	cr_assert(mode_of(source, "/") == 0722 && mode_of(source, "/both") == 0703);
	cr_assert(mode_of(source, "/both/deep") == 0704);
	cr_assert(mode_of(source, "/lib") == 0755 && mode_of(source, "/lib/modules") == 0755);
	cr_assert(mode_of(source, "/lib/modules/6.1") == 0733);
	cr_assert(holds(source, "/both/deep/x", "deep x") && holds(source, "/both/m", "m"));
	cr_assert(holds(source, "/lib/modules/6.1/k/mod", "module"));
	cr_assert(holds(source, "/both/deep/y", "deep y") && holds(source, "/both/z", "z"));
	both = e2_source_object(source, at(source, "/both"));
	cr_assert(both->names == 5 && both->links == 1);
	for (uint32_t i = 0; i < 5; i++) {
		const struct e2_source_name *n = e2_source_name(source, both->first_name + i);

		cr_assert_str_eq(e2_source_text(source, n->text), order[i]);
	}
	cr_assert(at(source, "/both/z") == at(source, "/lib/modules/6.1/k/z"));
	cr_assert(at(source, "/both/z") == at(source, "/both/b"));
	cr_assert(e2_source_object(source, at(source, "/both/z"))->links == 3);
	cr_assert(at(source, "/l") == at(source, "/lib/modules/6.1/l"));
	e2_source_stats(source, &stats);
	cr_assert(stats.names == 5 && stats.linked == 2 && stats.outside == 0 && stats.dirs == 7);
	e2_source_tree_stats(source, 1, &stats);
	cr_assert(stats.dirs == 3 && stats.files == 3);	/* b comes before z */
	e2_source_tree_stats(source, E2_TREE_NONE, &stats);
	cr_assert(stats.dirs == 2 && stats.files == 0);
	cr_assert(path_is(source, at(source, "/both/deep/x"), "base/both/deep/x"));
	cr_assert(path_is(source, at(source, "/both"), "more/both"));
	cr_assert(path_is(source, at(source, "/lib/modules/6.1"), "mods"));
	cr_assert(path_is(source, at(source, "/lib/modules/6.1/k/mod"), "mods/k/mod"));
	e2_source_free(source);
}

/* What no tree has is made, whatever the order; what one has is as it says. */
E2_TEST(host_graft, made_directories_say_nothing, .init = begin, .fini = end)
{
	static const char *const names[][2] = {
		{ "mods", "/both/deep//./k/" }, { "base" }, { NULL } };
	static const char *const alone[][2] = { { "mods", "/a/b" }, { "mods", "/" }, { NULL } };
	struct e2_source *source = NULL;

	make_three();
	cr_assert(read_trees(names, NULL, &source) == 0, "%s", e2_err_detail());
	cr_assert(mode_of(source, "/") == 0711 && mode_of(source, "/both/deep") == 0702);
	cr_assert(mode_of(source, "/both/deep/k") == 0733);
	cr_assert(holds(source, "/both/deep/k/k/mod", "module"));
	cr_assert_not(e2_source_object(source, at(source, "/both"))->made);
	e2_source_free(source);
	cr_assert(read_trees(alone, NULL, &source) == 0, "%s", e2_err_detail());
	cr_assert(mode_of(source, "/") == 0733 && e2_source_object(source, at(source, "/a"))->made);
	cr_assert(holds(source, "/a/b/k/mod", "module") && holds(source, "/k/mod", "module"));
	cr_assert(at(source, "/a/b/k/mod") != at(source, "/k/mod"));	/* one name on the host */
	cr_assert(at(source, "/a/b/k/z") == at(source, "/k/z"));
	e2_source_free(source);
}

E2_TEST(host_graft, exclude_is_of_each_tree, .init = begin, .fini = end)
{
	static const char *const exclude[] = { "both/deep", "k/mod", "lib", NULL };
	struct e2_source_options options = { .exclude = exclude };
	struct e2_source *source = NULL;

	make_three();
	cr_assert(read_trees(three, &options, &source) == 0, "%s", e2_err_detail());
	cr_assert(at(source, "/both/deep") == E2_OBJ_NONE && at(source, "/both/z") != E2_OBJ_NONE);
	cr_assert(at(source, "/lib/modules/6.1/k/mod") == E2_OBJ_NONE);
	cr_assert(at(source, "/lib/modules/6.1/k/z") != E2_OBJ_NONE);
	e2_source_free(source);
}

E2_TEST(host_graft, clashes_name_both, .init = begin, .fini = end)
{
	static const char *const names[][2] = { { "a" }, { "b", "/" }, { NULL } };
	static const char *const way[][2] = { { "a" }, { "b", "/file/x" }, { NULL } };
	static const char *const soft[][2] = { { "a" }, { "b", "/soft/x" }, { NULL } };
	struct e2_source *source = NULL;

	make_dir("a", 0755);
	make_dir("b", 0755);
	make_dir("a/d", 0755);
	make_text("a/d/same", "1");
	make_dir("b/d", 0755);
	cr_assert(link(scratch_path(&s, "a/d/same"), scratch_path(&s, "b/d/same")) == 0);
	cr_assert(read_trees(names, NULL, &source) == E2_ERR_EXIST);
	cr_assert(detail_is("%s (a file) and %s (a file): both would be /d/same; only directories "
			    "merge", scratch_path(&s, "a/d/same"), scratch_path(&s, "b/d/same")));
	cr_assert(unlink(scratch_path(&s, "b/d/same")) == 0);
	make_dir("b/d/same", 0755);
	cr_assert(read_trees(names, NULL, &source) == E2_ERR_EXIST);
	cr_assert(detail_is("%s (a file) and %s (a directory): both would be /d/same; only "
			    "directories merge", scratch_path(&s, "a/d/same"),
			    scratch_path(&s, "b/d/same")));
	make_text("a/file", "");
	cr_assert(read_trees(way, NULL, &source) == E2_ERR_EXIST);
	cr_assert(detail_is("%s (a file) would be /file, where %s needs a directory",
			    scratch_path(&s, "a/file"), scratch_path(&s, "b")));
	cr_assert(symlink("d/deep", scratch_path(&s, "a/soft")) == 0);
	cr_assert(read_trees(soft, NULL, &source) == E2_ERR_EXIST);
	cr_assert(detail_is("%s (a symlink) would be /soft, where %s needs a directory",
			    scratch_path(&s, "a/soft"), scratch_path(&s, "b")));
	cr_assert(strstr(e2_err_advice(), "/b:/d/deep/x") != NULL, "%s", e2_err_advice());
	cr_assert(source == NULL);
}

/* A part of a merged directory that is swapped before its files are read. */
E2_TEST(host_graft, layers_are_compared, .init = begin, .fini = end)
{
	struct e2_source *source = NULL;
	struct e2_source_file *file;

	make_three();
	for (int i = 0; i < 2; i++) {
		const char *tree = i == 0 ? "base/both/deep" : "mods";

		cr_assert(read_trees(three, NULL, &source) == 0, "%s", e2_err_detail());
		e2_handles_close(&source->handles);
		cr_assert(rename(scratch_path(&s, tree), scratch_path(&s, "gone")) == 0);
		make_dir(tree, 0755);
		cr_assert(e2_source_open(source, at(source, i == 0 ? "/both/deep/x" :
						    "/lib/modules/6.1/k/mod"), &file) ==
			  E2_ERR_CHANGED);
		cr_assert(detail_is("%s: was replaced while it was read%s", scratch_path(&s, tree),
				    ""));
		cr_assert(holds(source, "/both/deep/y", "deep y"));
		e2_source_free(source);
		cr_assert(rmdir(scratch_path(&s, tree)) == 0);
		cr_assert(rename(scratch_path(&s, "gone"), scratch_path(&s, tree)) == 0);
	}
}

static int open_files(void)
{
	int n = 0;

	for (int fd = 3; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

E2_TEST(host_graft, memory_runs_out, .init = begin, .fini = end)
{
	static const char *const exclude[] = { "nothing", NULL };
	struct e2_source_options options = { .exclude = exclude };
	struct e2_source_graft grafts[3];
	struct e2_source *source = NULL;
	int before = open_files(), err;
	uint64_t nth;

	make_three();
	(void)setxattr(scratch_path(&s, "more"), "user.x", "value", 5, 0);
	for (size_t i = 0; i < 3; i++)
		grafts[i] = (struct e2_source_graft){ strdup(scratch_path(&s, three[i][0])),
			three[i][1] != NULL ? strdup(three[i][1]) : NULL };
	for (nth = 1;; nth++) {
		alloc_fail(nth);
		err = e2_source_trees(grafts, 3, &options, &source);
		if (err == 0)
			break;
		cr_assert(err == E2_ERR_NOMEM, "allocation %llu: %d", (unsigned long long)nth, err);
		cr_assert(open_files() == before);
	}
	alloc_fail(0);
	cr_assert(nth > 25);
	e2_source_free(source);
	cr_assert(open_files() == before);
	for (size_t i = 0; i < 3; i++)
		e2_source_graft_free(&grafts[i]);
}
