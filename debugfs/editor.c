/* SPDX-License-Identifier: MIT */
#include "editor.h"

#include "complete.h"
#include "history.h"
#include "interact.h"
#include "interrupt.h"

#ifdef WITH_LIBEDIT
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <histedit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

/* The functions of the library that are used: F(type, name, arguments). */
#define FUNCTIONS(F) \
	F(EditLine *, el_init, (const char *, FILE *, FILE *, FILE *)) \
	F(void, el_end, (EditLine *)) \
	F(void, el_reset, (EditLine *)) \
	F(const char *, el_gets, (EditLine *, int *)) \
	F(int, el_set, (EditLine *, int, ...)) \
	F(int, el_get, (EditLine *, int, ...)) \
	F(int, el_source, (EditLine *, const char *)) \
	F(void, el_resize, (EditLine *)) \
	F(void, el_beep, (EditLine *)) \
	F(const LineInfo *, el_line, (EditLine *)) \
	F(int, el_insertstr, (EditLine *, const char *)) \
	F(void, el_deletestr, (EditLine *, int)) \
	F(History *, history_init, (void)) \
	F(void, history_end, (History *)) \
	F(int, history, (History *, HistEvent *, int, ...))

struct library {
	void *handle;
#define F(type, name, arguments) type (*name) arguments;
	FUNCTIONS(F)
#undef F
};

struct editor {
	struct shell *sh;
	struct library lib;
	EditLine *el;
	History *history;
	int keys;		/* the terminal once more, from where a read does not wait */
	struct history_file file;
	struct e2_str prompt, last;
	char bare[3];		/* the prompt where there is no memory for another */
	mbstate_t state;
};

enum { MARK = '\1' };		/* stands around what of the prompt a terminal does not show */

/* ---- what the library asks for --------------------------------------------------- */

static struct editor *editor_of(EditLine *el)
{
	struct editor *e = NULL;
	/* The one function that cannot be reached through what it returns. */
	int (*get)(EditLine *, int, ...);

	*(void **)&get = dlsym(RTLD_DEFAULT, "el_get");
	return get && !get(el, EL_CLIENTDATA, &e) ? e : NULL;
}

static char *show_prompt(EditLine *el)
{
	struct editor *e = editor_of(el);

	return e && e->prompt.len ? e->prompt.text : e ? e->bare : NULL;
}

/* To the shell that started us and back, with the terminal as it was in between. */
static void stop(struct editor *e)
{
	(void)e->lib.el_set(e->el, EL_PREP_TERM, 0);
	interrupt_unwatch();
	(void)raise(SIGTSTP);	/* returns when we are to go on */
	interrupt_watch();
	(void)e->lib.el_set(e->el, EL_PREP_TERM, 1);
	(void)e->lib.el_set(e->el, EL_REFRESH);
}

/* Waits for a byte; false when a signal asks to give up. */
static bool await(struct editor *e)
{
	for (;;) {
		switch (interrupt_event(e->keys)) {
		case EVENT_INPUT:
			return true;
		case EVENT_ASKED:
			return false;
		case EVENT_RESIZED:	/* the line is drawn anew where it stands */
			out_raw(&e->sh->out, "\r\033[J", 4);
			out_flush(&e->sh->out);
			e->lib.el_resize(e->el);
			(void)e->lib.el_set(e->el, EL_REFRESH);
			break;
		case EVENT_STOP:
			stop(e);
			break;
		case EVENT_CONTINUED:
			(void)e->lib.el_set(e->el, EL_PREP_TERM, 1);
			(void)e->lib.el_set(e->el, EL_REFRESH);
			break;
		}
	}
}

/* One character: 1; 0 at the end of input, -1 when a signal came.  Bytes that are none are
 * passed over. */
static int read_character(EditLine *el, wchar_t *c)
{
	struct editor *e = editor_of(el);

	while (e && await(e)) {
		char byte;
		ssize_t n = read(e->keys, &byte, 1);
		size_t used;

		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;	/* ^C has taken away what there was */
		if (n <= 0)
			return 0;
		used = mbrtowc(c, &byte, 1, &e->state);
		if (used <= 1)
			return 1;
		if (used == (size_t)-1)
			memset(&e->state, 0, sizeof(e->state));
	}
	return -1;
}

/* ---- TAB ---------------------------------------------------------------------------- */

/* The names that fit, in columns sorted downwards. */
static void list(struct editor *e, const struct completion *c)
{
	struct out *o = &e->sh->out;
	unsigned columns = window_columns(e->sh), most = window_rows(e->sh) - 2;
	size_t width = 0, across, rows, shown;
	struct e2_str s = E2_STR_INIT;

	for (size_t i = 0; i < c->count; i++) {
		const char *part = c->item[i].text + c->item[i].shown;
		size_t has;

		e2_str_truncate(&s, 0);
		e2_str_add_name(&s, part, strlen(part));
		has = e2_str_columns(&s, 0);
		width = has > width ? has : width;
	}
	across = columns / (width + 2) ? columns / (width + 2) : 1;
	rows = (c->count + across - 1) / across;
	rows = rows > most ? most : rows;
	shown = rows * across < c->count ? rows * across : c->count;
	out_line(o);
	for (size_t r = 0; r < rows; r++) {
		size_t start = out_mark(o);

		for (size_t i = r, at = 0; i < shown; i += rows, at += width + 2) {
			const char *part = c->item[i].text + c->item[i].shown;

			out_pad(o, start, at);
			out_add_name(o, part, strlen(part));
		}
		out_line(o);
	}
	if (c->total > shown) {
		out_add(o, "and %llu more", (unsigned long long)(c->total - shown));
		out_line(o);
	}
	out_flush(o);
	e2_str_free(&s);
}

/* Characters of a text in the locale's encoding. */
static int characters(const char *text, size_t len)
{
	mbstate_t state = { 0 };
	int count = 0;

	while (len) {
		size_t n = mbrlen(text, len, &state);

		if (n == 0 || n > len) {
			n = 1;
			memset(&state, 0, sizeof(state));
		}
		text += n;
		len -= n;
		count++;
	}
	return count;
}

/* Puts what is sure in the place of the word; false when that is what stands there. */
static bool insert(struct editor *e, const LineInfo *line, const struct completion *c)
{
	size_t len = (size_t)(line->cursor - line->buffer), has = len - c->from;
	struct e2_str s = E2_STR_INIT;
	bool more;

	if (c->total == 1 && c->count == 1)
		add_insertion(e->sh, c, 0, &s);
	else
		add_common(e->sh, c, &s);
	if (c->total == 1 && c->count == 1 && !c->item[0].more)
		e2_str_add(&s, " ");
	more = !e2_str_status(&s) && s.len &&
	       (s.len != has || memcmp(s.text, line->buffer + c->from, has) != 0);
	if (more) {
		int typed = characters(line->buffer + c->from, has);

		if (typed)
			e->lib.el_deletestr(e->el, typed);
		(void)e->lib.el_insertstr(e->el, s.text);	/* or the line is full */
	}
	e2_str_free(&s);
	return more;
}

static unsigned char on_tab(EditLine *el, int key)
{
	struct editor *e = editor_of(el);
	const LineInfo *line = e ? e->lib.el_line(el) : NULL;
	unsigned char next = CC_REFRESH_BEEP;
	struct completion c;

	(void)key;
	if (!line)
		return CC_ERROR;
	if (!complete(e->sh, line->buffer, (size_t)(line->cursor - line->buffer), &c) && c.total) {
		if (insert(e, line, &c)) {
			next = CC_REFRESH;
		} else if (c.total > 1) {
			list(e, &c);
			next = CC_REDISPLAY;
		}
	}
	completion_free(&c);
	return next;
}

/* ---- opening and closing --------------------------------------------------------------- */

static bool load(struct library *lib)
{
	static const char *const names[] = { "libedit.so.2", "libedit.so.0", "libedit.so" };

	for (size_t i = 0; !lib->handle && i < sizeof(names) / sizeof(*names); i++)
		lib->handle = dlopen(names[i], RTLD_NOW | RTLD_GLOBAL);
	if (!lib->handle)
		return false;
#define F(type, name, arguments) \
	*(void **)&lib->name = dlsym(lib->handle, #name); \
	if (!lib->name) \
		return false;
	FUNCTIONS(F)
#undef F
	return true;
}

static void remember(void *context, const char *line)
{
	struct editor *e = context;
	HistEvent event;

	(void)e->lib.history(e->history, &event, H_ENTER, line);	/* or it is forgotten */
	e2_str_truncate(&e->last, 0);
	e2_str_add(&e->last, line);
}

static void bind_keys(struct editor *e)
{
	static const struct {
		const char *key, *command;
	} keys[] = {
		{ "\t", "extant-complete" }, { "^R", "em-inc-search-prev" },
		{ "\033[3~", "ed-delete-next-char" }, { "\033[1~", "ed-move-to-beg" },
		{ "\033[4~", "ed-move-to-end" }, { "\033[H", "ed-move-to-beg" },
		{ "\033[F", "ed-move-to-end" }, { "\033OH", "ed-move-to-beg" },
		{ "\033OF", "ed-move-to-end" }, { "\033[1;5D", "ed-prev-word" },
		{ "\033[1;5C", "em-next-word" },
	};

	(void)e->lib.el_set(e->el, EL_ADDFN, "extant-complete", "Complete the word", on_tab);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		(void)e->lib.el_set(e->el, EL_BIND, keys[i].key, keys[i].command, NULL);
}

/* ^C takes away what was to be read, perhaps after it was found to be there: a read that waited
 * would not hear of the signal.  Opened again, as the terminal may be others', who do wait. */
static int open_keys(void)
{
	int fd = open("/proc/self/fd/0", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? STDIN_FILENO : fd;
}

static bool start(struct editor *e)
{
	HistEvent event;

	e->keys = open_keys();
	e->history = e->lib.history_init();
	e->el = e->history ? e->lib.el_init("extant", stdin, stdout, stderr) : NULL;
	if (!e->el)
		return false;
	/* None of these can fail for what they are given. */
	(void)e->lib.history(e->history, &event, H_SETSIZE, HISTORY_LINES);
	(void)e->lib.history(e->history, &event, H_SETUNIQUE, 1);
	(void)e->lib.el_set(e->el, EL_CLIENTDATA, e);
	(void)e->lib.el_set(e->el, EL_SIGNAL, 0);
	(void)e->lib.el_set(e->el, EL_PROMPT_ESC, show_prompt, MARK);
	(void)e->lib.el_set(e->el, EL_EDITOR, "emacs");
	(void)e->lib.el_set(e->el, EL_HIST, e->lib.history, e->history);
	(void)e->lib.el_set(e->el, EL_GETCFN, read_character);
	bind_keys(e);
	(void)e->lib.el_source(e->el, NULL);	/* the user's own ~/.editrc, if there is one */
	history_open(&e->file, remember, e);
	return true;
}

struct editor *editor_open(struct shell *sh)
{
	const char *term = getenv("TERM");
	struct editor *e;

	if (!sh->out.terminal || !term || !*term || !strcmp(term, "dumb"))
		return NULL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->sh = sh;
	e->file.fd = -1;
	memcpy(e->bare, "> ", sizeof(e->bare));
	if (!load(&e->lib) || !start(e)) {
		editor_close(e);
		return NULL;
	}
	return e;
}

void editor_close(struct editor *e)
{
	if (!e)
		return;
	if (e->el)
		e->lib.el_end(e->el);
	if (e->history)
		e->lib.history_end(e->history);
	if (e->keys > STDIN_FILENO)
		(void)close(e->keys);	/* was only read */
	history_close(&e->file);
	e2_str_free(&e->prompt);
	e2_str_free(&e->last);
	/* The library stays loaded: what it has set up for the terminal may still be asked for. */
	free(e);
}

/* ---- a line --------------------------------------------------------------------------------- */

static void keep(struct editor *e, const char *line)
{
	bool blank = !line[strspn(line, " \t")];

	if (blank || *line == ' ' || !strcmp(line, e2_str_text(&e->last)))
		return;
	remember(e, line);
	history_add(&e->file, line, strlen(line));
}

const char *editor_line(struct editor *e, size_t *len)
{
	const char *got;
	int count = 0;
	char *line, *end;

	e2_str_truncate(&e->prompt, 0);
	add_prompt(e->sh, MARK, &e->prompt);
	memset(&e->state, 0, sizeof(e->state));
	interrupt_watch();
	/* Before the prompt: what is typed from then on is not echoed. */
	(void)e->lib.el_set(e->el, EL_PREP_TERM, 1);
	got = e->lib.el_gets(e->el, &count);
	interrupt_unwatch();
	if (!got || count <= 0) {
		e->lib.el_reset(e->el);
		return NULL;
	}
	line = (char *)(uintptr_t)got;		/* ours until the next call */
	end = line + strcspn(line, "\r\n");
	*end = '\0';
	*len = (size_t)(end - line);
	keep(e, line);
	return line;
}

#else /* without libedit */

struct editor *editor_open(struct shell *sh)
{
	(void)sh;
	return NULL;
}

void editor_close(struct editor *e)
{
	(void)e;
}

const char *editor_line(struct editor *e, size_t *len)
{
	(void)e;
	(void)len;
	return NULL;
}

#endif
