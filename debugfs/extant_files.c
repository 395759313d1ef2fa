/* SPDX-License-Identifier: MIT */
/*
 * extant cp, ls, rm ...: files in images by IMAGE:PATH, as mtools and e2tools have it.
 *
 * Each becomes one call of extant-debugfs; between two images, two with an archive between them,
 * which is whole before the second begins: all is copied, or nothing.
 */
#include "extant.h"

#include "e2.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct verb {
	const char *name;
	const char *values;	/* options with a value, which is the next word */
	bool writes;
} verbs[] = {
	{ "cp", "m", false }, { "ls", "", false }, { "cat", "", false }, { "head", "nc", false },
	{ "stat", "c", false }, { "mkdir", "m", true }, { "rmdir", "", true }, { "rm", "", true },
	{ "mv", "", true }, { "ln", "", true },
};

static const struct verb *find_verb(const char *word)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, word))
			return &verbs[i];
	return NULL;
}

bool extant_is_verb(const char *word)
{
	return find_verb(word) != NULL;
}

static int refuse(const char *verb, const char *what, const char *why)
{
	struct e2_str s = E2_STR_INIT;

	e2_str_add_name(&s, what, strlen(what));
	(void)fprintf(stderr, "extant: %s: %s%s%s\n  usage: extant %s [OPTION...] %s\n", verb,
		      e2_str_text(&s), s.len ? ": " : "", why, verb,
		      !strcmp(verb, "cp") ? "SOURCE... DEST (each a file, or IMAGE:PATH)" :
		      "IMAGE:PATH...");
	e2_str_free(&s);
	return EXTANT_USAGE;
}

/* ---- IMAGE:PATH ------------------------------------------------------------------------- */

struct place {
	char *image;		/* NULL: of the host */
	char *path;
};

/* Whether the text before a colon is an image: a file, perhaps with a part of it behind. */
static bool is_image(const char *name)
{
	char *file = strdup(name);
	struct stat st;
	bool is = file && stat(file, &st) == 0;

	if (file && !is) {
		file[strcspn(file, "@#?")] = '\0';
		is = stat(file, &st) == 0;
	}
	free(file);
	return is && !S_ISDIR(st.st_mode);
}

/* A file of literally that name is meant, and so is what begins with "./". */
static bool place_of(const char *text, struct place *p)
{
	char *colon;
	bool rooted;
	size_t len;

	p->image = NULL;
	p->path = strdup(text);
	if (!p->path || !strncmp(text, "./", 2) || access(text, F_OK) == 0)
		return p->path != NULL;
	for (colon = strchr(p->path, ':'); colon; colon = strchr(colon + 1, ':')) {
		*colon = '\0';
		if (is_image(p->path))
			break;
		*colon = ':';
	}
	if (!colon)
		return true;
	p->image = p->path;
	rooted = colon[1] && strchr("/<%", colon[1]);	/* <12> and %12 are inodes */
	len = strlen(colon + 1);
	p->path = malloc(len + 2);
	if (!p->path)
		return false;
	p->path[0] = '/';
	memcpy(p->path + !rooted, colon + 1, len + 1);
	return true;
}

/* ---- calls ------------------------------------------------------------------------------ */

enum { CALL_WORDS = 4096 };

struct call {
	char *v[CALL_WORDS];
	int n;
	bool failed;		/* a word is missing: it must not be made */
};

static void add(struct call *c, const char *word)
{
	char *copy = c->n < CALL_WORDS - 1 ? strdup(word) : NULL;

	if (copy)
		c->v[c->n++] = copy;
	else
		c->failed = true;
}

static void begin(struct call *c, bool writes, const char *image, const char *command)
{
	*c = (struct call){ .n = 1 };
	if (writes)
		add(c, "-w");
	add(c, image);
	add(c, command);
}

static void release(struct call *c)
{
	for (int i = 1; i < c->n; i++)
		free(c->v[i]);
}

static int start(struct call *c)
{
	if (!c->failed)
		return extant_start("debugfs", c->v);
	(void)fprintf(stderr, "extant: too many words, or no memory\n");
	return EXTANT_CANNOT_RUN;
}

/* Becomes the program; comes back only when that cannot be. */
static int become(struct call *c)
{
	int status = start(c);

	release(c);
	return status;
}

/* Waits for it; fd is in the place of its standard input or output. */
static int run(struct call *c, int fd, int in_place_of)
{
	pid_t child = fork(), got = child;
	int status = 0;

	if (child == 0) {
		if (dup2(fd, in_place_of) < 0)
			_exit(EXTANT_CANNOT_RUN);
		if (fd != in_place_of)
			(void)close(fd);	/* it has the other */
		_exit(start(c));
	}
	while (child > 0 && (got = waitpid(child, &status, 0)) < 0 && errno == EINTR)
		;
	if (got < 0) {
		(void)fprintf(stderr, "extant: %s\n", strerror(errno));
		return EXTANT_CANNOT_RUN;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

/* A file without a name; -1, and it is said why. */
static int open_spool(void)
{
	const char *tmp = getenv("TMPDIR");
	struct e2_str name = E2_STR_INIT;
	char *path;
	int fd = -1;

	e2_str_addf(&name, "%s/extant-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	path = e2_str_status(&name) ? NULL : strdup(e2_str_text(&name));
	if (path)
		fd = mkstemp(path);
	if (fd < 0)
		(void)fprintf(stderr, "extant: making a temporary file: %s\n", strerror(errno));
	else
		(void)unlink(path);	/* at worst it stays in a temporary directory */
	free(path);
	e2_str_free(&name);
	return fd;
}

/* What the first writes the second reads, if the first has done all it should. */
static int run_both(struct call *from, struct call *to)
{
	int fd = open_spool();
	int status = fd < 0 ? 1 : run(from, fd, STDOUT_FILENO);

	if (!status && lseek(fd, 0, SEEK_SET) != 0) {
		(void)fprintf(stderr, "extant: the temporary file: %s\n", strerror(errno));
		status = 1;
	}
	if (!status)
		status = run(to, fd, STDIN_FILENO);
	if (fd >= 0)
		(void)close(fd);	/* it was only for these two */
	release(from);
	release(to);
	return status;
}

/* ---- verbs -------------------------------------------------------------------------------- */

struct option {
	char letter;		/* 0: a long one */
	const char *word;	/* it stands in */
	const char *value;	/* NULL: none */
};

struct job {
	const char *verb;
	struct place *place;	/* operands */
	int count;
	struct option *option;
	int options;
};

static bool has_option(const struct job *j, char letter)
{
	for (int i = 0; i < j->options; i++)
		if (j->option[i].letter == letter)
			return true;
	return false;
}

/*
 * Adds the options with the letters in passed and the long ones in words, each with its value,
 * but for those in known, which the caller has seen to.  0, or EXTANT_USAGE where one is none of
 * these: what cannot be honoured is refused.
 */
static int add_options(struct call *c, const struct job *j, const char *passed, const char *known,
		       const char *words)
{
	for (int i = 0; i < j->options; i++) {
		const struct option *o = &j->option[i];
		const char word[] = { '-', o->letter, '\0' };
		bool pass = o->letter ? strchr(passed, o->letter) != NULL :
			strcmp(o->word, words) == 0;

		if (o->letter && strchr(known, o->letter))
			continue;
		if (!pass) {
			release(c);
			return refuse(j->verb, o->letter ? word : o->word,
				      "no option of a copy from here to there");
		}
		add(c, o->letter ? word : o->word);
		if (o->value)
			add(c, o->value);
	}
	return 0;
}

static void add_paths(struct call *c, const struct job *j, int count)
{
	add(c, "--");
	for (int i = 0; i < count; i++)
		add(c, j->place[i].path);
}

/* Whether two places are in one volume: both of the host, or in one image by whatever name. */
static bool one_volume(const struct place *a, const struct place *b)
{
	struct stat x, y;

	if (!a->image || !b->image)
		return a->image == b->image;
	return !strcmp(a->image, b->image) ||
		(stat(a->image, &x) == 0 && stat(b->image, &y) == 0 && x.st_dev == y.st_dev &&
		 x.st_ino == y.st_ino);
}

static void add_place(struct e2_str *s, const struct place *p)
{
	if (p->image) {
		e2_str_add_name(s, p->image, strlen(p->image));
		e2_str_add(s, ":");
	}
	e2_str_add_name(s, p->path, strlen(p->path));
}

/* EXDEV: what cannot be done from one volume to another, and what can. */
static int refuse_volumes(const char *verb, const struct place *from, const struct place *to)
{
	bool move = !strcmp(verb, "mv"), tree = strcmp(verb, "ln") != 0;
	struct e2_str a = E2_STR_INIT, b = E2_STR_INIT;

	add_place(&a, from);
	add_place(&b, to);
	if (from->image && to->image)
		(void)fprintf(stderr, "extant: %s: %s: not in the volume of %s", verb,
			      e2_str_text(&b), e2_str_text(&a));
	else
		(void)fprintf(stderr, "extant: %s: %s: not in an image, and %s is", verb,
			      e2_str_text(to->image ? &a : &b), e2_str_text(to->image ? &b : &a));
	(void)fprintf(stderr, "; %s\n  try: extant cp %s%s %s%s\n",
		      move ? "a name moves within its volume only" :
		      "a hard link is one more name of an inode, and each volume numbers its own",
		      tree ? "-a " : "", e2_str_text(&a), e2_str_text(&b),
		      move ? ", and rm -r when it is there" : "");
	e2_str_free(&a);
	e2_str_free(&b);
	return EXIT_FAILURE;
}

/* Out of an image: into a directory of the host, or under a name. */
static int copy_out(const struct job *j, const char *image)
{
	const char *dest = j->place[j->count - 1].path;
	struct stat st;
	struct call c;
	bool into = !strcmp(dest, "-") || (stat(dest, &st) == 0 && S_ISDIR(st.st_mode));

	if (!into && j->count > 2)
		return refuse(j->verb, dest, "not a directory");
	begin(&c, false, image, "get");
	if (!has_option(j, 'n'))
		add(&c, "-f");
	if (!into || has_option(j, 'T'))
		add(&c, "-T");
	if (add_options(&c, j, "ravP", "nfT", ""))
		return EXTANT_USAGE;
	add_paths(&c, j, j->count);
	return become(&c);
}

static int copy_in(const struct job *j, const char *image)
{
	struct call c;

	begin(&c, true, image, "put");
	if (!has_option(j, 'n'))
		add(&c, "--inplace");
	if (add_options(&c, j, "ramTv", "nf", "--sparse"))
		return EXTANT_USAGE;
	add_paths(&c, j, j->count);
	return become(&c);
}

static int copy_within(const struct job *j, const char *image)
{
	bool links = has_option(j, 'l');	/* of these -f replaces, of copies the lack of -n */
	struct call c;

	begin(&c, true, image, "cp");
	if (add_options(&c, j, links ? "ralfnTLPv" : "ranTLPv", links ? "" : "f", ""))
		return EXTANT_USAGE;
	add_paths(&c, j, j->count);
	return become(&c);
}

/*
 * Whether a copy goes into what a path leads to: a directory, or what is not known here, of which
 * the shell will say what is wrong with it.
 */
static bool is_into(const struct place *dest)
{
	const struct e2_open_options options = { .log_path = NULL };
	const struct e2_resolve how = { .cwd = E2_INO_ROOT };
	struct e2_inode in = { .mode = E2_S_IFDIR };
	struct e2_fs *fs;
	bool reread;
	e2_ino ino;
	int err = strchr("<%", dest->path[0]) ? E2_ERR_INVAL :
		e2_open_image(NULL, dest->image, &options, &fs);

	if (err)
		return true;
	err = e2_reading_begin(fs, &reread);
	if (!err) {
		err = e2_resolve(fs, &how, dest->path, &ino);
		if (!err)
			err = e2_inode_get(fs, ino, &in);
		else if (err == E2_ERR_NOENT)
			in.mode = 0;
		e2_reading_end(fs);
	}
	(void)e2_close(fs);	/* nothing was written */
	return e2_is_dir(&in);
}

/* What tar says of each file is kept, as with -a, and directories are with all they hold. */
static int copy_across(const struct job *j, const char *from, const char *to)
{
	bool exact = has_option(j, 'T') || !is_into(&j->place[j->count - 1]);
	struct call out, in;

	if (exact && j->count > 2)
		return refuse(j->verb, j->place[j->count - 1].path, "not a directory");
	begin(&in, true, to, "put");
	add(&in, "--tar");
	if (!has_option(j, 'n'))
		add(&in, "--atomic");
	if (exact)
		add(&in, "-T");
	if (add_options(&in, j, "v", "nfraT", ""))
		return EXTANT_USAGE;
	add(&in, "--");
	add(&in, "-");
	add(&in, j->place[j->count - 1].path);
	begin(&out, false, from, "tar");
	add_paths(&out, j, j->count - 1);
	return run_both(&out, &in);
}

/* Whether DEST would be made in a directory "NAME:" that is not there: an image was meant. */
static bool misses_image(const char *dest)
{
	const char *end = strstr(dest, ":/");
	struct e2_str dir = E2_STR_INIT;
	bool misses = false;

	if (end && end != dest && strncmp(dest, "./", 2) != 0) {
		e2_str_add_bytes(&dir, dest, (size_t)(end - dest) + 1);
		misses = !e2_str_status(&dir) && access(dir.text, F_OK) != 0;
	}
	e2_str_free(&dir);
	return misses;
}

/* Which argument was perhaps meant as IMAGE:PATH, and why it is none. */
static int refuse_hosts(const struct job *j)
{
	for (int i = 0; i < j->count; i++) {
		const char *text = j->place[i].path, *colon = strchr(text, ':');

		if (!colon)
			continue;
		if (!strncmp(text, "./", 2))
			return refuse(j->verb, text, "nothing here is in an image: what begins "
				      "with ./ is a file; write the image without it");
		return refuse(j->verb, text, "nothing here is in an image: what stands before the "
			      "colon is no such file");
	}
	return refuse(j->verb, "", "nothing here is in an image");
}

static int copy(const struct job *j)
{
	const char *from, *to;
	const struct place *dest;

	if (j->count < 2)
		return refuse(j->verb, "", "a source or DEST is missing");
	dest = &j->place[j->count - 1];
	from = j->place[0].image;
	to = dest->image;
	for (int i = 1; i < j->count - 1; i++)
		if (!from != !j->place[i].image || (from && strcmp(from, j->place[i].image) != 0))
			return refuse(j->verb, "",
				      "the sources must be in one image, or all files");
	if (!from && !to)
		return refuse_hosts(j);
	if (has_option(j, 'l') && !one_volume(&j->place[0], dest))
		return refuse_volumes("cp -l", &j->place[0], dest);
	if (!to && misses_image(dest->path))
		return refuse(j->verb, dest->path, "what stands before the colon is no such file; "
			      "with ./ in front all of it is a path of the host");
	if (from && to)
		return one_volume(&j->place[0], dest) ? copy_within(j, from) :
			copy_across(j, from, to);
	return from ? copy_out(j, from) : copy_in(j, to);
}

/* A command with everything it takes, in one image; but the text of a symlink is in none. */
static int other(const struct verb *verb, const struct job *j)
{
	bool link = !strcmp(verb->name, "ln"), move = !strcmp(verb->name, "mv");
	int texts = link && has_option(j, 's') ? j->count - 1 : 0;
	const struct place *first = NULL;
	const char *image;
	struct call c;

	for (int i = 0; i < j->count && !first; i++)
		first = j->place[i].image ? &j->place[i] : NULL;
	if (!first)
		return refuse_hosts(j);
	for (int i = texts; i + 1 < j->count; i++)
		if ((link || move) && !one_volume(&j->place[i], &j->place[j->count - 1]))
			return refuse_volumes(j->verb, &j->place[i], &j->place[j->count - 1]);
	for (int i = texts; i < j->count; i++)
		if (!j->place[i].image)
			return refuse(j->verb, j->place[i].path, "not in an image");
	for (int i = 0; i < j->count; i++)
		if (j->place[i].image && !one_volume(first, &j->place[i]))
			return refuse(j->verb, "", "two images");
	image = first->image;
	begin(&c, verb->writes, image, verb->name);
	for (int i = 0; i < j->options; i++) {
		if (i == 0 || j->option[i].word != j->option[i - 1].word)
			add(&c, j->option[i].word);	/* letters together as they are */
		if (j->option[i].value)
			add(&c, j->option[i].value);
	}
	add_paths(&c, j, j->count);
	return become(&c);
}

/* ---- words -------------------------------------------------------------------------------- */

/* The option, or options, in argv[*at], and the value behind it. */
static int take_options(const struct verb *verb, int argc, char **argv, int *at, struct job *j)
{
	const char *word = argv[*at];

	if (word[1] == '-') {
		j->option[j->options++] = (struct option){ .word = word };
		return 0;
	}
	for (const char *letter = word + 1; *letter; letter++) {
		struct option *o = &j->option[j->options++];

		*o = (struct option){ .letter = *letter, .word = word };
		if (!strchr(verb->values, *letter))
			continue;
		if (letter[1])
			return refuse(verb->name, word, "a value must be a word of its own");
		if (*at + 1 == argc)
			return refuse(verb->name, word, "a value is missing");
		o->value = argv[++*at];
	}
	return 0;
}

static int take_words(const struct verb *verb, int argc, char **argv, struct job *j)
{
	bool operands_only = false;

	for (int i = 1; i < argc; i++) {
		if (!operands_only && !strcmp(argv[i], "--")) {
			operands_only = true;
		} else if (!operands_only && argv[i][0] == '-' && argv[i][1]) {
			if (take_options(verb, argc, argv, &i, j))
				return EXTANT_USAGE;
		} else if (!place_of(argv[i], &j->place[j->count++])) {
			return EXTANT_CANNOT_RUN;
		}
	}
	return 2 * j->options + j->count < CALL_WORDS - 16 ? 0 : EXTANT_CANNOT_RUN;
}

int extant_verb(int argc, char **argv)
{
	const struct verb *verb = find_verb(argv[0]);
	struct job j = { .verb = argv[0] };
	int status = 0;
	size_t letters = 1;

	for (int i = 1; i < argc; i++)
		letters += strlen(argv[i]);	/* of options there are no more than that */
	j.place = calloc((size_t)argc, sizeof(*j.place));
	j.option = calloc(letters, sizeof(*j.option));
	if (!j.place || !j.option)
		status = EXTANT_CANNOT_RUN;
	if (!status)
		status = take_words(verb, argc, argv, &j);
	if (status == EXTANT_CANNOT_RUN)
		(void)fprintf(stderr, "extant: %s: too many words, or no memory\n", argv[0]);
	else if (!status)
		status = !strcmp(verb->name, "cp") ? copy(&j) : other(verb, &j);
	for (int i = 0; i < j.count; i++) {
		free(j.place[i].image);
		free(j.place[i].path);
	}
	free(j.place);
	free(j.option);
	return status;
}
