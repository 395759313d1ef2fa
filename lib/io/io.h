/* SPDX-License-Identifier: MIT */
/*
 * Where bytes live: one file, and the host's directory of files.
 *
 * struct e2_io is the only way to the bytes of an image, struct e2_env the only
 * way the library makes, names and removes files of its own.  The simulator
 * (io/sim.h) implements both.  Reads and writes are whole: a short one is an
 * error, EINTR is retried.  Reading past the end is E2_ERR_IO.
 */
#ifndef E2_IO_IO_H
#define E2_IO_IO_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct e2_io;

struct e2_io_ops {	/* a back end; offsets and lengths in bytes; 0 or negative e2_err */
	int (*read)(struct e2_io *io, uint64_t offset, size_t len, void *buf);
	int (*write)(struct e2_io *io, uint64_t offset, size_t len, const void *buf);
	int (*sync)(struct e2_io *io);		/* all earlier writes are durable on return */
	int (*resize)(struct e2_io *io, uint64_t size);
	int (*zero)(struct e2_io *io, uint64_t offset, uint64_t len);	/* may make a hole */
	/* Makes room for bytes that will be written; changes none.  NULL: there always is. */
	int (*reserve)(struct e2_io *io, uint64_t offset, uint64_t len);
	/* A change has ended: what was made longer for it stays so, or not.  NULL: it never is. */
	int (*settle)(struct e2_io *io, bool keep);
	int (*close)(struct e2_io *io);		/* releases io whatever it returns */
};

struct e2_io {
	const struct e2_io_ops *ops;
	const char *name;	/* for messages: as given, escaped; owned by the back end */
	uint64_t size;		/* bytes */
	bool writable;
};

/* Wrappers that check bounds against io->size; the writing ones fail with
 * E2_ERR_ROFS on a read-only io, and E2_ERR_IO past its end.  Every caller uses
 * these, never ops. */
E2_NODISCARD int e2_io_read(struct e2_io *io, uint64_t offset, size_t len, void *buf);
E2_NODISCARD int e2_io_write(struct e2_io *io, uint64_t offset, size_t len, const void *buf);
E2_NODISCARD int e2_io_sync(struct e2_io *io);
E2_NODISCARD int e2_io_resize(struct e2_io *io, uint64_t size);
E2_NODISCARD int e2_io_zero(struct e2_io *io, uint64_t offset, uint64_t len);
/* E2_ERR_NOSPC when holes there could not be filled.  Where the host cannot tell, it succeeds. */
E2_NODISCARD int e2_io_reserve(struct e2_io *io, uint64_t offset, uint64_t len);
/* Ends a change: !keep takes back what an io has grown by on its own since the last one; keep
 * makes it as long as it says it is. */
int e2_io_settle(struct e2_io *io, bool keep);
int e2_io_close(struct e2_io *io);	/* NULL is fine; a failure of close(2) is reported */

enum e2_io_flags {
	E2_IO_WRITE = 1,	/* open for writing too */
};

/*
 * Opens a regular file or block device.  Never blocks on a fifo, never follows
 * into a directory: anything else is E2_ERR_INVAL.
 * A read-only open uses O_RDONLY and, where the owner may, O_NOATIME.
 */
int e2_io_open_file(const char *path, unsigned flags, struct e2_io **io);

/* size zero bytes of memory, growing with resize. */
int e2_io_open_mem(uint64_t size, struct e2_io **io);	/* E2_ERR_NOMEM */

/* A window of another io, which it takes over, even on failure.  E2_ERR_RANGE when it
 * does not lie within the other. */
int e2_io_open_slice(struct e2_io *owned, uint64_t offset, uint64_t len, struct e2_io **io);

/* Another io, borrowed, with zeros behind its end up to `size` bytes; it grows when something is
 * written, or room reserved, and durably so before that is done; e2_io_settle() undoes it. */
int e2_io_open_tail(struct e2_io *under, uint64_t size, struct e2_io **io);

/*
 * A gzip file, read-only: inflated once into an unlinked sparse temporary file.
 * limit   the most bytes it may inflate to; more is E2_ERR_FBIG
 *
 * E2_ERR_CORRUPT when it is cut off, damaged, or followed by anything but gzip.
 */
int e2_io_open_gz(const char *path, uint64_t limit, struct e2_io **io);

/*
 * What a user names: PATH, PATH@OFFSET[+LENGTH], PATH?offset=BYTES, or PATH.gz
 * (recognised by its first two bytes); a file that bears the whole text as its
 * name wins.  OFFSET and LENGTH take the suffixes of e2_parse_size; a number without
 * one counts bytes.
 */
int e2_io_open_image(const char *spec, unsigned flags, struct e2_io **io);

/*
 * Says whether a file is in use by the kernel as a volume: mounted, or attached
 * to a loop device.  1 and the reason ("is attached to /dev/loop3 and mounted
 * on /mnt") added to why, 0 when free, or a negative error.
 */
int e2_path_in_use(const char *path, struct e2_str *why);

/* An unnamed, empty, writable file in $TMPDIR, /var/tmp or /tmp, gone once closed. */
int e2_io_open_scratch(struct e2_io **io);
int e2_io_scratch_fd(void);		/* the same as a descriptor; -1 and errno */

/* ---- the directory of files ------------------------------------------- */

/*
 * Programs exclude each other by two locks on an image.  WRITER is held by who may change
 * it, for as long as he has it open; the name and number of his process can be told.  COMMIT
 * is held exclusively while changes go home, and shared by who reads meanwhile; who waits for
 * it exclusively goes before who asks for it shared later.
 * File systems without locks: everything succeeds.
 */
enum e2_lock { E2_LOCK_WRITER, E2_LOCK_COMMIT };
enum e2_lock_mode { E2_UNLOCKED, E2_SHARED, E2_EXCLUSIVE };

struct e2_stamp {		/* differs after every change of a file by whomever */
	uint64_t size;
	int64_t mtime, ctime;	/* nanoseconds since 1970 */
	uint64_t dev, ino;
};

struct e2_env;

enum e2_place_kind { E2_PLACE_NOTHING, E2_PLACE_FILE, E2_PLACE_DEVICE, E2_PLACE_OTHER };

struct e2_place {		/* what a path leads to, all symlinks followed */
	enum e2_place_kind kind;
	struct e2_str path;	/* the name itself, which is no symlink; may not exist yet */
	uint64_t dev, ino;	/* 0 when there is nothing */
	uint64_t links;
	const char *stuck;	/* why the name cannot be given to another file, or NULL */
};

struct e2_env_ops {
	int (*open)(struct e2_env *env, const char *path, unsigned flags, struct e2_io **io);
	/* A new, empty, writable file that had no name before; E2_ERR_EXIST if path is taken. */
	int (*create_excl)(struct e2_env *env, const char *path, unsigned mode, struct e2_io **io);
	/* The same without a name, in the directory of path; E2_ERR_UNSUPPORTED where
	 * the file system has no such thing.  link_temp then names it (E2_ERR_EXIST). */
	int (*create_temp)(struct e2_env *env, const char *path, unsigned mode, struct e2_io **io);
	int (*link_temp)(struct e2_env *env, struct e2_io *temp, const char *path);
	int (*unlink)(struct e2_env *env, const char *path);
	int (*rename)(struct e2_env *env, const char *from, const char *to);
	int (*sync_dir)(struct e2_env *env, const char *path);	/* the directory that holds path */

	/* Fills *place; the caller frees place->path, even after an error. */
	int (*look)(struct e2_env *env, const char *path, struct e2_place *place);
	/* As e2_path_in_use(). */
	int (*in_use)(struct e2_env *env, const char *path, struct e2_str *why);
	/* Opens for writing and keeps other writers out until closed; E2_ERR_BUSY. */
	int (*open_locked)(struct e2_env *env, const char *path, struct e2_io **io);
	/* The file behind an io that this env opened. */
	int (*identify)(struct e2_env *env, struct e2_io *io, uint64_t *dev, uint64_t *ino);
	/* Gives one open file the owner, mode and ACL of another; E2_ERR_PERM. */
	int (*adopt)(struct e2_env *env, struct e2_io *from, struct e2_io *to);

	/* Takes or, with E2_UNLOCKED, gives back a lock on an io that this env opened.
	 * E2_ERR_BUSY after wait_ms milliseconds (0: at once), of WRITER always at once; the
	 * detail says "locked by process 4242 (extant-fsck); try again when it ends". */
	int (*lock)(struct e2_env *env, struct e2_io *io, enum e2_lock which,
		    enum e2_lock_mode mode, unsigned wait_ms);
	int (*stamp)(struct e2_env *env, struct e2_io *io, struct e2_stamp *stamp);
	/* Gives an open file a modification time it never had, so that two changes within
	 * one tick of the file system's clock differ. */
	int (*touch)(struct e2_env *env, struct e2_io *io);
	int (*scratch)(struct e2_env *env, struct e2_io **io);	/* as e2_io_open_scratch() */
	/* Whether an opened file may hold our own log: path is its only name and no symlink, it
	 * is regular and belongs to the caller or to the owner of the image.  1, 0, or an error. */
	int (*trusted)(struct e2_env *env, const char *path, struct e2_io *file,
		       struct e2_io *image);
};

struct e2_env {
	const struct e2_env_ops *ops;
};

/* Refuses to write what the kernel uses as a volume: E2_ERR_BUSY, "PATH: is attached to
 * /dev/loop3 and mounted on /mnt; not opened for writing", with advice how to end it. */
int e2_env_check_free(struct e2_env *env, const char *path);

/* The host's own directory of files; needs no release. */
struct e2_env *e2_env_host(void);

/* Processors that this process may run on; at least 1. */
unsigned e2_host_cpus(void);

#endif
