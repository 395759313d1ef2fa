/* SPDX-License-Identifier: MIT */
#include "e2test.h"

#include "debugfs/args.h"

#include <string.h>

/* Parses words separated by spaces; a word in ' is quoted. */
static int parse(const char *args, const char *line, struct spec *spec, struct words *words,
		 struct args *parsed)
{
	size_t used;

	cr_assert_eq(spec_parse(args, spec), 0, "%s: %s", args, e2_err_detail());
	cr_assert_eq(lex(line, strlen(line), &used, words), 0);
	return args_parse(spec, words->word, words->count, parsed);
}

/* What was given, in short: options, then operands by the place they fill. */
static void assert_args(const char *args, const char *line, const char *want)
{
	struct e2_str got = E2_STR_INIT;
	struct words words;
	struct args a;
	struct spec spec;
	int err = parse(args, line, &spec, &words, &a);

	cr_assert_eq(err, 0, "%s | %s: %s", args, line, e2_err_detail());
	for (size_t i = 0; i < spec.options; i++) {
		if (a.given[i])
			e2_str_addf(&got, "%s%s%s ", spec.option[i].name,
				    a.value[i].text ? "=" : "",
				    a.value[i].text ? a.value[i].text : "");
	}
	for (size_t i = 0; i < a.count; i++)
		e2_str_addf(&got, "%s=%s ", a.arg[i].operand->name, a.arg[i].text);
	cr_assert_str_eq(e2_str_text(&got), want, "%s | %s: %s", args, line, e2_str_text(&got));
	e2_str_free(&got);
	args_free(&a);
	words_free(&words);
}

static void assert_refused(const char *args, const char *line, const char *says)
{
	struct words words;
	struct args a;
	struct spec spec;

	cr_assert_eq(parse(args, line, &spec, &words, &a), E2_ERR_INVAL, "%s | %s", args, line);
	cr_assert_not_null(strstr(e2_err_detail(), says), "%s | %s: %s", args, line,
			   e2_err_detail());
	words_free(&words);
}

E2_TEST(shell_args, options_stand_anywhere_and_letters_join)
{
	static const char ls[] = "[-l] [-i|--inode] [--tree] [-n COUNT] [-name TEXT] [PATH...]";

	assert_args(ls, "", "");
	assert_args(ls, "-li /a", "-l -i PATH=/a ");
	assert_args(ls, "/a -l /b --tree", "-l --tree PATH=/a PATH=/b ");
	assert_args(ls, "--inode -n +4K -name '*.c' .", "-i -n=+4K -name=*.c PATH=. ");
	assert_args(ls, "-n -3", "-n=-3 ");
	assert_args(ls, "-- -l", "PATH=-l ");
	assert_args(ls, "'-l' -", "PATH=-l PATH=- ");
	assert_refused(ls, "-x", "unknown option -x");
	assert_refused(ls, "-lx", "unknown option -x");
	assert_refused(ls, "--trees", "unknown option");
	assert_refused(ls, "-nl 3", "option -n takes a value");
	assert_refused(ls, "-n", "option -n needs a value");
	assert_refused(ls, "--tree=1", "takes no value");
	assert_refused(ls, "-n x", "x");
	assert_refused("[--most=NUMBER] PATH", "--most=1 a", "");
}

E2_TEST(shell_args, operands_find_their_places)
{
	assert_args("FILE... HOSTDIR:host", "a b", "FILE=a HOSTDIR=b ");
	assert_args("FILE... HOSTDIR:host", "a b c", "FILE=a FILE=b HOSTDIR=c ");
	assert_refused("FILE... HOSTDIR:host", "a", "HOSTDIR is missing");
	assert_refused("FILE... HOSTDIR:host", "", "FILE is missing");
	assert_args("OBJECT [FIELD...]", "sb", "OBJECT=sb ");
	assert_args("OBJECT [FIELD...]", "sb a b", "OBJECT=sb FIELD=a FIELD=b ");
	assert_args("PATH [LBLK:number]", "a", "PATH=a ");
	assert_args("PATH [LBLK:number]", "a 0x10", "PATH=a LBLK=0x10 ");
	assert_refused("PATH [LBLK:number]", "a b", "b");
	assert_refused("PATH [LBLK:number]", "a 1 2", "\"2\" is one argument too many");
	assert_args("[A:text] B:text", "x", "B=x ");
	assert_args("[A:text] B:text", "x y", "A=x B=y ");
	assert_args("[A:text] [B:text] C:text", "x y", "A=x C=y ");
	assert_refused("", "x", "too many");
	assert_refused("PATH", "%0", "inode numbers go from 1");
}

E2_TEST(shell_args, values_are_converted)
{
	struct words words;
	struct args a;
	struct spec spec;

	cr_assert_eq(parse("[-s SIZE] [-c COUNT] N:number P:object", "-s 4K -c +2M 17 ^3", &spec,
		     &words,
			   &a), 0);
	cr_assert_eq(args_value(&a, "-s")->number, 4096);
	cr_assert_eq(args_value(&a, "-c")->number, 2 << 20);
	cr_assert(count_matches(args_value(&a, "-c"), (2 << 20) + 1));
	cr_assert_not(count_matches(args_value(&a, "-c"), 2 << 20));
	cr_assert_eq(args_get(&a, "N")->number, 17);
	cr_assert_eq(args_get(&a, "P")->object.kind, OBJECT_GROUP);
	cr_assert_eq(args_count(&a, "N"), 1);
	cr_assert_null(args_get(&a, "Q"));
	args_free(&a);
	words_free(&words);
	cr_assert(count_matches(&(struct arg){ .text = "-3", .number = 3 }, 2));
	cr_assert_not(count_matches(&(struct arg){ .text = "-3", .number = 3 }, 3));
	cr_assert(count_matches(&(struct arg){ .text = "3", .number = 3 }, 3));
	cr_assert_not(count_matches(&(struct arg){ .text = "3", .number = 3 }, 4));
}

E2_TEST(shell_args, mistakes_in_the_table_are_found)
{
	static const char *const bad[] = {
		"[-l", "[]", "path", "PATH  PATH", "[-n NOTYPE]", "A:nothing", "[PATH", "[-l|]",
		"A:text B:text C:text D:text E:text", "AVERYVERYLONGWORDINDEED",
	};
	struct e2_str many = E2_STR_INIT;
	struct spec spec;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		cr_assert_eq(spec_parse(bad[i], &spec), E2_ERR_INVAL, "%s", bad[i]);
	for (int i = 0; i <= ARGS_OPTIONS; i++) {
		cr_assert_eq(spec_parse(e2_str_text(&many), &spec), 0, "%d options", i);
		e2_str_addf(&many, "%s[-o%d]", i ? " " : "", i);
	}
	cr_assert_eq(spec_parse(e2_str_text(&many), &spec), E2_ERR_INVAL, "one too many");
	e2_str_free(&many);
}

E2_TEST(shell_args, options_are_kept_in_their_order)
{
	static const char *const order[] = { "-not", "-name", "-name", "-l" };
	struct word words[] = {
		{ .text = "-not" }, { .text = "-name" }, { .text = "a" }, { .text = "/x" },
		{ .text = "-name" }, { .text = "b" }, { .text = "-l" },
	};
	struct spec spec;
	struct args args;

	cr_assert_eq(spec_parse("[-l] [-name TEXT] [-not] [A:text]", &spec), 0);
	cr_assert_eq(args_parse(&spec, words, sizeof(words) / sizeof(*words), &args), 0);
	cr_assert_eq(args.uses, 4);
	for (size_t i = 0; i < args.uses; i++)
		cr_expect_str_eq(spec.option[args.use[i].option].name, order[i]);
	cr_expect_str_eq(args.use[1].value.text, "a");
	cr_expect_str_eq(args_value(&args, "-name")->text, "b");
	args_free(&args);
}
