/* SPDX-License-Identifier: MIT */
/* The sound volumes of the sweep, made by lib/build and filled by lib/tree. */
#ifndef E2_TESTS_SWEEP_BASE_H
#define E2_TESTS_SWEEP_BASE_H

#include "sweep.h"

void sweep_base(enum sweep_volume volume, struct ram *image);

#endif
