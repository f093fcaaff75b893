#!/usr/lib/kiln/busybox sh
# Run by the init before it turns the machine off: the service first, then all else, then the file systems.

. /usr/lib/kiln/service
if read -r supervisor 2>/dev/null </run/kiln/run.pid; then
  kill -s TERM "$supervisor"
  tries=0
  while kill -0 "$supervisor" 2>/dev/null && [ -e /run/kiln/run.pid ] && [ "$tries" -lt $(((stop_seconds + 5) * 20)) ]; do
    tries=$((tries + 1))
    usleep 50000
  done
fi
kill -s TERM -1 2>/dev/null
usleep 100000
kill -s KILL -1 2>/dev/null
sync
# Not /proc and its kind: this shell starts its commands through /proc/self/exe.
umount -a -r -t ext4,ext3,ext2,xfs,btrfs,vfat 2>/dev/null
if mount -o remount,ro / 2>/dev/null; then
  echo 'kiln: file systems are clean'
else
  echo 'kiln: the root file system could not be made read-only'
fi
# The init would wait a second for processes that are gone by now.
[ -e /dev/.kiln-power-off ] && poweroff -f
exit 0
