/* SPDX-License-Identifier: MIT */
#include "e2test.h"
