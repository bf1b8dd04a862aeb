// probe FORMAT IMAGE: the files of an image, each hashed, by the shortest way there is: for scripts/bench.
//
// qemu-nbd serves the image, libnbd reads its blocks, libtsk walks every file system in it, OpenSSL hashes each regular
// file with SHA-256. One thread does all that; qemu-nbd is a process beside it. Prints the number of files and of bytes.
#include <inttypes.h>
#include <libnbd.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <tsk/libtsk.h>

typedef struct {
  TSK_IMG_INFO info;  // First: libtsk sees only this.
  struct nbd_handle *nbd;
  int64_t size;
} Image;

static EVP_MD_CTX *hash;
static uint64_t files, bytes, failures;

static void fail(const char *what) {
  fprintf(stderr, "probe: %s\n", what);
  exit(2);
}

static ssize_t read_image(TSK_IMG_INFO *info, TSK_OFF_T offset, char *buffer, size_t length) {
  Image *image = (Image *)info;
  if (offset < 0 || offset >= image->size) return -1;
  if ((int64_t)length > image->size - offset) length = image->size - offset;
  return nbd_pread(image->nbd, buffer, length, offset, 0) == 0 ? (ssize_t)length : -1;
}

static void close_image(TSK_IMG_INFO *info) { nbd_close(((Image *)info)->nbd); }
static void describe_image(TSK_IMG_INFO *info, FILE *file) { (void)info, (void)file; }

static TSK_WALK_RET_ENUM hash_block(TSK_FS_FILE *file, TSK_OFF_T offset, TSK_DADDR_T address, char *data, size_t size,
                                    TSK_FS_BLOCK_FLAG_ENUM flags, void *context) {
  (void)file, (void)offset, (void)address, (void)flags, (void)context;
  EVP_DigestUpdate(hash, data, size);
  bytes += size;
  return TSK_WALK_CONT;
}

static TSK_WALK_RET_ENUM hash_file(TSK_FS_FILE *file, const char *path, void *context) {
  (void)path, (void)context;
  unsigned char digest[EVP_MAX_MD_SIZE];
  if (file->meta == NULL || file->meta->type != TSK_FS_META_TYPE_REG) return TSK_WALK_CONT;
  EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
  if (file->meta->size > 0 && tsk_fs_file_walk(file, TSK_FS_FILE_WALK_FLAG_NONE, hash_block, NULL)) failures++;
  EVP_DigestFinal_ex(hash, digest, NULL);
  files++;
  return TSK_WALK_CONT;
}

static void walk(TSK_FS_INFO *system) {
  if (system == NULL) return;
  const int flags = TSK_FS_DIR_WALK_FLAG_ALLOC | TSK_FS_DIR_WALK_FLAG_RECURSE | TSK_FS_DIR_WALK_FLAG_NOORPHAN;
  if (tsk_fs_dir_walk(system, system->root_inum, (TSK_FS_DIR_WALK_FLAG_ENUM)flags, hash_file, NULL)) failures++;
  tsk_fs_close(system);
}

int main(int count, char **arguments) {
  if (count != 3) fail("usage: probe FORMAT IMAGE");
  Image *image = calloc(1, sizeof *image);
  char *command[] = {"qemu-nbd", "-r", "-f", arguments[1], arguments[2], NULL};
  if (image == NULL || (image->nbd = nbd_create()) == NULL) fail("no memory");
  if (nbd_connect_systemd_socket_activation(image->nbd, command) != 0) fail(nbd_get_error());
  image->size = nbd_get_size(image->nbd);
  hash = EVP_MD_CTX_new();
  TSK_IMG_INFO *opened = tsk_img_open_external(image, image->size, 512, read_image, close_image, describe_image);
  if (opened == NULL) fail(tsk_error_get());
  TSK_VS_INFO *volumes = tsk_vs_open(opened, 0, TSK_VS_TYPE_DETECT);
  if (volumes == NULL) walk(tsk_fs_open_img(opened, 0, TSK_FS_TYPE_DETECT));
  for (TSK_PNUM_T number = 0; volumes != NULL && number < volumes->part_count; number++) {
    const TSK_VS_PART_INFO *part = tsk_vs_part_get(volumes, number);
    if (part->flags & TSK_VS_PART_FLAG_ALLOC) walk(tsk_fs_open_vol(part, TSK_FS_TYPE_DETECT));
  }
  printf("{\"files\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"failures\": %" PRIu64 "}\n", files, bytes, failures);
  if (volumes != NULL) tsk_vs_close(volumes);
  tsk_img_close(opened);
  return failures ? 1 : 0;
}
