#pragma once
#include <dlfcn.h>
#include <guestfs.h>
#include <stdlib.h>

// libguestfs brings some sixty libraries with it, which every start of the program would wait 20 ms for: it is loaded
// when an appliance is wanted, and a machine without it can do all else. The types of its functions are those of its header.
static inline void *vmlineage_guestfs_function(const char *name) {
  static void *library;
  if (!library) library = dlopen("libguestfs.so.0", RTLD_NOW);
  return library ? dlsym(library, name) : NULL;
}

#define VMLINEAGE_GUESTFS(name) ((__typeof__(&guestfs_##name))vmlineage_guestfs_function("guestfs_" #name))

// A handle, without which nothing else here may be called; NULL where the library is not there, or lacks what is newest
// of all that is called.
static inline guestfs_h *vmlineage_guestfs_create(void) {
  if (!VMLINEAGE_GUESTFS(cryptsetup_open_argv)) return NULL;
  // It is variadic, which Swift does not import.
  return VMLINEAGE_GUESTFS(create_flags)(GUESTFS_CREATE_NO_ENVIRONMENT | GUESTFS_CREATE_NO_CLOSE_ON_EXIT);
}

static inline void vmlineage_guestfs_close(guestfs_h *g) { VMLINEAGE_GUESTFS(close)(g); }

static inline const char *vmlineage_guestfs_last_error(guestfs_h *g) { return VMLINEAGE_GUESTFS(last_error)(g); }

static inline void vmlineage_guestfs_push_error_handler(guestfs_h *g, guestfs_error_handler_cb handler, void *opaque) {
  VMLINEAGE_GUESTFS(push_error_handler)(g, handler, opaque);
}

static inline void vmlineage_guestfs_pop_error_handler(guestfs_h *g) { VMLINEAGE_GUESTFS(pop_error_handler)(g); }

static inline int vmlineage_guestfs_set_event_callback(
    guestfs_h *g, guestfs_event_callback callback, uint64_t events, void *opaque) {
  return VMLINEAGE_GUESTFS(set_event_callback)(g, callback, events, 0, opaque);
}

// Console of the appliance, with what QEMU prints. A macro, which Swift does not import.
static const uint64_t vmlineage_event_appliance = GUESTFS_EVENT_APPLIANCE;

static inline int vmlineage_guestfs_set_backend(guestfs_h *g, const char *backend) {
  return VMLINEAGE_GUESTFS(set_backend)(g, backend);
}

static inline int vmlineage_guestfs_set_backend_setting(guestfs_h *g, const char *name, const char *value) {
  return VMLINEAGE_GUESTFS(set_backend_setting)(g, name, value);
}

static inline int vmlineage_guestfs_set_append(guestfs_h *g, const char *append) {
  return VMLINEAGE_GUESTFS(set_append)(g, append);
}

static inline int vmlineage_guestfs_set_tmpdir(guestfs_h *g, const char *folder) {
  return VMLINEAGE_GUESTFS(set_tmpdir)(g, folder);
}

static inline int vmlineage_guestfs_set_cachedir(guestfs_h *g, const char *folder) {
  return VMLINEAGE_GUESTFS(set_cachedir)(g, folder);
}

static inline int vmlineage_guestfs_set_pgroup(guestfs_h *g, int pgroup) { return VMLINEAGE_GUESTFS(set_pgroup)(g, pgroup); }

static inline int vmlineage_guestfs_set_network(guestfs_h *g, int network) {
  return VMLINEAGE_GUESTFS(set_network)(g, network);
}

static inline int vmlineage_guestfs_set_memsize(guestfs_h *g, int mebibytes) {
  return VMLINEAGE_GUESTFS(set_memsize)(g, mebibytes);
}

static inline int vmlineage_guestfs_set_smp(guestfs_h *g, int processors) {
  return VMLINEAGE_GUESTFS(set_smp)(g, processors);
}

static inline int vmlineage_guestfs_launch(guestfs_h *g) { return VMLINEAGE_GUESTFS(launch)(g); }

static inline int vmlineage_guestfs_add_drive(
    guestfs_h *g, const char *file, const struct guestfs_add_drive_opts_argv *options) {
  return VMLINEAGE_GUESTFS(add_drive_opts_argv)(g, file, options);
}

static inline int vmlineage_guestfs_cryptsetup_open(
    guestfs_h *g, const char *device, const char *key, const char *name,
    const struct guestfs_cryptsetup_open_argv *options) {
  return VMLINEAGE_GUESTFS(cryptsetup_open_argv)(g, device, key, name, options);
}

static inline int vmlineage_guestfs_lvm_scan(guestfs_h *g, int activate) { return VMLINEAGE_GUESTFS(lvm_scan)(g, activate); }

static inline char *vmlineage_guestfs_debug(guestfs_h *g, const char *command, char *const *arguments) {
  return VMLINEAGE_GUESTFS(debug)(g, command, arguments);
}

static inline int vmlineage_guestfs_upload(guestfs_h *g, const char *file, const char *there) {
  return VMLINEAGE_GUESTFS(upload)(g, file, there);
}

static inline int vmlineage_guestfs_download(guestfs_h *g, const char *there, const char *file) {
  return VMLINEAGE_GUESTFS(download)(g, there, file);
}

// The bit masks are casts, which Swift does not import.
static const uint64_t vmlineage_add_drive_readonly = GUESTFS_ADD_DRIVE_OPTS_READONLY_BITMASK;
static const uint64_t vmlineage_add_drive_format = GUESTFS_ADD_DRIVE_OPTS_FORMAT_BITMASK;
static const uint64_t vmlineage_add_drive_label = GUESTFS_ADD_DRIVE_OPTS_LABEL_BITMASK;
static const uint64_t vmlineage_add_drive_cachemode = GUESTFS_ADD_DRIVE_OPTS_CACHEMODE_BITMASK;
static const uint64_t vmlineage_add_drive_blocksize = GUESTFS_ADD_DRIVE_OPTS_BLOCKSIZE_BITMASK;
