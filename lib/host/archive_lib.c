/* SPDX-License-Identifier: MIT */
#include "host/archive_lib.h"

#include <dlfcn.h>
#include <string.h>

static const char *const names[] = { "libarchive.so.13", "libarchive.so" };

static int fail_missing(void)
{
	int err = e2_fail(E2_ERR_UNSUPPORTED, "libarchive, which knows archives, is not installed");

	e2_advise("apt-get install libarchive13");
	return err;
}

static int find(struct e2_archive_lib *lib, const char *name, void *function)
{
	void *symbol = dlsym(lib->handle, name);

	if (!symbol)
		return e2_fail(E2_ERR_UNSUPPORTED, "libarchive is too old: it has no %s", name);
	memcpy(function, &symbol, sizeof(symbol));	/* a function's address, by POSIX */
	return 0;
}

int e2_archive_load(struct e2_archive_lib *lib)
{
	int err = 0;

	memset(lib, 0, sizeof(*lib));
	for (size_t i = 0; !lib->handle && i < sizeof(names) / sizeof(names[0]); i++)
		lib->handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (!lib->handle)
		return fail_missing();
#define A(result, name, arguments) err = err ? err : find(lib, #name, &lib->name);
#include "host/archive_lib.def"
#undef A
	lib->c = err ? (locale_t)0 : newlocale(LC_ALL_MASK, "C", (locale_t)0);
	if (!err && !lib->c)
		err = e2_fail(E2_ERR_NOMEM, "a locale");
	if (err)
		e2_archive_unload(lib);
	return err;
}

void e2_archive_unload(struct e2_archive_lib *lib)
{
	if (lib->c)
		freelocale(lib->c);
	if (lib->handle)
		(void)dlclose(lib->handle);	/* nothing of it is used any more */
	memset(lib, 0, sizeof(*lib));
}

void e2_archive_enter(struct e2_archive_lib *lib)
{
	lib->before = uselocale(lib->c);
}

void e2_archive_leave(struct e2_archive_lib *lib)
{
	(void)uselocale(lib->before);
}
