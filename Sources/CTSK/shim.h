#pragma once
#include <stdlib.h>
#include <tsk/libtsk.h>

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
  TSK_IMG_INFO *opened =
      tsk_img_open_external(image, size, sector, read, vmlineage_tsk_free, vmlineage_tsk_print_nothing);
  if (!opened) free(image);
  return opened;
}
