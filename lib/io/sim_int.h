/* SPDX-License-Identifier: MIT */
/*
 * The simulator's own: files by number, names that lead to them, and the list of
 * events that made them what they are from what they were at the beginning.
 */
#ifndef E2_IO_SIM_INT_H
#define E2_IO_SIM_INT_H

#include "io/sim.h"

enum { SIM_SECTOR = 512, SIM_KINDS = 10 };

struct sim_blob {		/* bytes, shared until one of the owners changes them */
	size_t refs;
	uint64_t size;
	size_t cap;		/* bytes past size are zero */
	uint64_t changes;	/* that were ever made to it */
	uint8_t *data;
};

struct sim_name {
	char *path;
	size_t file;
};

struct sim_names {		/* sorted by bytes */
	size_t count, cap;
	struct sim_name *name;
};

struct sim_disk {		/* what a disk holds at one moment */
	size_t files;
	struct sim_blob **file;
	struct sim_names names;
};

enum sim_event_kind {
	SIM_WRITE, SIM_ZERO, SIM_RESIZE, SIM_SYNC,	/* of a file */
	SIM_NEW,					/* a file without a name */
	SIM_LINK, SIM_UNLINK, SIM_RENAME,		/* of a name */
	SIM_SYNC_DIR,				/* of the directory of a path */
};

struct sim_event {
	enum sim_event_kind kind;
	size_t file;
	uint64_t offset;	/* of a resize: the new size */
	uint64_t len;
	uint8_t *data;		/* what was written */
	char *path;		/* the name that came or, of SIM_UNLINK, went */
	char *from;		/* the name that went with a rename */
};

struct sim_handle;

struct e2_sim {
	struct e2_env env;
	struct sim_handle *handles;	/* all that are open */
	uint64_t touches;
	struct sim_disk begin;	/* all of it durable */
	struct sim_disk now;
	size_t events, events_cap;
	struct sim_event *event;
	uint64_t counted[SIM_KINDS];
	unsigned fail_kinds;
	uint64_t fail_nth;	/* counts down to 1, the one that fails; 0: none */
	bool fail_for_ever;
	int fail_err;
	uint64_t skip_sync;	/* counts down to 1, the one that does nothing; 0: none */
	bool split;
};

/* ---- sim_disk.c: a disk's content; every function may fail for memory ---- */

int sim_disk_copy(const struct sim_disk *from, struct sim_disk *to);
void sim_disk_free(struct sim_disk *disk);
void sim_disk_drop_files(struct sim_disk *disk, size_t kept);	/* all but the first */
int sim_disk_add_file(struct sim_disk *disk, size_t *file);
int sim_disk_write(struct sim_disk *disk, size_t file, uint64_t offset, uint64_t len,
		   const uint8_t *data);	/* data NULL: zeros; the file is large enough */
int sim_disk_resize(struct sim_disk *disk, size_t file, uint64_t size);
/* Gives a name, taking it from another file that has it. */
int sim_disk_link(struct sim_disk *disk, const char *path, size_t file);
void sim_disk_unlink(struct sim_disk *disk, const char *path);
bool sim_disk_find(const struct sim_disk *disk, const char *path, size_t *file);

/* Does what an event did; what no longer fits (a file that is shorter, a name that went)
 * is left out.  len cuts a write. */
int sim_disk_apply(struct sim_disk *disk, const struct sim_event *event, uint64_t len);

/* ---- sim_env.c ---- */

extern const struct e2_env_ops sim_env_ops;

/* ---- sim_handle.c: an open file ---- */

/* sim_new_handle: a handle of a file; sim_handle_file: which file one leads to. */
int sim_new_handle(struct e2_sim *sim, const char *path, size_t file, bool writable,
		   struct e2_io **io);
size_t sim_handle_file(const struct e2_io *io);

/* struct e2_env_ops.lock, and scratch: a file that is no part of the recording. */
int sim_lock(struct e2_io *io, enum e2_lock which, enum e2_lock_mode mode);
int sim_open_scratch(struct e2_sim *sim, struct e2_io **io);

/* ---- sim.c ---- */

/* Counts an operation of one kind and decides whether it fails. */
int sim_enter(struct e2_sim *sim, enum e2_sim_kind kind, const char *path);

/* Whether a sync that comes is to be left out. */
bool sim_skips_sync(struct e2_sim *sim);

/* Does an event and writes it down, with copies of what was written (of its len, or NULL) and
 * of the names (or NULL), which event does not have yet. */
int sim_record(struct e2_sim *sim, const struct sim_event *event, const void *data,
	       const char *path, const char *from);

int sim_no_memory(void);

/* A simulation that begins with a disk, which it takes over, even on failure. */
int sim_new_from(struct sim_disk *owned, struct e2_sim **sim);

#endif
