/* SPDX-License-Identifier: MIT */
/* A table of marks, and a closer look at our own family and at partition tables. */
#include "recognise.h"

#include <string.h>

struct mark {
	const char *what;
	uint32_t offset;
	uint8_t len;
	const char *bytes;
};

/* The first that matches names the content: partition tables come after what may imitate them. */
static const struct mark marks[] = {
	{ "an XFS file system", 0, 4, "XFSB" },
	{ "a Btrfs file system", 0x10040, 8, "_BHRfS_M" },
	{ "an NTFS file system", 3, 8, "NTFS    " },
	{ "an exFAT file system", 3, 8, "EXFAT   " },
	{ "a FAT file system", 54, 5, "FAT12" },
	{ "a FAT file system", 54, 5, "FAT16" },
	{ "a FAT file system", 82, 5, "FAT32" },
	{ "a SquashFS file system", 0, 4, "hsqs" },
	{ "an EROFS file system", 1024, 4, "\xe2\xe1\xf5\xe0" },
	{ "an F2FS file system", 1024, 4, "\x10\x20\xf5\xf2" },
	{ "an HFS+ file system", 1024, 2, "H+" },
	{ "a JFS file system", 0x8000, 4, "JFS1" },
	{ "a ReiserFS file system", 0x10034, 6, "ReIsEr" },
	{ "a cramfs file system", 0, 4, "\x45\x3d\xcd\x28" },
	{ "a romfs file system", 0, 8, "-rom1fs-" },
	{ "an ISO 9660 file system", 0x8001, 5, "CD001" },
	{ "a UDF file system", 0x8001, 5, "BEA01" },
	{ "a swap area", 4086, 10, "SWAPSPACE2" },
	{ "a swap area", 65526, 10, "SWAPSPACE2" },
	{ "an LVM volume", 512, 8, "LABELONE" },
	{ "an encrypted volume (LUKS)", 0, 6, "LUKS\xba\xbe" },
	{ "a GPT partition table", 512, 8, "EFI PART" },
	{ "a GPT partition table", 4096, 8, "EFI PART" },
	{ "a disk image (qcow2)", 0, 4, "QFI\xfb" },
	{ "an archive (tar)", 257, 5, "ustar" },
	{ "an archive (zip)", 0, 4, "PK\x03\x04" },
	{ "compressed data (gzip)", 0, 2, "\x1f\x8b" },
	{ "compressed data (xz)", 0, 6, "\xfd" "7zXZ\0" },
	{ "compressed data (zstd)", 0, 4, "\x28\xb5\x2f\xfd" },
	{ "a program (ELF)", 0, 4, "\x7f" "ELF" },
};

static int read_at(struct e2_io *io, uint64_t offset, size_t len, uint8_t *to)
{
	memset(to, 0, len);
	if (offset + len > io->size)
		return 0;
	return e2_io_read(io, offset, len, to);
}

static const char *family(const struct e2_super *s)
{
	const uint32_t ext3 = E2_FEATURE_needs_recovery, ours = ext3 | E2_FEATURE_filetype |
							       E2_FEATURE_meta_bg |
							       E2_FEATURE_compression;
	const uint32_t old = E2_FEATURE_sparse_super | E2_FEATURE_large_file | E2_FEATURE_btree_dir;

	if (s->rev_level != 0 && s->feature_incompat == E2_FEATURE_journal_dev)
		return "a journal device";
	if (s->rev_level != 0 && ((s->feature_incompat & ~ours) || (s->feature_ro_compat & ~old)))
		return "ext4";
	return e2_has_has_journal(s) ? "ext3" : "ext2";
}

static void add_date(struct e2_str *what, int64_t seconds)
{
	size_t from = what->len;

	e2_str_add_time(what, seconds, -1, E2_TIME_BRIEF);
	e2_str_truncate(what, from + strlen("2026-11-21"));
}

static int recognise_ext(struct e2_io *io, struct e2_str *what)
{
	uint8_t raw[E2_SUPER_BYTES];
	struct e2_super s;
	int err = read_at(io, E2_SUPER_OFFSET, sizeof(raw), raw);

	if (err)
		return err;
	e2_super_decode(&s, raw);
	if (s.magic != E2_MAGIC || s.log_block_size > 6)
		return 0;
	e2_str_add(what, family(&s));
	if (s.volume_name[0]) {
		e2_str_add(what, " \"");
		e2_str_add_name(what, s.volume_name,
				strnlen((const char *)s.volume_name, sizeof(s.volume_name)));
		e2_str_add(what, "\"");
	}
	e2_str_add(what, ", ");
	e2_str_add_size(what, (uint64_t)s.blocks_count << (10 + s.log_block_size));
	e2_str_add(what, ", last written ");
	add_date(what, (int64_t)((uint64_t)s.wtime_hi << 32 | s.wtime));
	return 1;
}

/* A boot sector's mark alone means little; a partition with a type and a length means more. */
static bool is_partition_table(const uint8_t *sector)
{
	bool used = false;

	if (sector[510] != 0x55 || sector[511] != 0xaa)
		return false;
	for (size_t i = 0; i < 4; i++) {
		const uint8_t *entry = sector + 446 + 16 * i;
		bool has_length = entry[12] | entry[13] | entry[14] | entry[15];

		if (entry[0] != 0 && entry[0] != 0x80)
			return false;
		used = used || (entry[4] != 0 && has_length);
	}
	return used;
}

int recognise(struct e2_io *io, struct e2_str *what)
{
	uint8_t bytes[512];
	int err = recognise_ext(io, what);

	if (err)
		return err;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		const struct mark *m = &marks[i];

		if ((err = read_at(io, m->offset, m->len, bytes)) != 0)
			return err;
		if (memcmp(bytes, m->bytes, m->len) == 0) {
			e2_str_add(what, m->what);
			return 1;
		}
	}
	if ((err = read_at(io, 0, sizeof(bytes), bytes)) != 0)
		return err;
	if (!is_partition_table(bytes))
		return 0;
	e2_str_add(what, "a partition table");
	return 1;
}
