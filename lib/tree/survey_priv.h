/* SPDX-License-Identifier: MIT */
/* What the files about surveys share. */
#ifndef E2_TREE_SURVEY_PRIV_H
#define E2_TREE_SURVEY_PRIV_H

#include "tree/survey.h"
#include "tree/tour.h"

struct survey_end {		/* of a symlink's name */
	e2_ino to;		/* as of e2_survey_link */
	uint32_t text;		/* a hash of its text */
};

struct e2_survey {
	struct e2_tour tour;	/* its names are those of the symlinks */
	struct survey_end *ends;/* one for each name */
	uint64_t seed;		/* of the hashes; of two that are compared the same */
};

#endif
