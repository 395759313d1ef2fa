/* SPDX-License-Identifier: MIT */
/* When changes become true: lines, scripts, groups, undo; and what is left when memory runs out. */
#include "alloc.h"
#include "e2test.h"
#include "image.h"
#include "writing.h"

#include "debugfs/shell.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct session {
	struct img img;
	struct shell sh;
	uint64_t size;		/* of the volume, in bytes */
	uint8_t *before;	/* its bytes */
	int out;
};

static void keep(struct session *s)
{
	cr_assert_eq(e2_io_read(e2_fs_io(s->sh.fs), 0, s->size, s->before), 0);
}

static bool unchanged(struct session *s)
{
	uint8_t *now = malloc(s->size);
	bool same;

	cr_assert_not_null(now);
	cr_assert_eq(e2_io_read(e2_fs_io(s->sh.fs), 0, s->size, now), 0);
	same = memcmp(now, s->before, s->size) == 0;
	free(now);
	return same;
}

/* whole: as a script; survives: as with --keep-going. */
static void begin(struct session *s, bool whole, bool survives)
{
	struct e2_time clock = { 1700000000, 0 };

	img_new(&s->img, &(struct img_options){ .blocks = 1024, .inodes_per_group = 512 });
	s->sh = (struct shell){ .image = "a.img", .cwd = E2_INO_ROOT, .writable = true,
				.whole = whole, .survives = survives };
	s->sh.fs = img_open(&s->img, &(struct e2_open_options){ .flags = E2_OPEN_WRITE });
	e2_fs_set_clock(s->sh.fs, &clock);
	e2_str_add(&s->sh.cwd_path, "/");
	s->out = memfd_create("out", MFD_CLOEXEC);
	cr_assert_geq(s->out, 0);
	out_open(&s->sh.out, s->out, OUT_TEXT, COLOR_NEVER);
	s->size = e2_fs_io(s->sh.fs)->size;
	s->before = malloc(s->size);
	cr_assert_not_null(s->before);
	keep(s);
}

static void end(struct session *s)
{
	out_close(&s->sh.out);
	shell_end(&s->sh);
	e2_close(s->sh.fs);
	img_free(&s->img);
	free(s->before);
	close(s->out);
}

static enum shell_status line(struct session *s, const char *text)
{
	s->sh.line++;
	return shell_line(&s->sh, text, strlen(text));
}

static bool is_there(struct session *s, const char *name)
{
	e2_ino ino;

	return e2_dir_lookup(s->sh.fs, E2_INO_ROOT, name, strlen(name), &ino) == 0;
}

static bool gone(struct session *s, const char *name)
{
	return !is_there(s, name);
}

E2_TEST(shell_change, a_line_is_all_or_nothing)
{
	struct session s;

	begin(&s, false, true);
	cr_assert_eq(line(&s, "mkdir /a; mkdir /b"), SHELL_OK);
	cr_assert(is_there(&s, "a") && is_there(&s, "b"));
	cr_assert_null(s.sh.txn);
	keep(&s);
	cr_assert_eq(line(&s, "mkdir /c; mkdir /a"), SHELL_FAILED);
	cr_assert(unchanged(&s) && gone(&s, "c"));
	cr_assert_eq(line(&s, "mkdir /c /a"), SHELL_FAILED);
	cr_assert(unchanged(&s));
	cr_assert_eq(line(&s, "mkdir /c; frob"), SHELL_USAGE);
	cr_assert(unchanged(&s));
	cr_assert_eq(line(&s, "mkdir /d; -mkdir /e /a; mkdir /f"), SHELL_OK);
	cr_assert(is_there(&s, "d") && gone(&s, "e") && is_there(&s, "f"));
	cr_assert_eq(line(&s, "-mkdir /e /a; mkdir /g"), SHELL_OK);
	cr_assert(gone(&s, "e") && is_there(&s, "g"));
	writing_sound(s.sh.fs);
	end(&s);
}

E2_TEST(shell_change, a_script_commits_at_its_end)
{
	struct session s;

	begin(&s, true, false);
	cr_assert_eq(line(&s, "mkdir /a"), SHELL_OK);
	cr_assert_eq(line(&s, "touch /a/b"), SHELL_OK);
	cr_assert(is_there(&s, "a"));
	cr_assert(unchanged(&s));
	cr_assert_eq(shell_end_lines(&s.sh, SHELL_OK), SHELL_OK);
	cr_assert_not(unchanged(&s));
	keep(&s);
	cr_assert_eq(line(&s, "mkdir /c"), SHELL_OK);
	cr_assert_eq(line(&s, "cat /nosuch"), SHELL_FAILED);
	cr_assert_eq(shell_end_lines(&s.sh, SHELL_FAILED), SHELL_FAILED);
	cr_assert(unchanged(&s) && gone(&s, "c"));
	writing_sound(s.sh.fs);
	end(&s);
}

E2_TEST(shell_change, groups_and_undo_within_a_script)
{
	struct session s;

	begin(&s, true, true);
	cr_assert_eq(line(&s, "begin; mkdir /a; rollback; mkdir /b"), SHELL_OK);
	cr_assert(gone(&s, "a") && is_there(&s, "b"));
	cr_assert_eq(line(&s, "mkdir /x; begin"), SHELL_OK);
	cr_assert_eq(line(&s, "mkdir /c"), SHELL_OK);
	cr_assert_eq(line(&s, "mkdir /d"), SHELL_OK);
	cr_assert_eq(line(&s, "begin"), SHELL_FAILED);
	cr_assert_eq(line(&s, "undo"), SHELL_OK);
	cr_assert(is_there(&s, "c") && gone(&s, "d"));
	cr_assert_eq(line(&s, "undo 2"), SHELL_FAILED);		/* not beyond begin */
	cr_assert_eq(line(&s, "mkdir /d; commit"), SHELL_OK);
	cr_assert_eq(line(&s, "mkdir /e"), SHELL_OK);
	cr_assert_eq(line(&s, "undo 2"), SHELL_OK);		/* /e, then the group */
	cr_assert(gone(&s, "c") && gone(&s, "d") && gone(&s, "e"));
	cr_assert(is_there(&s, "x"));
	cr_assert_eq(line(&s, "ls"), SHELL_OK);		/* no step of its own */
	cr_assert_eq(line(&s, "undo"), SHELL_OK);
	cr_assert(gone(&s, "x") && is_there(&s, "b"));
	cr_assert_eq(line(&s, "undo"), SHELL_OK);
	cr_assert(gone(&s, "b"));
	cr_assert_eq(line(&s, "undo"), SHELL_FAILED);
	cr_assert_eq(shell_end_lines(&s.sh, SHELL_OK), SHELL_OK);
	cr_assert(unchanged(&s));
	end(&s);
}

E2_TEST(shell_change, a_group_over_lines_that_commit_themselves)
{
	struct session s;

	begin(&s, false, true);
	cr_assert_eq(line(&s, "begin"), SHELL_OK);
	cr_assert_eq(line(&s, "mkdir /a"), SHELL_OK);
	cr_assert_eq(line(&s, "mkdir /b; mkdir /a"), SHELL_FAILED);
	cr_assert(is_there(&s, "a") && gone(&s, "b") && unchanged(&s));
	cr_assert_eq(line(&s, "rollback"), SHELL_OK);
	cr_assert(gone(&s, "a") && unchanged(&s));
	cr_assert_null(s.sh.txn);
	cr_assert_eq(line(&s, "mkdir /x; begin; mkdir /y"), SHELL_OK);
	cr_assert_eq(line(&s, "rollback"), SHELL_OK);
	cr_assert(is_there(&s, "x") && gone(&s, "y") && !unchanged(&s));
	keep(&s);
	cr_assert_eq(line(&s, "begin"), SHELL_OK);
	cr_assert_eq(line(&s, "mkdir /a"), SHELL_OK);
	cr_assert_eq(line(&s, "commit"), SHELL_OK);
	cr_assert(is_there(&s, "a") && !unchanged(&s));
	keep(&s);
	cr_assert_eq(line(&s, "begin"), SHELL_OK);
	cr_assert_eq(line(&s, "rm -r /a"), SHELL_OK);
	cr_assert_eq(shell_end_lines(&s.sh, SHELL_OK), SHELL_FAILED);
	cr_assert(is_there(&s, "a") && unchanged(&s));
	writing_sound(s.sh.fs);
	end(&s);
}

E2_TEST(shell_change, many_lines_can_only_be_taken_back_together)
{
	struct session s;

	for (unsigned survives = 0; survives < 2; survives++) {
		begin(&s, true, survives);
		for (unsigned i = 0; i < CHANGE_STEPS + 40; i++) {
			char text[32];

			snprintf(text, sizeof(text), "touch /f%u", i);
			cr_assert_eq(line(&s, text), SHELL_OK, "%s", text);
			if (i == CHANGE_STEPS - 1)
				cr_assert_eq(line(&s, "undo; touch /again"), SHELL_OK);
		}
		if (survives) {
			cr_assert_eq(line(&s, "undo"), SHELL_FAILED);
			cr_assert_eq(line(&s, "touch /g; rm /nosuch"), SHELL_FAILED);
			cr_assert(gone(&s, "g"));
		}
		cr_assert(is_there(&s, "again") && is_there(&s, "f290"));
		cr_assert(unchanged(&s));
		shell_end_lines(&s.sh, SHELL_FAILED);
		cr_assert_eq(unchanged(&s), !survives);
		writing_sound(s.sh.fs);
		end(&s);
	}
}

E2_TEST(shell_change, who_may_not_write_is_told)
{
	struct session s;

	begin(&s, false, true);
	s.sh.writable = false;
	cr_assert_eq(line(&s, "mkdir /a"), SHELL_FAILED);
	cr_assert_eq(line(&s, "begin"), SHELL_FAILED);
	cr_assert(unchanged(&s));
	end(&s);
}

E2_TEST(shell_change, the_current_directory_follows)
{
	struct session s;

	begin(&s, true, false);
	cr_assert_eq(line(&s, "mkdir -p /a/b; cd /a/b"), SHELL_OK);
	cr_assert_eq(line(&s, "mv /a /c"), SHELL_OK);
	cr_assert_str_eq(e2_str_text(&s.sh.cwd_path), "/c/b");
	cr_assert_eq(line(&s, "undo"), SHELL_OK);
	cr_assert_str_eq(e2_str_text(&s.sh.cwd_path), "/a/b");
	cr_assert_eq(line(&s, "rm -r ../b"), SHELL_OK);
	cr_assert_str_eq(e2_str_text(&s.sh.cwd_path), "/");
	cr_assert_eq(s.sh.cwd, E2_INO_ROOT);
	cr_assert_eq(shell_end_lines(&s.sh, SHELL_FAILED), SHELL_FAILED);
	end(&s);
}

/* Every command with every allocation failing once: a failure, and not a byte changed. */
E2_TEST(shell_change, memory_that_runs_out_changes_nothing)
{
	static const char set_up[] =
		"mkdir -p /d/e /p/q; put --text one /f; ln /f /d/g; ln -s f /l; "
		"setxattr /f user.a b";
	static const char *const lines[] = {
		"mkdir -p -m 2775 /x/y/z", "mkdir -v /x", "touch /t", "touch -r /f -d @5 /l",
		"rm -v /f", "rm -rv /d", "rmdir -pv p/q", "mv -v /f /d/e", "mv --exchange /f /d",
		"ln -v /f /d/e", "ln -sr /d/e /l2", "ln -sf x /l", "cp -v /f /h", "cp -ar /d /k",
		"cp /l /m", "put --atomic --text two /f", "put --append -v --text two /l",
		"put --inplace -m 600 --text two /f", "chmod -R u+s /d", "chown -R 1:2 /",
		"truncate -s 100K /f", "punch /f 0 2", "mknod -m 600 /n c 1 3",
		"setxattr -x /f user.c 0102", "rmxattr /f user.a", "symlink /s target",
		"begin; mkdir /q; rollback; mkdir /r", "mkdir /q; -rm /nosuch; touch /q/r",
	};
	unsigned faults = 0;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		for (uint64_t n = 1; ; n++) {
			struct session s;
			enum shell_status status;
			bool failed;

			begin(&s, false, true);
			cr_assert_eq(line(&s, set_up), SHELL_OK);
			keep(&s);
			alloc_fail(n);
			status = line(&s, lines[i]);
			failed = alloc_count() >= n;
			alloc_fail(0);
			if (failed && status != SHELL_OK)
				cr_assert(unchanged(&s), "%s: allocation %u", lines[i],
					  (unsigned)n);
			else
				cr_assert_eq(status, SHELL_OK, "%s", lines[i]);
			if (s.sh.txn)		/* "begin" stands though the rest failed */
				cr_assert_eq(line(&s, "rollback"), SHELL_OK);
			cr_assert_null(s.sh.txn, "%s", lines[i]);
			writing_sound(s.sh.fs);
			end(&s);
			faults += failed;
			if (!failed)
				break;
		}
	}
	cr_assert_gt(faults, 500);
	fprintf(stderr, "figure: %u allocations failed under %zu lines of the shell\n", faults,
		sizeof(lines) / sizeof(*lines));
}
