#pragma once
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tsk/libtsk.h>

// The Sleuth Kit's library brings those of a dozen image formats with it, which every start of the program would wait 8 ms
// for: it is loaded where a file system is opened with it. Its structures are read here, so that it must be of the version of
// its header; the number in its name tells only what it can be called by.
static inline void *vmlineage_tsk_function(const char *name) {
  static void *library;
  for (int number = 19; !library && number < 40; number++) {
    char file[32];
    snprintf(file, sizeof file, "libtsk.so.%d", number);
    void *found = dlopen(file, RTLD_NOW);
    __typeof__(&tsk_version_get_str) version = found ? dlsym(found, "tsk_version_get_str") : NULL;
    if (version && !strcmp(version(), TSK_VERSION_STR)) library = found;
  }
  return library ? dlsym(library, name) : NULL;
}

#define VMLINEAGE_TSK(name) ((__typeof__(&tsk_##name))vmlineage_tsk_function("tsk_" #name))

// Nothing else here may be called where it is not.
static inline int vmlineage_tsk_is_there(void) { return vmlineage_tsk_function("tsk_fs_open_img") != NULL; }

// libtsk reads an image of somebody else's making through functions that get the image itself: what it belongs to
// stands behind it.
typedef struct {
  TSK_IMG_INFO image;
  void *owner;
} vmlineage_tsk_image;

static inline void *vmlineage_tsk_owner(TSK_IMG_INFO *image) { return ((vmlineage_tsk_image *)image)->owner; }

static inline void vmlineage_tsk_free(TSK_IMG_INFO *image) { free(image); }

static inline void vmlineage_tsk_print_nothing(TSK_IMG_INFO *image, FILE *file) {}

static inline TSK_IMG_INFO *vmlineage_tsk_open(
    void *owner, TSK_OFF_T size, unsigned int sector,
    ssize_t (*read)(TSK_IMG_INFO *image, TSK_OFF_T offset, char *bytes, size_t count)) {
  vmlineage_tsk_image *image = calloc(1, sizeof *image);
  if (!image) return NULL;
  image->owner = owner;
  TSK_IMG_INFO *opened = VMLINEAGE_TSK(img_open_external)(
      image, size, sector, read, vmlineage_tsk_free, vmlineage_tsk_print_nothing);
  if (!opened) free(image);
  return opened;
}

static inline void vmlineage_tsk_img_close(TSK_IMG_INFO *image) { VMLINEAGE_TSK(img_close)(image); }

static inline TSK_FS_INFO *vmlineage_tsk_fs_open_img(TSK_IMG_INFO *image, TSK_OFF_T offset, TSK_FS_TYPE_ENUM type) {
  return VMLINEAGE_TSK(fs_open_img)(image, offset, type);
}

static inline void vmlineage_tsk_fs_close(TSK_FS_INFO *system) { VMLINEAGE_TSK(fs_close)(system); }

static inline TSK_FS_DIR *vmlineage_tsk_fs_dir_open_meta(TSK_FS_INFO *system, TSK_INUM_T inode) {
  return VMLINEAGE_TSK(fs_dir_open_meta)(system, inode);
}

static inline void vmlineage_tsk_fs_dir_close(TSK_FS_DIR *folder) { VMLINEAGE_TSK(fs_dir_close)(folder); }

static inline size_t vmlineage_tsk_fs_dir_getsize(const TSK_FS_DIR *folder) {
  return VMLINEAGE_TSK(fs_dir_getsize)(folder);
}

static inline const TSK_FS_NAME *vmlineage_tsk_fs_dir_get_name(const TSK_FS_DIR *folder, size_t position) {
  return VMLINEAGE_TSK(fs_dir_get_name)(folder, position);
}

static inline TSK_FS_FILE *vmlineage_tsk_fs_dir_get(const TSK_FS_DIR *folder, size_t position) {
  return VMLINEAGE_TSK(fs_dir_get)(folder, position);
}

static inline TSK_FS_FILE *vmlineage_tsk_fs_file_open_meta(TSK_FS_INFO *system, TSK_INUM_T inode) {
  return VMLINEAGE_TSK(fs_file_open_meta)(system, NULL, inode);
}

static inline void vmlineage_tsk_fs_file_close(TSK_FS_FILE *file) { VMLINEAGE_TSK(fs_file_close)(file); }

static inline const TSK_FS_ATTR *vmlineage_tsk_fs_file_attr_get(TSK_FS_FILE *file) {
  return VMLINEAGE_TSK(fs_file_attr_get)(file);
}

static inline ssize_t vmlineage_tsk_fs_file_read(
    TSK_FS_FILE *file, TSK_OFF_T offset, char *bytes, size_t count, TSK_FS_FILE_READ_FLAG_ENUM flags) {
  return VMLINEAGE_TSK(fs_file_read)(file, offset, bytes, count, flags);
}

static inline const char *vmlineage_tsk_error_get(void) { return VMLINEAGE_TSK(error_get)(); }

static inline void vmlineage_tsk_error_reset(void) { VMLINEAGE_TSK(error_reset)(); }
