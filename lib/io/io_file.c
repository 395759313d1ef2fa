/* SPDX-License-Identifier: MIT */
/* Regular files and block devices of the host. */
#include "io/file.h"

#include "io/name.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ZEROS_BYTES = 65536 };

struct file_io {
	struct e2_io io;
	int fd;
	bool is_device;
	char *name;
};

static struct file_io *file_of(struct e2_io *io)
{
	return (struct file_io *)io;
}

static int fail_at(const struct e2_io *io, int errnum, const char *doing, uint64_t offset,
		   uint64_t len)
{
	return e2_fail_errno(errnum, "%s: %s %" PRIu64 " bytes at %" PRIu64, io->name, doing, len,
			     offset);
}

static int file_read(struct e2_io *io, uint64_t offset, size_t len, void *buf)
{
	uint8_t *p = buf;

	while (len > 0) {
		ssize_t n = pread(file_of(io)->fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_at(io, errno, "reading", offset, len);
		if (n == 0)
			return e2_fail(E2_ERR_IO, "%s: ends at %" PRIu64 ", was %" PRIu64
				       " bytes when opened", io->name, offset, io->size);
		p += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return E2_OK;
}

static int file_write(struct e2_io *io, uint64_t offset, size_t len, const void *buf)
{
	const uint8_t *p = buf;

	while (len > 0) {
		ssize_t n = pwrite(file_of(io)->fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail_at(io, n < 0 ? errno : ENOSPC, "writing", offset, len);
		p += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return E2_OK;
}

static int file_sync(struct e2_io *io)
{
	while (fsync(file_of(io)->fd) != 0) {
		if (errno != EINTR)
			return e2_fail_errno(errno, "%s: making it durable", io->name);
	}
	return E2_OK;
}

static int file_resize(struct e2_io *io, uint64_t size)
{
	if (file_of(io)->is_device)
		return e2_fail(E2_ERR_INVAL,
			       "%s: a device of %" PRIu64 " bytes cannot become %" PRIu64, io->name,
			       io->size, size);
	while (ftruncate(file_of(io)->fd, (off_t)size) != 0) {
		if (errno != EINTR)
			return e2_fail_errno(errno, "%s: changing its size to %" PRIu64 " bytes",
					     io->name, size);
	}
	io->size = size;
	return E2_OK;
}

/* Lets the host make zeros without writing them; false when it cannot. */
static bool zero_range(int fd, uint64_t offset, uint64_t len)
{
	static const int modes[] = { FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				     FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE };

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		int r;

		do {
			r = fallocate(fd, modes[i], (off_t)offset, (off_t)len);
		} while (r != 0 && errno == EINTR);
		if (r == 0)
			return true;
	}
	return false;
}

static int file_zero(struct e2_io *io, uint64_t offset, uint64_t len)
{
	static const uint8_t zeros[ZEROS_BYTES];

	if (zero_range(file_of(io)->fd, offset, len))
		return E2_OK;
	while (len > 0) {	/* whatever was wrong, a write will tell */
		size_t n = len < sizeof(zeros) ? (size_t)len : sizeof(zeros);
		int r = file_write(io, offset, n, zeros);

		if (r)
			return r;
		offset += n;
		len -= n;
	}
	return E2_OK;
}

/* Only where there are holes: an allocation may renew the times of the file. */
static int file_reserve(struct e2_io *io, uint64_t offset, uint64_t len)
{
	int fd = file_of(io)->fd, r;

	if (file_of(io)->is_device || lseek(fd, (off_t)offset, SEEK_HOLE) >= (off_t)(offset + len))
		return E2_OK;
	do {
		r = fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)len);
	} while (r != 0 && errno == EINTR);
	if (r != 0 && (errno == ENOSPC || errno == EDQUOT))
		return fail_at(io, errno, "making room for", offset, len);
	return E2_OK;		/* whatever else was wrong, a write will tell */
}

static int file_close(struct e2_io *io)
{
	struct file_io *f = file_of(io);
	int r = E2_OK;

	if (close(f->fd) != 0 && errno != EINTR)	/* Linux has closed it in either case */
		r = e2_fail_errno(errno, "%s: closing it", io->name);
	free(f->name);
	free(f);
	return r;
}

static const struct e2_io_ops file_ops = {
	.read = file_read,
	.write = file_write,
	.sync = file_sync,
	.resize = file_resize,
	.zero = file_zero,
	.reserve = file_reserve,
	.close = file_close,
};

static int refuse_type(const char *path, mode_t mode)
{
	if (S_ISREG(mode) || S_ISBLK(mode))
		return E2_OK;
	return e2_io_fail(E2_ERR_INVAL, path, S_ISDIR(mode) ? "is a directory, not an image" :
			  S_ISCHR(mode) ? "is a character device, not an image" :
			  S_ISFIFO(mode) ? "is a pipe, not an image" :
					   "is neither a file nor a block device");
}

int e2_io_from_fd(int fd, const char *path, bool writable, struct e2_io **io)
{
	struct file_io *f = calloc(1, sizeof(*f));
	char *name = e2_io_name_new(path);
	uint64_t size = 0;
	struct stat st;
	int r = E2_OK;

	if (!f || !name) {
		r = e2_io_fail(E2_ERR_NOMEM, path, "no memory to open it");
		goto out;
	}
	if (fstat(fd, &st) != 0) {
		r = e2_io_fail_errno(errno, path, "");
		goto out;
	}
	r = refuse_type(path, st.st_mode);
	if (r)
		goto out;
	if (S_ISREG(st.st_mode))
		size = (uint64_t)st.st_size;
	else if (ioctl(fd, BLKGETSIZE64, &size) != 0)
		r = e2_io_fail_errno(errno, path, "asking for its size");
	if (r)
		goto out;
	*f = (struct file_io){
		.io = { .ops = &file_ops, .name = name, .size = size, .writable = writable },
		.fd = fd,
		.is_device = S_ISBLK(st.st_mode),
		.name = name,
	};
	*io = &f->io;
	return E2_OK;
out:
	(void)close(fd);	/* nothing was written through it */
	free(name);
	free(f);
	return r;
}

int e2_io_fd(const struct e2_io *io)
{
	assert(io->ops == &file_ops);
	return ((const struct file_io *)io)->fd;
}

/* Opens what stat() found to be a file or device; O_NONBLOCK guards against a fifo that
 * takes the name meanwhile. */
static int open_fd(const char *path, unsigned flags, mode_t mode)
{
	int how = O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
	int fd;

	if (flags & E2_IO_WRITE) {
		how |= O_RDWR | (S_ISBLK(mode) ? O_EXCL : 0);	/* EBUSY when the kernel uses it */
		return open(path, how);
	}
	fd = open(path, how | O_RDONLY | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = open(path, how | O_RDONLY);
	return fd;
}

int e2_io_open_file(const char *path, unsigned flags, struct e2_io **io)
{
	struct stat st;
	int fd, r;

	if (stat(path, &st) != 0)
		return e2_io_fail_errno(errno, path, "");
	r = refuse_type(path, st.st_mode);
	if (r)
		return r;
	fd = open_fd(path, flags, st.st_mode);
	if (fd < 0)
		return e2_io_fail_errno(errno, path, "");
	return e2_io_from_fd(fd, path, (flags & E2_IO_WRITE) != 0, io);
}
