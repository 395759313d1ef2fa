/* SPDX-License-Identifier: MIT */
/* The simulated host: files and names, each change written down before it is done. */
#include "io/sim_int.h"

#include "io/name.h"

static struct e2_sim *sim_of(struct e2_env *env)
{
	return (struct e2_sim *)env;
}

static int record_name(struct e2_sim *sim, enum sim_event_kind kind, const char *path,
		       const char *from, size_t file)
{
	struct sim_event e = { .kind = kind, .file = file };

	return sim_record(sim, &e, NULL, path, from);
}

static int find(struct e2_sim *sim, const char *path, size_t *file)
{
	return sim_disk_find(&sim->now, path, file) ? E2_OK :
	       e2_io_fail(E2_ERR_NOENT, path, "no such file");
}

static int env_open(struct e2_env *env, const char *path, unsigned flags, struct e2_io **io)
{
	struct e2_sim *sim = sim_of(env);
	size_t file;
	int r = sim_enter(sim, E2_SIM_OPEN, path);

	if (r == E2_OK)
		r = find(sim, path, &file);
	return r ? r : sim_new_handle(sim, path, file, (flags & E2_IO_WRITE) != 0, io);
}

static int create(struct e2_sim *sim, const char *path, bool named, struct e2_io **io)
{
	struct sim_event e = { .kind = SIM_NEW };
	size_t file = sim->now.files;
	int r = sim_enter(sim, E2_SIM_CREATE, path);

	if (r == E2_OK && named && sim_disk_find(&sim->now, path, &file))
		r = e2_io_fail(E2_ERR_EXIST, path, "exists already");
	if (r == E2_OK) {
		file = sim->now.files;
		r = sim_record(sim, &e, NULL, NULL, NULL);
	}
	if (r == E2_OK)
		r = sim_new_handle(sim, path, file, true, io);
	if (r == E2_OK && named) {
		r = record_name(sim, SIM_LINK, path, NULL, file);
		if (r) {
			(void)(*io)->ops->close(*io);	/* the first failure is the one to tell */
			*io = NULL;
		}
	}
	return r;
}

static int env_create_excl(struct e2_env *env, const char *path, unsigned mode, struct e2_io **io)
{
	(void)mode;
	return create(sim_of(env), path, true, io);
}

static int env_create_temp(struct e2_env *env, const char *path, unsigned mode, struct e2_io **io)
{
	(void)mode;
	return create(sim_of(env), path, false, io);
}

static int env_link_temp(struct e2_env *env, struct e2_io *temp, const char *path)
{
	struct e2_sim *sim = sim_of(env);
	size_t file;
	int r = sim_enter(sim, E2_SIM_NAME, path);

	if (r == E2_OK && sim_disk_find(&sim->now, path, &file))
		r = e2_io_fail(E2_ERR_EXIST, path, "exists already");
	return r ? r : record_name(sim, SIM_LINK, path, NULL, sim_handle_file(temp));
}

static int env_unlink(struct e2_env *env, const char *path)
{
	struct e2_sim *sim = sim_of(env);
	size_t file;
	int r = sim_enter(sim, E2_SIM_NAME, path);

	if (r == E2_OK)
		r = find(sim, path, &file);
	return r ? r : record_name(sim, SIM_UNLINK, path, NULL, file);
}

static int env_rename(struct e2_env *env, const char *from, const char *to)
{
	struct e2_sim *sim = sim_of(env);
	size_t file, old;
	int r = sim_enter(sim, E2_SIM_NAME, to);

	if (r == E2_OK)
		r = find(sim, from, &file);
	if (r == E2_OK && sim_disk_find(&sim->now, to, &old) && old == file)
		return E2_OK;	/* two names of one file: both stay, says POSIX */
	return r ? r : record_name(sim, SIM_RENAME, to, from, file);
}

static int env_sync_dir(struct e2_env *env, const char *path)
{
	struct e2_sim *sim = sim_of(env);
	int r = sim_enter(sim, E2_SIM_SYNC_DIR, path);

	return r || sim_skips_sync(sim) ? r : record_name(sim, SIM_SYNC_DIR, path, NULL, 0);
}

static int env_look(struct e2_env *env, const char *path, struct e2_place *place)
{
	struct e2_sim *sim = sim_of(env);
	size_t file;

	*place = (struct e2_place){ .kind = E2_PLACE_NOTHING };
	e2_str_add(&place->path, path);
	if (!sim_disk_find(&sim->now, path, &file))
		return e2_str_status(&place->path);
	place->kind = E2_PLACE_FILE;
	place->ino = file + 1;
	for (size_t i = 0; i < sim->now.names.count; i++)
		place->links += sim->now.names.name[i].file == file;
	return e2_str_status(&place->path);
}

static int env_in_use(struct e2_env *env, const char *path, struct e2_str *why)
{
	(void)env, (void)path, (void)why;
	return 0;
}

static int env_open_locked(struct e2_env *env, const char *path, struct e2_io **io)
{
	struct e2_io *file;
	int r = env_open(env, path, E2_IO_WRITE, &file);

	if (r)
		return r;
	r = sim_lock(file, E2_LOCK_WRITER, E2_EXCLUSIVE);
	if (r)
		(void)file->ops->close(file);	/* the first failure is the one to tell */
	else
		*io = file;
	return r;
}

static int env_identify(struct e2_env *env, struct e2_io *io, uint64_t *dev, uint64_t *ino)
{
	(void)env;
	*dev = 0;
	*ino = sim_handle_file(io) + 1;
	return E2_OK;
}

static int env_adopt(struct e2_env *env, struct e2_io *from, struct e2_io *to)
{
	(void)env, (void)from, (void)to;
	return E2_OK;
}

static int env_lock(struct e2_env *env, struct e2_io *io, enum e2_lock which,
		    enum e2_lock_mode mode, unsigned wait_ms)
{
	(void)env, (void)wait_ms;
	return sim_lock(io, which, mode);
}

static int env_stamp(struct e2_env *env, struct e2_io *io, struct e2_stamp *stamp)
{
	struct e2_sim *sim = sim_of(env);
	size_t file = sim_handle_file(io);
	const struct sim_blob *b = sim->now.file[file];

	*stamp = (struct e2_stamp){
		.size = b->size,
		.mtime = (int64_t)(b->changes + sim->touches),
		.ino = file + 1,
	};
	return E2_OK;
}

static int env_touch(struct e2_env *env, struct e2_io *io)
{
	(void)io;	/* the stamps of all files differ from those before */
	sim_of(env)->touches++;
	return E2_OK;
}

static int env_scratch(struct e2_env *env, struct e2_io **io)
{
	return sim_open_scratch(sim_of(env), io);
}

static int env_trusted(struct e2_env *env, const char *path, struct e2_io *file,
		       struct e2_io *image)
{
	struct e2_sim *sim = sim_of(env);
	size_t links = 0;

	(void)path, (void)image;	/* everything belongs to the same user */
	for (size_t i = 0; i < sim->now.names.count; i++)
		links += sim->now.names.name[i].file == sim_handle_file(file);
	return links == 1;
}

const struct e2_env_ops sim_env_ops = {
	.open = env_open,
	.create_excl = env_create_excl,
	.create_temp = env_create_temp,
	.link_temp = env_link_temp,
	.unlink = env_unlink,
	.rename = env_rename,
	.sync_dir = env_sync_dir,
	.look = env_look,
	.in_use = env_in_use,
	.open_locked = env_open_locked,
	.identify = env_identify,
	.adopt = env_adopt,
	.lock = env_lock,
	.stamp = env_stamp,
	.touch = env_touch,
	.scratch = env_scratch,
	.trusted = env_trusted,
};
