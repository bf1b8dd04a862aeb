/// The fixed texts that run inside the appliance. The only thing ever put into one is a volume's number, which is ours;
/// names from the guest travel as NUL-separated lists in a file.
enum GuestScript {
  /// Lists a volume into `/list`: ten NUL-terminated fields an entry.
  case list(volume: Int)
  /// Where the files in `/names` lie on their volume, into `/extents`.
  case extents(volume: Int)
  /// What stands on what: disks, partitions, device-mapper targets, mounts.
  case devices
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
    case .devices: "map volumes"
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
      // Numbers only come from the guest here: sizes and starts.
      """
      echo D $(( 0x$(stat -L -c %t /dev/disk/guestfs/image) )):$(( 0x$(stat -L -c %T /dev/disk/guestfs/image) ))
      for b in /sys/class/block/*; do
        read d < $b/dev; read z < $b/size; p=-; s=0
        if [ -e $b/partition ]; then read p < $b/../dev; read s < $b/start; fi
        echo B $d $p $s $z
        if [ -e $b/dm ]; then dmsetup table -j ${d%:*} -m ${d#*:} | while read t; do echo T $d $t; done; fi
      done
      while read a b d r m o; do case $m in /sysroot/v*) echo M $d $m;; esac; done < /proc/self/mountinfo
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

  private func slices(_ volume: Int, _ program: String) -> String {
    """
    cd /sysroot/v\(volume) && { xargs -0 -r \(program) -v -c \(outlineLength) -- < /sysroot/names \
    > /dev/disk/guestfs/scratch; sync; } 2>&1 | head -c 16384
    """
  }
}

/// How many bytes of each end of an executable are read to decide whether it is read whole.
package let outlineLength = 4096
