#pragma once
#include <guestfs.h>
#include <stdlib.h>

// guestfs_create_flags is variadic, which Swift does not import.
static inline guestfs_h *vmlineage_guestfs_create(void) {
  return guestfs_create_flags(GUESTFS_CREATE_NO_ENVIRONMENT | GUESTFS_CREATE_NO_CLOSE_ON_EXIT);
}

// The bit masks are casts, which Swift does not import.
static const uint64_t vmlineage_add_drive_readonly = GUESTFS_ADD_DRIVE_OPTS_READONLY_BITMASK;
static const uint64_t vmlineage_add_drive_format = GUESTFS_ADD_DRIVE_OPTS_FORMAT_BITMASK;
static const uint64_t vmlineage_add_drive_label = GUESTFS_ADD_DRIVE_OPTS_LABEL_BITMASK;
static const uint64_t vmlineage_add_drive_cachemode = GUESTFS_ADD_DRIVE_OPTS_CACHEMODE_BITMASK;
