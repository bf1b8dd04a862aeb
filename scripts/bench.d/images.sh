# shellcheck shell=bash disable=SC2154 # sourced by scripts/bench
# The images: fixtures, and what is made of them once, in .build/bench/images. Each function prints a path.

# fixture FILE BUILDER: from the fixtures' folder; made where it is not there.
fixture() {
  [[ -e $fixtures/$1 ]] || "Fixtures/images/$2" "$fixtures" >&2
  echo "$fixtures/$1"
}

debian() { fixture debian.qcow2 make-debian; }

# The image with RPM, all of it on XFS: that of the tests has a /var which only the appliance reads.
rpm_image() {
  local image=$work/images/rpm.qcow2 source
  source=$(fixture rpm.raw make-appliance)
  if [[ ! $image -nt $source ]]; then
    cp --sparse=always "$source" "$image.raw"
    guestfish --format=raw -a "$image.raw" <<-'END' >&2
	run
	mount /dev/system/root /
	mkdir-p /tmp/var
	mount /dev/system/var /tmp/var
	cp-a /tmp/var/lib /var/lib
	umount /tmp/var
	lvremove /dev/system/var
	write /etc/fstab "/dev/mapper/system-root / xfs defaults 0 0\nLABEL=boot /boot ext4 defaults 1 2\n"
	END
    qemu-img convert -f raw -O qcow2 "$image.raw" "$image.part"
    mv "$image.part" "$image"
    rm "$image.raw"
  fi
  echo "$image"
}

ntfs_image() {
  "$peers/make-ntfs-large" "$work/images" >&2
  echo "$work/images/ntfs-large.vhd"
}

# debian_as FORMAT: the Debian image in another format.
debian_as() {
  local image=$work/images/debian.$1 source
  source=$(debian)
  if [[ ! $image -nt $source ]]; then
    qemu-img convert -f qcow2 -O "$1" "$source" "$image.part"
    mv "$image.part" "$image"
  fi
  echo "$image"
}

# copies NAME COUNT IMAGE: a folder with copies of a qcow2 image, each with a disk signature of its own: the four bytes at
# 440 of the MBR, so that no two are the same disk.
copies() {
  local folder=$work/images/$1 number
  if [[ $(find "$folder" -name '*.qcow2' 2>/dev/null | wc -l) != "$2" ]]; then
    rm -rf "$folder" "$folder.part"
    mkdir "$folder.part"
    for ((number = 1; number <= $2; number++)); do
      cp "$3" "$folder.part/image-$number.qcow2"
      qemu-io -f qcow2 -c "write -q -P $((number % 256)) 440 1" -c "write -q -P $((number / 256)) 441 1" \
        "$folder.part/image-$number.qcow2"
    done
    mv "$folder.part" "$folder"
  fi
  echo "$folder"
}

eight() { copies eight 8 "$(debian)"; }
two_hundred() { copies two-hundred 200 "$(fixture multi.qcow2 make-small)"; }

# index NAME FILES: an index of 100,000 artifacts, all of FILES (by Fixtures/images/list-files) among them. The folder of
# signature files that it is made of goes again.
index() {
  local index=$work/signatures/$1.db
  if [[ ! $index -nt $2 ]]; then
    rm -rf "$work/signatures/$1"
    "$python" Fixtures/signatures/make-large-index "$2" "$work/signatures/$1"
    "$vmlineage" signatures index --output "$index" "$work/signatures/$1" >&2
    rm -rf "$work/signatures/$1"
  fi
  echo "$index"
}
