/* SPDX-License-Identifier: MIT */
/* --explain: a kind of problem in words, from its rows and a paragraph. */
#include "fsck.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS = 80 };

static const struct {
	const char *code, *text;
} texts[] = {
#define EXPLAIN(code, text) { code, text },
#include "explain.def"
#undef EXPLAIN
};

static const struct e2_problem *row(int id)
{
	return e2_problem((enum e2_problem_id)id);
}

static void print_wrapped(const char *text)
{
	size_t column = 0;

	while (*text != '\0') {
		size_t len = strcspn(text, " ");

		if (column != 0 && column + 1 + len > COLUMNS - 2) {
			putchar('\n');
			column = 0;
		}
		column += (size_t)printf("%s%.*s", column == 0 ? "  " : " ", (int)len, text);
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

/* A text with its slots as words: "is {have:hex}" is "is FOUND". */
static void add_template(struct e2_str *s, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "{"), name;

		e2_str_add_bytes(s, text, len);
		text += len;
		if (*text == '\0')
			break;
		name = strcspn(++text, ":}");
		if (name == 4 && strncmp(text, "have", name) == 0)
			e2_str_add(s, "FOUND");
		else if (name == 4 && strncmp(text, "want", name) == 0)
			e2_str_add(s, "WANTED");
		else
			for (size_t i = 0; i < name; i++)
				e2_str_addf(s, "%c", toupper((unsigned char)text[i]));
		text += strcspn(text, "}");
		text += *text == '}';
	}
}

static void print_row(int id)
{
	static const char *const policies[] = {
		[E2_POLICY_PREEN] = "safe: -p repairs it", [E2_POLICY_ASK] = "needs -y, or a yes",
		[E2_POLICY_NEVER] = "only reported",
	};
	const struct e2_problem *p = row(id);
	struct e2_str s = E2_STR_INIT;

	e2_str_addf(&s, "\n  0x%04x  %s; %s\n    ", p->number,
		    p->severity == E2_SEV_ERROR ? "an error" : "a note", policies[p->policy]);
	add_template(&s, p->object);
	e2_str_add(&s, "   ");
	add_template(&s, p->field);
	e2_str_add(&s, "\n        ");
	add_template(&s, p->text);
	e2_str_add(&s, "\n        ");
	if (*p->will != '\0')
		add_template(&s, p->will);
	else
		e2_str_addf(&s, "repair: %s", e2_problem_verb((enum e2_problem_id)id));
	puts(e2_str_text(&s));
	e2_str_free(&s);
}

static const char *text_of(const char *code)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i].code, code) == 0)
			return texts[i].text;
	return "";
}

static bool is_first_of_its_code(int id)
{
	for (int i = 0; i < id; i++)
		if (strcmp(row(i)->code, row(id)->code) == 0)
			return false;
	return true;
}

static int print_list(void)
{
	for (int id = 0; id < E2_PROBLEMS; id++)
		if (is_first_of_its_code(id))
			puts(row(id)->code);
	return fflush(stdout) == 0 && !ferror(stdout) ? FSCK_OK : fsck_fail_output();
}

static int fail_unknown(const char *code)
{
	struct e2_str shown = E2_STR_INIT;
	struct e2_nearest n;

	e2_nearest_begin(&n, code);
	for (int id = 0; id < E2_PROBLEMS; id++)
		e2_nearest_offer(&n, row(id)->code);
	e2_str_add_name(&shown, code, strlen(code));
	fprintf(stderr, "extant-fsck: --explain: no problem is called \"%s\"", e2_str_text(&shown));
	if (n.best != NULL)
		fprintf(stderr, "; did you mean %s?\n", n.best);
	else
		fprintf(stderr, "\n  try: --explain list\n");
	e2_str_free(&shown);
	return FSCK_USAGE;
}

int fsck_explain(const char *code)
{
	bool found = false;

	if (strcmp(code, "list") == 0)
		return print_list();
	for (int id = 0; id < E2_PROBLEMS; id++) {
		if (strcmp(row(id)->code, code) != 0)
			continue;
		if (!found) {
			printf("%s\n\n", code);
			print_wrapped(text_of(code));
		}
		found = true;
		print_row(id);
	}
	if (!found)
		return fail_unknown(code);
	return fflush(stdout) == 0 && !ferror(stdout) ? FSCK_OK : fsck_fail_output();
}
