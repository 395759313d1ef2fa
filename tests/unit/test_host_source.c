/* SPDX-License-Identifier: MIT */
/* Reading host directories: records, links, holes, attributes, depth, and all that can fail. */
#include "alloc.h"
#include "disk/consts.h"
#include "e2test.h"
#include "host/source_priv.h"
#include "scratch.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>

static struct scratch s;

/* cr_assert wants an identifier at the start of its condition. */
static bool is(bool condition)
{
	return condition;
}

static int open_before;

/* Handles that were not open when the test began. */
static int open_files(void)
{
	int n = 0;

	for (int fd = 3; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n - open_before;
}

static void begin(void)
{
	open_before = 0;
	open_before = open_files();
	umask(022);
	scratch_begin(&s);
}

static void end(void)
{
	scratch_end(&s);
}

static void make_dir(const char *name)
{
	cr_assert(mkdir(scratch_path(&s, name), 0755) == 0, "%s", name);
}

static void make_text(const char *name, const char *text)
{
	scratch_file(&s, name, text, strlen(text));
}

static struct e2_source *read_tree(const struct e2_source_options *options)
{
	struct e2_source *source = NULL;
	int err = e2_source_dir(s.dir, options, &source);

	cr_assert(err == 0, "%s", e2_err_detail());
	return source;
}

static int fails_to_read(const struct e2_source_options *options)
{
	struct e2_source *source = NULL;
	int err = e2_source_dir(s.dir, options, &source);

	cr_assert(err != 0 && source == NULL);
	return err;
}

/* The object of a name in a directory; fails the test when there is none. */
static e2_obj find(const struct e2_source *source, e2_obj dir, const char *name)
{
	const struct e2_object *o = e2_source_object(source, dir);

	for (uint32_t i = 0; i < o->names; i++) {
		const struct e2_source_name *n = e2_source_name(source, o->first_name + i);

		if (strcmp(e2_source_text(source, n->text), name) == 0)
			return n->object;
	}
	cr_assert(false, "no %s", name);
	return E2_OBJ_NONE;
}

static bool detail_has(const char *text)
{
	bool found = strstr(e2_err_detail(), text) != NULL;

	if (!found)
		cr_log_error("detail is \"%s\"", e2_err_detail());
	return found;
}

/* ---- what is there ---------------------------------------------------------- */

E2_TEST(host_source, empty)
{
	struct e2_source *source;
	struct e2_source_stats stats;
	struct e2_str path = E2_STR_INIT;
	uint32_t count;

	cr_assert(e2_source_empty(&source) == 0);
	cr_assert(e2_source_objects(source) == 1);
	cr_assert(e2_source_object(source, 0)->mode == (E2_S_IFDIR | 0755));
	cr_assert(e2_source_object(source, 0)->made);
	cr_assert(e2_source_extents(source, 0, &count) == NULL && count == 0);
	cr_assert(e2_source_xattrs(source, 0, &count) == NULL && count == 0);
	cr_assert(e2_source_xattr_sets(source) == 0);
	e2_source_stats(source, &stats);
	cr_assert(stats.dirs == 1 && stats.files == 0);
	e2_source_path(source, 0, &path);
	cr_assert(path.len == 0);
	e2_source_free(source);
	e2_source_free(NULL);
}

E2_TEST(host_source, kinds_and_order, .init = begin, .fini = end)
{
	static const char *const order[] = {
		"A", "a", "a b", "a-b", "ab", "b", "fifo", "link", "sock", "\xff",
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct e2_source *source;
	struct e2_source_stats stats;
	const struct e2_object *root, *o;
	bool device;
	int fd;

	make_text("b", "text");
	make_text("a", "");
	make_text("ab", "12");
	make_text("A", "");
	make_text("a b", "");
	make_text("\xff", "");
	make_dir("a-b");
	make_text("a-b/inside", "x");
	cr_assert(symlink("../target", scratch_path(&s, "link")) == 0);
	cr_assert(mkfifo(scratch_path(&s, "fifo"), 0640) == 0);
	memcpy(address.sun_path, scratch_path(&s, "sock"), strlen(scratch_path(&s, "sock")) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	close(fd);
	device = mknod(scratch_path(&s, "a-b/dev"), S_IFCHR | 0600, makedev(300, 70000)) == 0;

	source = read_tree(NULL);
	root = e2_source_object(source, 0);
	cr_assert(root->names == 10 && root->links == 1);
	for (uint32_t i = 0; i < 10; i++)
		cr_assert_str_eq(e2_source_text(source, e2_source_name(source, i)->text), order[i]);
	o = e2_source_object(source, find(source, 0, "link"));
	cr_assert(is((o->mode & E2_S_IFMT) == E2_S_IFLNK && o->size == 9));
	cr_assert_str_eq(e2_source_text(source, o->text), "../target");
	o = e2_source_object(source, find(source, 0, "fifo"));
	cr_assert(o->mode == (E2_S_IFIFO | 0640));
	o = e2_source_object(source, find(source, 0, "sock"));
	cr_assert(is((o->mode & E2_S_IFMT) == E2_S_IFSOCK && o->links == 1));
	if (device) {
		o = e2_source_object(source, find(source, find(source, 0, "a-b"), "dev"));
		cr_assert(o->rdev_major == 300 && o->rdev_minor == 70000);
	}
	e2_source_stats(source, &stats);
	cr_assert(stats.files == 7 && stats.dirs == 2 && stats.symlinks == 1 && stats.others == 2);
	cr_assert(stats.devices == device && stats.linked == 0 && stats.outside == 0);
	e2_source_free(source);
	cr_assert(open_files() == 0);
}

/* Many names with a common start, and some without: the order is that of strcmp. */
E2_TEST(host_source, order_of_many, .init = begin, .fini = end)
{
	struct e2_source *source;
	const struct e2_object *root;
	char name[64];

	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "file-%u-%x-with-a-long-tail-%u", i % 3,
			 i * 7919 % 500, i);
		make_text(name, "");
	}
	for (unsigned round = 0; round < 2; round++) {
		source = read_tree(NULL);
		root = e2_source_object(source, 0);
		for (uint32_t i = 1; i < root->names; i++)
			cr_assert(strcmp(e2_source_text(source, e2_source_name(source,
									       i - 1)->text),
					 e2_source_text(source, e2_source_name(source,
									       i)->text)) < 0);
		e2_source_free(source);
		make_text(round == 0 ? "f" : "x", "");
	}
}

E2_TEST(host_source, hard_links, .init = begin, .fini = end)
{
	struct e2_source *source;
	struct e2_source_stats stats;
	char outside[80];
	e2_obj a;

	make_text("a", "hello");
	make_dir("d");
	cr_assert(link(scratch_path(&s, "a"), scratch_path(&s, "d/b")) == 0);
	cr_assert(link(scratch_path(&s, "a"), scratch_path(&s, "c")) == 0);
	cr_assert(symlink("x", scratch_path(&s, "l")) == 0);
	cr_assert(link(scratch_path(&s, "l"), scratch_path(&s, "l2")) == 0);
	make_text("single", "");
	snprintf(outside, sizeof(outside), "%s.outside", s.dir);
	cr_assert(link(scratch_path(&s, "single"), outside) == 0);

	source = read_tree(NULL);
	unlink(outside);
	a = find(source, 0, "a");
	cr_assert(find(source, 0, "c") == a && find(source, find(source, 0, "d"), "b") == a);
	cr_assert(e2_source_object(source, a)->links == 3);
	cr_assert(find(source, 0, "l") == find(source, 0, "l2"));
	cr_assert(e2_source_objects(source) == 5);
	e2_source_stats(source, &stats);
	cr_assert(stats.linked == 2 && stats.names == 5 && stats.outside == 1);
	cr_assert(stats.files == 2 && stats.symlinks == 1);
	e2_source_free(source);
}

E2_TEST(host_source, holes, .init = begin, .fini = end)
{
	struct e2_source *source;
	struct e2_source_stats stats;
	const struct e2_extent *x;
	uint32_t count;
	int fd;

	fd = open(scratch_path(&s, "sparse"), O_CREAT | O_WRONLY, 0644);
	cr_assert(pwrite(fd, "data", 4, 1 << 20) == 4 && pwrite(fd, "end", 3, 5 << 20) == 3);
	cr_assert(ftruncate(fd, 8 << 20) == 0);
	close(fd);
	fd = open(scratch_path(&s, "void"), O_CREAT | O_WRONLY, 0644);
	cr_assert(ftruncate(fd, 1 << 30) == 0);
	close(fd);
	make_text("full", "no hole");

	source = read_tree(NULL);
	x = e2_source_extents(source, find(source, 0, "sparse"), &count);
	cr_assert(count == 2, "%u", count);
	cr_assert(x[0].start <= 1 << 20 && x[0].end > 1 << 20 && x[0].end < 5 << 20);
	cr_assert(x[1].start <= 5 << 20 && x[1].end > 5 << 20 && x[1].end <= 8 << 20);
	x = e2_source_extents(source, find(source, 0, "void"), &count);
	cr_assert(count == 1 && x[0].start == x[0].end);
	cr_assert(e2_source_extents(source, find(source, 0, "full"), &count) == NULL);
	e2_source_stats(source, &stats);
	cr_assert(stats.sparse == 2 && stats.sparse_bytes == (8 << 20) + (1 << 30));
	cr_assert(stats.sparse_data >= 7 && stats.sparse_data < 1 << 20);
	e2_source_free(source);
}

/* ---- attributes ------------------------------------------------------------- */

static bool set_xattr(const char *name, const char *attr, const void *value, size_t len)
{
	if (lsetxattr(scratch_path(&s, name), attr, value, len, 0) == 0)
		return true;
	cr_assert(is(errno == ENOTSUP || errno == EPERM), "%s: %s", attr, strerror(errno));
	return false;
}

E2_TEST(host_source, xattrs, .init = begin, .fini = end)
{
	static const uint8_t acl[] = {	/* u::rw- u:7:r-- g::r-- m::r-- o::r-- */
		2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 7, 0, 0, 0,
		4, 0, 4, 0, 255, 255, 255, 255, 16, 0, 4, 0, 255, 255, 255, 255,
		32, 0, 4, 0, 255, 255, 255, 255 };
	char big[2000];
	const struct e2_xattr_item *v;
	struct e2_source *source;
	uint32_t count, set;
	bool access, trusted;

	memset(big, 'v', sizeof(big));
	make_text("a", "");
	make_text("b", "");
	make_text("c", "");
	make_dir("d");
	if (!set_xattr("a", "user.zz", "1", 1))
		cr_skip("no attributes here");
	set_xattr("a", "user.b", "22", 2);
	set_xattr("b", "user.b", "22", 2);
	set_xattr("b", "user.zz", "1", 1);
	set_xattr("c", "user.big", big, sizeof(big));
	set_xattr("c", "user.empty", "", 0);
	set_xattr("", "user.root", "r", 1);
	access = set_xattr("d", "system.posix_acl_access", acl, sizeof(acl));
	trusted = set_xattr("c", "trusted.t", "t", 1);
	for (int proc = 0; proc < 2; proc++) {
		source = read_tree(&(struct e2_source_options){ .proc_xattrs = proc });
		set = e2_source_object(source, find(source, 0, "a"))->xattrs;
		v = e2_source_xattrs(source, set, &count);
		cr_assert(count == 2 && v[0].name_len == 1 && v[0].value_len == 2);
		cr_assert(v[0].name_index == E2_XATTR_USER && memcmp(v[0].name, "b", 2) == 0);
		cr_assert(memcmp(v[1].name, "zz", 3) == 0 && v[1].value[0] == '1');
		cr_assert(e2_source_object(source, find(source, 0, "b"))->xattrs == set);
		v = e2_source_xattrs(source, e2_source_object(source, find(source, 0, "c"))->xattrs,
				     &count);
		cr_assert(count == 2u + trusted && v[0].value_len == 2000 && v[1].value_len == 0);
		cr_assert(is(!trusted || v[2].name_index == E2_XATTR_TRUSTED));
		cr_assert(memcmp(v[0].value, big, 2000) == 0);
		v = e2_source_xattrs(source, e2_source_object(source, 0)->xattrs, &count);
		cr_assert(count == 1 && v[0].name_len == 4);
		if (access) {
			e2_obj d = find(source, 0, "d");

			v = e2_source_xattrs(source, e2_source_object(source, d)->xattrs, &count);
			cr_assert(count == 1 && v[0].name_index == E2_XATTR_ACL_ACCESS);
			cr_assert(v[0].name_len == 0
				  && v[0].value[0] == 1);	/* version on disk */
			cr_assert(v[0].value_len == 4 + 4 * 4 + 8);
		}
		cr_assert(e2_source_xattr_sets(source) == 3u + access);
		e2_source_free(source);
	}
	source = read_tree(&(struct e2_source_options){ .no_xattrs = true });
	cr_assert(e2_source_xattr_sets(source) == 0);
	e2_source_free(source);
}

/* Long lists and many sets: buffers grow, hashes collide in no harmful way. */
E2_TEST(host_source, many_xattrs, .init = begin, .fini = end)
{
	struct e2_source *source;
	char name[256], attr[256];

	make_text("f", "");
	for (unsigned i = 0; i < 14; i++) {
		snprintf(attr, sizeof(attr), "user.%u%0200u", i, 0);
		if (!set_xattr("f", attr, "v", 1))
			cr_skip("no attributes here");
	}
	for (unsigned i = 0; i < 50; i++) {
		snprintf(name, sizeof(name), "n%u", i);
		make_text(name, "");
		set_xattr(name, "user.i", name, strlen(name) - i % 2);
	}
	for (int proc = 0; proc < 2; proc++) {
		uint32_t count;

		source = read_tree(&(struct e2_source_options){ .proc_xattrs = proc });
		e2_source_xattrs(source, e2_source_object(source, find(source, 0, "f"))->xattrs,
				 &count);
		cr_assert(count == 14);
		cr_assert(e2_source_xattr_sets(source) > 25);
		e2_source_free(source);
	}
}

E2_TEST(host_source, sets_that_collide)
{
	struct e2_source *source;
	uint8_t value = 0;
	struct e2_xattr_item v = { .name = "a", .name_len = 1, .name_index = 1, .value = &value,
				     .value_len = 1 };
	uint32_t first, second, again;

	cr_assert(e2_source_empty(&source) == 0);
	cr_assert(e2_source_add_set(source, &v, 1, &first) == 0);
	value = 1;
	cr_assert(e2_source_add_set(source, &v, 1, &second) == 0 && second == 2);
	/* Where the second is known, the first is: as if their hashes were the same. */
	for (size_t cursor = 0;;) {
		uint64_t key, known;

		if (!e2_map_next(source->set_index, &cursor, &key, &known))
			break;
		cr_assert(e2_map_set(source->set_index, key, 1) == 0);
	}
	cr_assert(e2_source_add_set(source, &v, 1, &again) == 0 && again == 3);
	value = 0;
	cr_assert(e2_source_add_set(source, &v, 1, &again) == 0 && again == 1);
	e2_source_free(source);
}

/* ---- depth, exclusion ------------------------------------------------------- */

enum { DEPTH = 300 };

/* A chain of directories with names of 255 bytes, far longer than a path may be. */
static void make_chain(void)
{
	char name[E2_NAME_MAX + 1];
	int fd = open(s.dir, O_RDONLY | O_DIRECTORY);

	memset(name, 'd', E2_NAME_MAX);
	name[E2_NAME_MAX] = '\0';
	for (unsigned i = 0; i < DEPTH; i++) {
		int next, file;

		cr_assert(mkdirat(fd, name, 0755) == 0);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY);
		cr_assert(next >= 0);
		if (i % 10 == 0) {	/* a file behind the directory, and a second directory */
			file = openat(fd, "file", O_CREAT | O_WRONLY, 0644);
			cr_assert(write(file, "deep", 4) == 4);
			close(file);
			cr_assert(mkdirat(fd, "z", 0755) == 0);
		}
		close(fd);
		fd = next;
	}
	close(fd);
}

static void remove_chain(void)
{
	char name[E2_NAME_MAX + 1];
	int fd = open(s.dir, O_RDONLY | O_DIRECTORY), up;

	memset(name, 'd', E2_NAME_MAX);
	name[E2_NAME_MAX] = '\0';
	for (;;) {
		int next = openat(fd, name, O_RDONLY | O_DIRECTORY);

		unlinkat(fd, "file", 0);
		unlinkat(fd, "z", AT_REMOVEDIR);
		if (next < 0)
			break;
		close(fd);
		fd = next;
	}
	for (unsigned i = 0; i < DEPTH; i++) {
		up = openat(fd, "..", O_RDONLY | O_DIRECTORY);
		close(fd);
		unlinkat(up, name, AT_REMOVEDIR);
		fd = up;
	}
	close(fd);
}

E2_TEST(host_source, depth, .init = begin, .fini = end)
{
	struct rlimit few = { E2_SOURCE_HANDLES + 16, E2_SOURCE_HANDLES + 16 };
	struct e2_source *source;
	struct e2_source_file *file;
	struct e2_source_stats stats;
	char text[4];

	make_chain();
	cr_assert(setrlimit(RLIMIT_NOFILE, &few) == 0);
	source = read_tree(NULL);
	e2_source_stats(source, &stats);
	cr_assert(stats.dirs == DEPTH + 1 + DEPTH / 10 && stats.files == DEPTH / 10);
	for (int up = 0; up < 2; up++) {	/* downwards and upwards */
		for (e2_obj i = 0; i < e2_source_objects(source); i++) {
			e2_obj obj = up ? e2_source_objects(source) - 1 - i : i;

			if (!S_ISREG(e2_source_object(source, obj)->mode))
				continue;
			cr_assert(e2_source_open(source, obj, &file) == 0, "%s", e2_err_detail());
			cr_assert(e2_source_read(file, 0, 4, text) == 0);
			cr_assert(memcmp(text, "deep", 4) == 0);
			cr_assert(e2_source_close(file) == 0);
			cr_assert(open_files() <= E2_SOURCE_HANDLES);
		}
	}
	/* The reason is not lost behind a path of 75,000 bytes. */
	e2_source_fail(source, e2_source_objects(source) - 1, E2_ERR_CHANGED, "the reason");
	cr_assert(detail_has("...") && detail_has(": the reason"));
	e2_source_free(source);
	cr_assert(open_files() == 0);
	remove_chain();
}

static bool is_own(void *context, uint64_t dev, uint64_t ino)
{
	const struct stat *st = context;

	return st->st_dev == dev && st->st_ino == ino;
}

E2_TEST(host_source, left_out, .init = begin, .fini = end)
{
	static const char *const exclude[] = { "/a/", "./b/c", "nothing", "d", NULL };
	struct e2_source_options options = { .exclude = exclude, .is_own = is_own };
	struct e2_source *source;
	struct stat st;

	make_dir("a");
	make_text("a/x", "");
	make_dir("b");
	make_dir("b/c");
	make_text("b/d", "");
	make_text("b/own", "image");
	make_text("c", "");
	cr_assert(stat(scratch_path(&s, "b/own"), &st) == 0);
	options.context = &st;
	source = read_tree(&options);
	cr_assert(e2_source_objects(source) == 4);	/* root b c b/d */
	cr_assert(e2_source_object(source, 0)->names == 2 && e2_source_object(source,
									      0)->links == 1);
	cr_assert(find(source, find(source, 0, "b"), "d") != 0);
	cr_assert(e2_source_object(source, find(source, 0, "b"))->names == 1);
	e2_source_free(source);
}

/* ---- failures --------------------------------------------------------------- */

struct told { unsigned count; char text[8][256]; };

static void warn(void *context, const char *text)
{
	struct told *told = context;

	snprintf(told->text[told->count++ % 8], sizeof(told->text[0]), "%s", text);
}

/* Unreadable things exist only for those who are not root. */
static void become_nobody(void)
{
	cr_assert(chmod(s.dir, 0755) == 0);
	if (geteuid() == 0) {
		cr_assert(setegid(65534) == 0);
		cr_assert(seteuid(65534) == 0);
	}
}

E2_TEST(host_source, unreadable, .init = begin)
{
	struct told told = { .count = 0 };
	struct e2_source_options options = { .skip_unreadable = true, .warn = warn,
					     .context = &told };
	struct e2_source *source;
	struct e2_source_stats stats;
	struct e2_source_file *file;
	uid_t owner = geteuid();
	e2_obj obj;

	make_text("ok", "yes");
	make_dir("closed");
	make_text("closed/x", "");
	make_text("secret", "no");
	/* Its other names fail too, and are not taken for what comes after. */
	cr_assert(link(scratch_path(&s, "secret"), scratch_path(&s, "secret2")) == 0);
	make_text("twice", "2");
	cr_assert(link(scratch_path(&s, "twice"), scratch_path(&s, "twice2")) == 0);
	make_text("empty", "");
	cr_assert(truncate(scratch_path(&s, "empty"), 1 << 20) == 0);
	cr_assert(chmod(scratch_path(&s, "closed"), owner == 0 ? 0700 : 0) == 0);
	cr_assert(chmod(scratch_path(&s, "secret"), owner == 0 ? 0600 : 0) == 0);
	become_nobody();
	if (access(scratch_path(&s, "secret"), R_OK) == 0 && owner != 0)
		cr_skip("everything is readable here");
	cr_assert(fails_to_read(NULL) == E2_ERR_ACCES && detail_has("/closed: permission denied"));
	source = read_tree(&options);
	e2_source_stats(source, &stats);
	cr_assert(stats.skipped == 3 && told.count == 3);
	cr_assert(stats.linked == 1 && stats.names == 2 && stats.files == 3);
	cr_assert(strstr(told.text[0], "/secret: permission denied; left out") != NULL);
	cr_assert(strstr(told.text[2],
			 "/closed: permission denied; its content is left out") != NULL);
	cr_assert(e2_source_objects(source) == 5);
	cr_assert(e2_source_object(source, find(source, 0, "closed"))->names == 0);
	e2_source_free(source);
	/* Readable when it was seen, not when it is read. */
	if (owner == 0)
		cr_assert(seteuid(0) == 0);
	cr_assert(chmod(scratch_path(&s, "closed"), 0755) == 0);
	if (owner == 0)
		cr_assert(seteuid(65534) == 0);
	source = read_tree(NULL);
	obj = find(source, 0, "secret");
	cr_assert(e2_source_open(source, obj, &file) == E2_ERR_ACCES && detail_has("/secret: "));
	e2_source_free(source);
	if (owner == 0)
		cr_assert(seteuid(0) == 0);
	scratch_end(&s);
}

/* A file that is left out gives its number to the next one, but not its names. */
E2_TEST(host_source, unreadable_links, .init = begin)
{
	struct told told = { .count = 0 };
	struct e2_source_options options = { .skip_unreadable = true, .warn = warn,
					     .context = &told };
	struct e2_source *source;
	struct e2_source_stats stats;
	uid_t owner = geteuid();

	make_text("a", "no");
	cr_assert(link(scratch_path(&s, "a"), scratch_path(&s, "c")) == 0);
	make_text("b", "yes");
	cr_assert(chmod(scratch_path(&s, "a"), owner == 0 ? 0600 : 0) == 0);
	become_nobody();
	if (access(scratch_path(&s, "a"), R_OK) == 0 && owner != 0)
		cr_skip("everything is readable here");
	source = read_tree(&options);
	e2_source_stats(source, &stats);
	cr_assert(stats.skipped == 2 && told.count == 2);
	cr_assert(e2_source_objects(source) == 2 && find(source, 0, "b") == 1);
	cr_assert(stats.outside == 0 && stats.linked == 0, "%llu outside",
		  (unsigned long long)stats.outside);
	e2_source_free(source);
	if (owner == 0)
		cr_assert(seteuid(0) == 0);
	scratch_end(&s);
}

static int read_all(struct e2_source *source, const char *name, size_t len)
{
	struct e2_source_file *file;
	char buf[64];
	int err = e2_source_open(source, find(source, 0, name), &file), end_err;

	if (err != 0)
		return err;
	err = e2_source_read(file, 0, len, buf);
	end_err = e2_source_close(file);
	return err != 0 ? err : end_err;
}

E2_TEST(host_source, changes_are_noticed, .init = begin, .fini = end)
{
	struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	static const char *const names[] = { "grows", "shrinks", "written", "swapped", "gone",
					     "linked", "same" };
	struct e2_source *source;

	for (unsigned i = 0; i < 7; i++) {
		make_text(names[i], "1234");
		cr_assert(utimensat(AT_FDCWD, scratch_path(&s, names[i]), old, 0) == 0);
	}
	source = read_tree(NULL);
	make_text("grows", "123456");
	make_text("shrinks", "12");
	make_text("written", "4321");
	make_text("swap", "1234");
	cr_assert(rename(scratch_path(&s, "swap"), scratch_path(&s, "swapped")) == 0);
	cr_assert(unlink(scratch_path(&s, "gone")) == 0 && unlink(scratch_path(&s, "linked")) == 0);
	cr_assert(symlink("same", scratch_path(&s, "linked")) == 0);

	cr_assert(read_all(source, "same", 4) == 0);
	cr_assert(read_all(source, "grows", 4) == E2_ERR_CHANGED);
	cr_assert(detail_has("/grows: grew from 4 to 6 bytes while it was read"));
	cr_assert(read_all(source, "shrinks", 4) == E2_ERR_CHANGED);
	cr_assert(detail_has("/shrinks: shrank from 4 to 2 bytes while it was read"));
	cr_assert(read_all(source, "written", 4) == E2_ERR_CHANGED);
	cr_assert(detail_has("/written: was written while it was read"));
	cr_assert(read_all(source, "swapped", 4) == E2_ERR_CHANGED);
	cr_assert(detail_has("/swapped: was replaced while it was read"));
	cr_assert(read_all(source, "gone", 4) == E2_ERR_CHANGED && detail_has("replaced"));
	cr_assert(read_all(source, "linked", 4) == E2_ERR_CHANGED && detail_has("replaced"));
	cr_assert(read_all(source, "same", 5) == E2_ERR_CHANGED
		  && detail_has("shrank from 4 to 4"));
	cr_assert(e2_source_close(NULL) == 0);
	e2_source_free(source);
}

/* A directory that became another one, or a link, between walk and reading. */
E2_TEST(host_source, directory_swapped, .init = begin, .fini = end)
{
	struct e2_source *source;
	struct e2_source_file *file;
	e2_obj obj;

	make_dir("d");
	make_text("d/f", "1234");
	for (int kind = 0; kind < 2; kind++) {
		source = read_tree(NULL);
		obj = find(source, find(source, 0, "d"), "f");
		e2_handles_close(&source->handles);
		cr_assert(rename(scratch_path(&s, "d"), scratch_path(&s, kind ? "e2" : "e")) == 0);
		if (kind == 0)
			make_dir("d");
		else
			cr_assert(symlink("e", scratch_path(&s, "d")) == 0);
		cr_assert(e2_source_open(source, obj, &file) == E2_ERR_CHANGED);
		cr_assert(detail_has("/d: was replaced while it was read"));
		e2_source_free(source);
		if (kind == 0) {
			cr_assert(rmdir(scratch_path(&s, "d")) == 0);
			cr_assert(rename(scratch_path(&s, "e"), scratch_path(&s, "d")) == 0);
		}
	}
}

static int stop(void *context, uint64_t objects)
{
	uint64_t *calls = context;

	cr_assert(objects > 0);
	return ++*calls == 2;
}

E2_TEST(host_source, refusals, .init = begin, .fini = end)
{
	uint64_t calls = 0;
	struct e2_source_options options = { .progress = stop, .context = &calls };
	struct e2_source *source;
	char name[32];

	cr_assert(e2_source_dir(scratch_path(&s, "none"), NULL, &source) == E2_ERR_NOENT);
	cr_assert(detail_has("/none: "));
	make_text("file", "");
	cr_assert(e2_source_dir(scratch_path(&s, "file"), NULL, &source) == E2_ERR_NOTDIR);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "%u", i);
		make_text(name, "");
	}
	cr_assert(fails_to_read(&options) == E2_ERR_CANCELLED && calls == 2);
	calls = 2;
	source = read_tree(&options);
	e2_source_free(source);
	cr_assert(open_files() == 0);
}

/* Every allocation fails once: an error each time, nothing open, nothing lost. */
E2_TEST(host_source, memory_runs_out, .init = begin, .fini = end)
{
	static const char *const exclude[] = { "nothing", NULL };
	struct e2_source_options options = { .exclude = exclude };
	struct e2_source *source = NULL;
	uint64_t nth;
	int err;

	make_text("a", "x");
	make_dir("d");
	make_dir("d/e");
	cr_assert(link(scratch_path(&s, "a"), scratch_path(&s, "b")) == 0);
	cr_assert(symlink("t", scratch_path(&s, "d/l")) == 0);
	cr_assert(truncate(scratch_file(&s, "d/sparse", "", 0), 1 << 20) == 0);
	set_xattr("d", "user.x", "value", 5);
	for (nth = 1;; nth++) {
		alloc_fail(nth);
		err = e2_source_dir(s.dir, &options, &source);
		if (err == 0)
			break;
		cr_assert(err == E2_ERR_NOMEM, "allocation %llu: %d", (unsigned long long)nth, err);
		cr_assert(open_files() == 0);
	}
	alloc_fail(0);
	cr_assert(nth > 15);
	e2_source_free(source);
	for (nth = 1; e2_source_empty(&source) == 0 ? (e2_source_free(source),
						       nth < 8) : true; nth++)
		alloc_fail(nth);
	alloc_fail(0);
}
