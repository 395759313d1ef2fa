/* SPDX-License-Identifier: MIT */
/* tar: trees of the volume as an archive. */
#include "copied.h"
#include "copy_name.h"
#include "host_file.h"
#include "interrupt.h"
#include "shell.h"

#include <string.h>

struct job {
	struct shell *sh;
	struct e2_tar *tar;
	struct e2_compressor *compressor;	/* NULL: none */
	struct host_file file;
	bool to_file;				/* else to standard output */
};

static void warn(void *context, const char *text)
{
	struct job *j = context;

	shell_warn(j->sh, e2_fail(E2_ERR_CORRUPT, "%s", text));
}

static void note(void *context, const char *text)
{
	struct job *j = context;

	shell_note(j->sh, text);
	shell_say_notes(j->sh);
}

/* ---- where it goes -------------------------------------------------------------------- */

static int put(void *context, const void *data, size_t len)
{
	struct job *j = context;

	if (interrupt_asked())
		return e2_fail(E2_ERR_CANCELLED, "interrupted");
	if (j->to_file)
		return host_file_write(&j->file, data, len);
	out_raw(&j->sh->out, data, len);
	return out_failed(&j->sh->out) ? e2_fail_errno(j->sh->out.error, "standard output") : 0;
}

static int put_compressed(void *context, const void *data, size_t len)
{
	struct job *j = context;

	return e2_compress_put(j->compressor, data, len);
}

static int compression_of(const struct args *args, enum e2_compression *how)
{
	static const struct { const char *option; enum e2_compression how; } ways[] = {
		{ "-z", E2_GZIP }, { "-J", E2_XZ }, { "--zstd", E2_ZSTD },
	};

	*how = E2_PLAIN;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (!args_has(args, ways[i].option))
			continue;
		if (*how != E2_PLAIN)
			return e2_fail(E2_ERR_INVAL, "-z, -J and --zstd exclude each other");
		*how = ways[i].how;
	}
	return 0;
}

/* ---- what goes there -------------------------------------------------------------------- */

static int add_one(struct job *j, const struct arg *a)
{
	struct e2_str name = E2_STR_INIT;
	int err = copy_name(a, &name);

	if (!err)
		err = e2_tar_add(j->tar, a->ino, e2_str_text(&name));
	e2_str_free(&name);
	return err;
}

static int add_all(struct job *j, const struct args *args, struct e2_copied *stats,
		   const struct e2_tar_options *options)
{
	int err = e2_tar_begin(j->sh->fs, options, &j->tar);

	if (err)
		return err;
	for (size_t i = 0; i < args->count && !err; i++)
		err = add_one(j, &args->arg[i]);
	return e2_tar_end(j->tar, err, stats);
}

int cmd_tar(struct shell *sh, const struct args *args)
{
	const struct arg *file = args_value(args, "-f");
	struct job j = { .sh = sh, .to_file = file && strcmp(file->text, "-") != 0 };
	struct e2_tar_options options = { .write = put, .warn = warn, .note = note, .context = &j };
	enum e2_compression how;
	struct e2_copied stats;
	int err = compression_of(args, &how);

	if (err)
		return shell_misused(sh, err);
	if (!j.to_file && sh->out.terminal)
		return shell_advise(sh, e2_fail(E2_ERR_INVAL, "an archive is not for a terminal"),
				    "tar -f FILE");
	if (j.to_file)
		err = host_file_begin(sh, &j.file, file->text);
	if (err)
		return err;
	if (how != E2_PLAIN) {
		options.write = put_compressed;
		err = e2_compress_begin(how, put, &j, &j.compressor);
	}
	if (!err)
		err = add_all(&j, args, &stats, &options);
	err = e2_compress_end(j.compressor, err);
	if (j.to_file)
		err = host_file_end(&j.file, err);
	if (!err && j.to_file && (args_has(args, "-v") || sh->out.mode != OUT_TEXT))
		copied_show(&sh->out, "tar", "wrote", "devices and fifos", &stats);
	return err;
}
