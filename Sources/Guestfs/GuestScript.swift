/// The fixed texts that run inside the appliance. Only numbers are ever put into one, of volumes, devices and subvolumes;
/// names from the guest travel as NUL-separated lists in a file.
enum GuestScript {
  /// Lists a volume into `/list`: ten NUL-terminated fields an entry.
  case list(volume: Int)
  /// Where the files in `/names` lie on their volume, into `/extents`.
  case extents(volume: Int)
  /// What stands on what (disks, partitions, device-mapper targets), and what each holds.
  case devices
  /// Mounts file systems.
  case mount([MountRequest])
  /// The first `outlineLength` bytes of each file in `/names`, to the scratch disk.
  case heads(volume: Int)
  /// The last `outlineLength` bytes of each file in `/names`, to the scratch disk.
  case tails(volume: Int)
  /// A tar of the files in `/names`, to the scratch disk.
  case archive(volume: Int)

  /// For messages.
  var name: String {
    switch self {
    case .list: "list files"
    case .extents: "map files"
    case .devices: "find volumes"
    case .mount: "mount volumes"
    case .heads: "read first bytes"
    case .tails: "read last bytes"
    case .archive: "read files"
    }
  }

  /// Each answers what its programs said on standard error, at most 16 KiB.
  var text: String {
    switch self {
    case .list(let volume):
      // A bound on what a made-up tree can fill the appliance with: 1 GiB of list is some ten million files.
      """
      cd /sysroot/v\(volume) && { find . -xdev -printf \
      '%P\\0%y\\0%s\\0%T@\\0%i\\0%n\\0%m\\0%U\\0%G\\0%l\\0' | head -c 1073741824 > /sysroot/list; } \
      2>&1 | head -c 16384
      """
    case .extents(let volume):
      """
      cd /sysroot/v\(volume) && { xargs -0 -r filefrag -v -b1 -- < /sysroot/names \
      | head -c 1073741824 > /sysroot/extents; } 2>&1 | head -c 16384
      """
    case .devices:
      // Of what the guest wrote, names of logical volumes and what blkid reads are printed, and used for nothing here.
      """
      i=$(readlink -f /dev/disk/guestfs/image); i=${i##*/}; p=
      for b in /sys/class/block/*; do
        n=${b##*/}; case $n in $i|$i[0-9]*|dm-*|md*) ;; *) continue ;; esac
        p="$p /dev/$n"; read d < $b/dev; read z < $b/size; u=-; s=0
        [ $n = $i ] && echo D $d
        if [ -e $b/partition ]; then read u < $b/../dev; read s < $b/start; fi
        echo B $d $u $s $z $n
        for h in $b/holders/*; do [ -e $h ] && echo H $d; done
        if [ -e $b/dm ]; then
          read -r n < $b/dm/name; read -r u < $b/dm/uuid; printf 'N %s %s %s\\n' $d "${u:--}" "$n"
          dmsetup table -j ${d%:*} -m ${d#*:} | while read -r t; do printf 'T %s %s\\n' $d "$t"; done
        fi
      done
      # Of a disk with a partition table -p says nothing else.
      echo I; { blkid -c /dev/null -p -o export $p; echo; blkid -c /dev/null -o export /dev/$i; } 2>/dev/null \\
      | head -c 1048576
      """
    case .mount(let requests):
      """
      # What was made for smaller sectors than the disk has is mounted through a loop device, which has those.
      l() { [ "$(blockdev --getss /dev/block/$2)" != 512 ] && mount -o $3,loop /dev/block/$2 /sysroot/v$1; }
      m() { mkdir -p /sysroot/v$1; echo "vmlineage mounts $1" > /dev/kmsg
        { mount -o $3 /dev/block/$2 /sysroot/v$1 || l $1 $2 $3; } > /said 2>&1; s=$?; k=
        [ $s = 0 ] || { k=$(dmesg | tail -n 1); case $k in *"vmlineage mounts "*) k=$(head -n 1 /said);; esac; }
        printf 'V %s %s %.500s\\n' $1 $s "${k#*] }"; return $s; }
      n() { m $1 $2 $3 && { ntfs-3g.probe --readwrite /dev/block/$2 > /dev/null 2>&1; echo "P $1 $?"; }; }
      b() { m $1 $2 $3 && { btrfs subvolume get-default /sysroot/v$1 | sed "s/^/D $1 /"
        btrfs subvolume list /sysroot/v$1 | sed "s/^/S $1 /"; }; }
      echo on > /proc/sys/kernel/printk_devkmsg
      { \(requests.map(mounting).joined(separator: "\n"))
      echo K; dmesg | grep -e 'vmlineage mounts [0-9]*$' -e 'recovery complete' -e 'Starting recovery' \\
      -e 'start tree-log replay'; } 2> /dev/null | head -c 1048576
      """
    case .heads(let volume): slices(volume, "head")
    case .tails(let volume): slices(volume, "tail")
    case .archive(let volume):
      """
      cd /sysroot/v\(volume) && { tar --create --format=gnu --hard-dereference --ignore-failed-read --no-recursion \
      --null --files-from=/sysroot/names --blocking-factor=2048 --file=/dev/disk/guestfs/scratch; sync; } \
      2>&1 | head -c 16384
      """
    }
  }

  private func mounting(_ request: MountRequest) -> String {
    let number = request.device.number
    let place = "\(request.index) \(number.major):\(number.minor)"
    return switch request.device.type {
    case "btrfs": request.subvolume.map { "m \(place) ro,subvolid=\($0)" } ?? "b \(place) ro"
    case "ntfs": "n \(place) ro"
    // Clones and snapshots share UUIDs, which XFS refuses without this.
    case "xfs": "m \(place) ro,nouuid"
    // Names come out as UTF-8 whatever the kernel's default is.
    case "vfat": "m \(place) ro,utf8"
    case "iso9660": "m \(place) ro,iocharset=utf8"
    default: "m \(place) ro"
    }
  }

  private func slices(_ volume: Int, _ program: String) -> String {
    """
    cd /sysroot/v\(volume) && { xargs -0 -r \(program) -v -c \(outlineLength) -- < /sysroot/names \
    > /dev/disk/guestfs/scratch; sync; } 2>&1 | head -c 16384
    """
  }
}

/// How many bytes of each end of an executable are read to decide whether it is read whole.
package let outlineLength = 4096
