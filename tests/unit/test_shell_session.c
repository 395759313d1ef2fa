/* SPDX-License-Identifier: MIT */
#include "alloc.h"
#include "e2test.h"
#include "image.h"

#include "debugfs/shell.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * A volume of 1 KiB blocks:
 *	/test <12> "Hello, world\n", also /docs/copy
 *	/docs <13>, /docs/rel <14> -> ../test, /docs/loop1 <15> -> loop2 <16> -> loop1,
 *	/docs/rotten <17> -> /no/such, "/a\nb\e" <18>, /big <19>: 13 blocks and a hole
 */
struct session {
	struct img img;
	struct shell sh;
	int out;
};

static void link_symlink(struct img *img, e2_ino ino, const char *name, const char *text)
{
	struct e2_inode in = img_symlink(text);

	img_inode(img, ino, &in);
	img_link(img, 13, name, ino, E2_FT_LNK);
}

static void begin(struct session *s, enum out_mode mode)
{
	struct e2_inode in;

	img_new(&s->img, &(struct img_options){ .block_size = 1024, .inodes_per_group = 32 });
	in = img_reg(13);
	in.links_count = 2;
	in.mtime = 1795166364;
	img_map(&s->img, &in, 0, img_put(&s->img, "Hello, world\n", 13));
	img_inode(&s->img, 12, &in);
	img_link(&s->img, E2_INO_ROOT, "test", 12, E2_FT_REG);
	in = img_reg(1024);
	in.mode = E2_S_IFDIR | 0755;
	in.links_count = 2;
	img_map(&s->img, &in, 0, img_put(&s->img,
		"\x0d\0\0\0\x0c\0\1\2.\0\0\0\2\0\0\0\xf4\3\2\2..", 22));
	img_inode(&s->img, 13, &in);
	img_link(&s->img, E2_INO_ROOT, "docs", 13, E2_FT_DIR);
	img_link(&s->img, 13, "copy", 12, E2_FT_REG);
	link_symlink(&s->img, 14, "rel", "../test");
	link_symlink(&s->img, 15, "loop1", "loop2");
	link_symlink(&s->img, 16, "loop2", "loop1");
	link_symlink(&s->img, 17, "rotten", "/no/such");
	in = img_reg(0);
	img_inode(&s->img, 18, &in);
	img_link(&s->img, E2_INO_ROOT, "a\nb\033", 18, E2_FT_REG);
	in = img_reg(14 * 1024);
	for (e2_lblk i = 0; i < 14; i++)
		if (i != 3)
			img_map(&s->img, &in, i, img_put(&s->img, "x", 1));
	img_inode(&s->img, 19, &in);
	img_link(&s->img, E2_INO_ROOT, "big", 19, E2_FT_REG);
	img_sync(&s->img);
	s->sh = (struct shell){ .image = "a.img", .cwd = E2_INO_ROOT, .time_flags = E2_TIME_UTC };
	s->sh.fs = img_open(&s->img, NULL);
	e2_str_add(&s->sh.cwd_path, "/");
	s->out = memfd_create("out", MFD_CLOEXEC);
	cr_assert_geq(s->out, 0);
	out_open(&s->sh.out, s->out, mode, COLOR_NEVER);
}

static void end(struct session *s)
{
	out_close(&s->sh.out);
	shell_end(&s->sh);
	e2_close(s->sh.fs);
	img_free(&s->img);
	close(s->out);
}

/* Runs a line; *text is what it printed. */
static enum shell_status run(struct session *s, const char *line, char *text, size_t size)
{
	enum shell_status status;
	ssize_t n;

	cr_assert_eq(ftruncate(s->out, 0), 0);
	cr_assert_eq(lseek(s->out, 0, SEEK_SET), 0);
	status = shell_line(&s->sh, line, strlen(line));
	n = pread(s->out, text, size - 1, 0);
	cr_assert_geq(n, 0);
	text[n] = '\0';
	return status;
}

static void assert_prints(struct session *s, const char *line, const char *want)
{
	char text[8192];
	enum shell_status status = run(s, line, text, sizeof(text));

	cr_assert_eq(status, SHELL_OK, "%s: %d", line, (int)status);
	cr_assert_str_eq(text, want, "%s: %s", line, text);
}

static void assert_status(struct session *s, const char *line, enum shell_status want)
{
	char text[8192];
	enum shell_status status = run(s, line, text, sizeof(text));

	cr_assert_eq(status, want, "%s: %d", line, (int)status);
}

E2_TEST(shell_session, reading_commands_print_what_is_there)
{
	struct session s;

	begin(&s, OUT_TEXT);
	assert_prints(&s, "cat /test", "Hello, world\n");
	assert_prints(&s, "cat <12>; cat %12 docs/rel",
		      "Hello, world\nHello, world\nHello, world\n");
	assert_prints(&s, "cat <14>; cat -P docs/rel", "../test\n../test\n");
	assert_prints(&s, "readlink /docs/rel <17>", "../test\n/no/such\n");
	assert_prints(&s, "ls", "a\\x0ab\\x1b\nbig\ndocs\ntest\n");
	assert_prints(&s, "ls -a docs/rel docs",
		      "docs/rel\n\n/docs:\n.\n..\ncopy\nloop1\nloop2\nrel\nrotten\n");
	assert_prints(&s, "ls -L docs/rel", "docs/rel\n");
	assert_prints(&s, "ls -l test",
		      "-rw-r--r--      2     0     0     13  2026-11-20 09:19  test\n");
	assert_prints(&s, "ls -i test docs/loop1", "   12  test\n   15  docs/loop1\n");
	assert_prints(&s, "cd docs; pwd; cd ..; pwd", "/docs\n/\n");
	end(&s);
}

E2_TEST(shell_session, where_find_resolve_and_blocks_agree_with_the_tree)
{
	struct session s;

	begin(&s, OUT_TEXT);
	assert_prints(&s, "where test", "/test\n/docs/copy\n");
	assert_prints(&s, "ncheck 14 15", "/docs/rel <14>\n/docs/loop1 <15>\n");
	assert_prints(&s, "find -links 2 -type f", "/test\n/docs/copy\n");
	assert_prints(&s, "find docs -name \"*o*1\"", "docs/loop1\n");
	assert_prints(&s, "find / -size +13K", "/big\n");
	assert_prints(&s, "find -inum 2", "/\n");
	assert_prints(&s, "resolve docs/rel; resolve -P docs/rel", "/test <12>\n/docs/rel <14>\n");
	assert_prints(&s, "blocks big 3; blocks big 99", "hole\nhole\n");
	assert_prints(&s, "print /test links_count; print <12>.links_count", "2\n2\n");
	assert_prints(&s, "print sb magic inodes_per_group",
		      "magic             0xef53\ninodes_per_group  32\n");
	assert_prints(&s, "hex /test", "000000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 0a           "
		      "Hello, world.\n");
	end(&s);
}

E2_TEST(shell_session, a_failure_is_a_failure)
{
	static const char *const failing[] = {
		"cat /nosuch", "cat /docs", "cat /docs/rotten", "cat /docs/loop1", "ls /nosuch",
		"stat <99999>",
		"readlink /test", "where <5>", "cd /test", "print ^9",
		"print 99999999", "hex 99999999",
		"hex sb.state",
		"blocks /nosuch", "resolve /docs/rotten", "find /nosuch", "help nosuch",
		"find -type x",
		"print sb.nosuch", "hex /test 14", "print sb:7", "cat <18446744073709551615>",
	};
	static const char *const usage[] = {
		"sta", "ls -x", "cat", "cat <0>", "print", "ls 'a", "blocks /big x", "pwd x",
		"ls >", "ls | ", "cd a b",
	};
	struct session s;

	begin(&s, OUT_TEXT);
	for (size_t i = 0; i + 1 < sizeof(failing) / sizeof(*failing); i++)
		assert_status(&s, failing[i], SHELL_FAILED);
	for (size_t i = 0; i < sizeof(usage) / sizeof(*usage); i++)
		assert_status(&s, usage[i], SHELL_USAGE);
	assert_prints(&s, "-cat /nosuch; pwd", "/\n");
	assert_status(&s, "cat /nosuch; quit", SHELL_FAILED);
	cr_assert_not(s.sh.quit);
	s.sh.keep_going = true;
	assert_status(&s, "sta; cat /nosuch; quit", SHELL_USAGE);
	cr_assert(s.sh.quit);
	end(&s);
}

E2_TEST(shell_session, records_are_json_or_tsv)
{
	struct session s;

	begin(&s, OUT_JSON);
	assert_prints(&s, "pwd", "{\"format\": \"extant-pwd/1\", \"path\": \"/\", \"ino\": 2}\n");
	assert_prints(&s, "readlink docs/rel", "{\"format\": \"extant-readlink/1\", \"path\": "
		      "\"/docs/rel\", \"ino\": 14, \"target\": \"../test\"}\n");
	assert_prints(&s, "where <18>", "{\"format\": \"extant-where/1\", \"ino\": 18, "
		      "\"path\": \"/a\\nb\\u001b\"}\n");
	end(&s);
	begin(&s, OUT_TSV);
	assert_prints(&s, "where <18> <12>",
		      "ino\tpath\n18\t/a\\x0ab\\x1b\n12\t/test\n12\t/docs/copy\n");
	end(&s);
}

E2_TEST(shell_session, explanations_count_and_do_not_believe)
{
	struct session s;
	char text[8192];

	begin(&s, OUT_TEXT);
	cr_assert_eq(run(&s, "stat --explain /test", text, sizeof(text)), SHELL_OK);
	cr_assert_not_null(strstr(text, "links 2     2 names: /test /docs/copy\n"), "%s", text);
	cr_assert_not_null(strstr(text, "size 13     13 bytes of one block of 1024"), "%s", text);
	cr_assert_eq(run(&s, "stat --explain /big", text, sizeof(text)), SHELL_OK);
	cr_assert_not_null(strstr(text, "14 blocks, 13 of data and 1 of pointers"), "%s", text);
	cr_assert_not_null(strstr(text, "1 of 14 file blocks are holes"), "%s", text);
	cr_assert_not_null(strstr(text, "block[12]        single ->"), "%s", text);
	cr_assert_eq(run(&s, "stat --explain /docs/loop1", text, sizeof(text)), SHELL_OK);
	cr_assert_not_null(strstr(text, "symlink to \"loop2\"  (loop)"), "%s", text);
	end(&s);
}

E2_TEST(shell_session, a_full_disk_is_told_once_and_ends_the_session)
{
	struct session s;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	begin(&s, OUT_TEXT);
	cr_assert_geq(full, 0);
	s.sh.out.fd = full;
	cr_assert_eq(shell_line(&s.sh, "cat /test; pwd", 14), SHELL_FAILED);
	cr_assert(s.sh.quit);
	close(full);
	end(&s);
}

/* A line for which memory runs out has failed, whatever it was needed for. */
E2_TEST(shell_session, a_line_without_memory_fails)
{
	char text[256];
	struct session s;

	begin(&s, OUT_TEXT);
	e2_close(s.sh.fs);
	s.sh.fs = img_open(&s.img, &(struct e2_open_options){ .flags = E2_OPEN_WRITE });
	s.sh.writable = s.sh.whole = s.sh.survives = true;
	/* Lines that need no marks of their own, so that it is a line's that needs more memory. */
	for (int i = 0; i < 20; i++) {
		assert_status(&s, "set <12> generation 7", SHELL_OK);
		alloc_fail(1);
		enum shell_status status = run(&s, "touch /test", text, sizeof(text));
		alloc_fail(0);
		cr_assert_eq(status != SHELL_OK, true, "line %d", i);
	}
	cr_assert_eq(shell_end_lines(&s.sh, SHELL_OK), SHELL_OK);
	end(&s);
}
