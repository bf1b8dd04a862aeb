#pragma once
#include <dlfcn.h>
#include <libnbd.h>
#include <stdlib.h>

// libnbd brings TLS and XML with it, and most images are read without it: it is loaded where a server of blocks is asked.
static inline void *vmlineage_nbd_function(const char *name) {
  static void *library;
  if (!library) library = dlopen("libnbd.so.0", RTLD_NOW);
  return library ? dlsym(library, name) : NULL;
}

#define VMLINEAGE_NBD(name) ((__typeof__(&nbd_##name))vmlineage_nbd_function("nbd_" #name))

// NULL where the library is not there; nothing else here may be called then.
static inline struct nbd_handle *vmlineage_nbd_create(void) {
  return vmlineage_nbd_function("nbd_create") ? VMLINEAGE_NBD(create)() : NULL;
}

static inline void vmlineage_nbd_close(struct nbd_handle *nbd) { VMLINEAGE_NBD(close)(nbd); }

// Of the last call in this thread; NULL where there is none to tell.
static inline const char *vmlineage_nbd_get_error(void) {
  return vmlineage_nbd_function("nbd_get_error") ? VMLINEAGE_NBD(get_error)() : "libnbd (libnbd.so.0) is not on this machine";
}

static inline int vmlineage_nbd_aio_connect_socket(struct nbd_handle *nbd, int socket) {
  return VMLINEAGE_NBD(aio_connect_socket)(nbd, socket);
}

static inline int vmlineage_nbd_aio_is_connecting(struct nbd_handle *nbd) { return VMLINEAGE_NBD(aio_is_connecting)(nbd); }

static inline int vmlineage_nbd_aio_is_ready(struct nbd_handle *nbd) { return VMLINEAGE_NBD(aio_is_ready)(nbd); }

static inline int vmlineage_nbd_poll(struct nbd_handle *nbd, int milliseconds) {
  return VMLINEAGE_NBD(poll)(nbd, milliseconds);
}

static inline int64_t vmlineage_nbd_get_size(struct nbd_handle *nbd) { return VMLINEAGE_NBD(get_size)(nbd); }

static inline int64_t vmlineage_nbd_aio_pread(
    struct nbd_handle *nbd, void *bytes, size_t count, uint64_t offset, nbd_completion_callback done, uint32_t flags) {
  return VMLINEAGE_NBD(aio_pread)(nbd, bytes, count, offset, done, flags);
}

static inline int vmlineage_nbd_aio_command_completed(struct nbd_handle *nbd, uint64_t cookie) {
  return VMLINEAGE_NBD(aio_command_completed)(nbd, cookie);
}
