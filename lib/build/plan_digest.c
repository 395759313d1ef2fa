/* SPDX-License-Identifier: MIT */
/*
 * A digest of everything a volume is made of but the data of its files: what a
 * reproducible volume takes its UUID and hash seed from.
 *
 * Two streams of 64 bits, each word mixed in by the finalizer of splitmix64 from a
 * different start.  It identifies; it resists no attacker.
 */
#include "build/plan_priv.h"

#include "disk/consts.h"

#include <string.h>

struct digest { uint64_t a, b; };

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static void add(struct digest *d, uint64_t word)
{
	d->a = mix(d->a ^ word) + 0x9e3779b97f4a7c15u;
	d->b = mix(d->b + word) ^ 0xd1b54a32d192ed03u;
}

static void add_bytes(struct digest *d, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	add(d, len);
	for (; len >= 8; p += 8, len -= 8)
		add(d, e2_get64(p));
	if (len > 0) {
		uint8_t last[8] = { 0 };

		memcpy(last, p, len);
		add(d, e2_get64(last));
	}
}

/* Times as they were clamped, so that a file newer than `now` counts as one of now. */
static void add_time(struct digest *d, const struct e2_plan *plan, int64_t sec, uint32_t nsec)
{
	if (sec >= plan->options.now) {
		sec = plan->options.now;
		nsec = 0;
	}
	add(d, (uint64_t)sec);
	add(d, nsec);
}

static void add_xattrs(struct digest *d, const struct e2_plan *plan, uint32_t set)
{
	uint32_t count;
	const struct e2_xattr_item *v = e2_source_xattrs(plan->source, set, &count);

	add(d, count);
	for (uint32_t i = 0; i < count; i++) {
		add(d, v[i].name_index);
		add_bytes(d, v[i].name, v[i].name_len);
		add_bytes(d, v[i].value, v[i].value_len);
	}
}

static void add_object(struct digest *d, const struct e2_plan *plan, e2_obj obj)
{
	const struct e2_source *s = plan->source;
	const struct e2_object *o = e2_source_object(s, obj);
	uint32_t i;

	add(d, o->mode);
	add(d, (uint64_t)o->uid << 32 | o->gid);
	add(d, o->size);
	if (!o->made) {
		add_time(d, plan, o->atime, o->atime_nsec);
		add_time(d, plan, o->ctime, o->ctime_nsec);
		add_time(d, plan, o->mtime, o->mtime_nsec);
	}
	add_xattrs(d, plan, o->xattrs);
	switch (o->mode & E2_S_IFMT) {
	case E2_S_IFDIR:
		add(d, o->names);
		for (i = 0; i < o->names; i++) {
			const struct e2_source_name *name = e2_source_name(s, o->first_name + i);

			add(d, name->object);
			add_bytes(d, e2_source_text(s, name->text), name->len);
		}
		break;
	case E2_S_IFLNK:
		add_bytes(d, e2_source_text(s, o->text), o->size);
		break;
	case E2_S_IFBLK:
	case E2_S_IFCHR:
		add(d, (uint64_t)o->rdev_major << 32 | o->rdev_minor);
		break;
	default:
		break;
	}
}

void e2_plan_digest(const struct e2_plan *plan, uint8_t uuid[16], uint32_t seed[4])
{
	uint8_t super[E2_SUPER_BYTES] = { 0 };
	struct digest d = { 0x243f6a8885a308d3u, 0x13198a2e03707344u };
	uint32_t objects = e2_source_objects(plan->source);

	e2_super_encode(&plan->shape.super, super);
	add_bytes(&d, super, sizeof(super));
	add(&d, (uint64_t)plan->options.now);
	add(&d, plan->options.root_owner);
	if (plan->options.root_owner)
		add(&d, (uint64_t)plan->options.root_uid << 32 | plan->options.root_gid);
	for (e2_obj obj = 0; obj < objects; obj++)
		add_object(&d, plan, obj);
	e2_put64(uuid, d.a);
	e2_put64(uuid + 8, d.b);
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);	/* version 4, variant 1: RFC 4122 */
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	add(&d, 1);
	seed[0] = (uint32_t)d.a;
	seed[1] = (uint32_t)(d.a >> 32);
	seed[2] = (uint32_t)d.b;
	seed[3] = (uint32_t)(d.b >> 32);
}
