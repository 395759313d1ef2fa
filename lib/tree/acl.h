/* SPDX-License-Identifier: MIT */
/*
 * Access control lists in disk form, and the modes they stand for.
 * Rules: acl(5), "Correspondence between ACL entries and file permission bits", "Object
 * creation and default ACLs".
 */
#ifndef E2_TREE_ACL_H
#define E2_TREE_ACL_H

#include "tree/tree.h"

/* Whether a list is one the kernel would take: complete, in order, rwx only.  E2_ERR_INVAL. */
E2_NODISCARD int e2_acl_check(const uint8_t *acl, size_t len);

/*
 * Gives a mode the permissions of an access ACL.  *more: it says more than the mode can.
 * E2_ERR_CORRUPT when it is none.
 */
E2_NODISCARD int e2_acl_to_mode(const uint8_t *acl, size_t len, uint16_t *mode, bool *more);

/* Gives an access ACL the permissions of a mode, as chmod does.  E2_ERR_CORRUPT. */
E2_NODISCARD int e2_acl_from_mode(uint8_t *acl, size_t len, uint16_t mode);

/*
 * Makes of a copy of a default ACL the access ACL of something created with a mode: what
 * either does not permit is taken from both.  *more as above.  E2_ERR_CORRUPT.
 */
E2_NODISCARD int e2_acl_mask(uint8_t *acl, size_t len, uint16_t *mode, bool *more);

#endif
