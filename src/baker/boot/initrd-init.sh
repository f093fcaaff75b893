#!/bin/busybox sh
# First process of the initial RAM file system: loads drivers, mounts the root file system, hands over.

fail() {
  echo "kiln: $1"
  sleep 1
  busybox poweroff -f
}

busybox mount -t devtmpfs -o nosuid,mode=0755 devtmpfs /dev
busybox mount -t proc -o nosuid,nodev,noexec proc /proc
busybox mount -t sysfs -o nosuid,nodev,noexec sysfs /sys

root= init=/sbin/init exit=
read -r command_line </proc/cmdline
for word in $command_line; do
  case $word in
    root=UUID=*) root=${word#root=UUID=} ;;
    init=*) init=${word#init=} ;;
    kiln.exit=*) exit=${word#kiln.exit=} ;;
  esac
done

# Drivers of hardware that is not there would only cost time.
vendors=' '
for file in /sys/bus/pci/devices/*/vendor; do
  read -r vendor <"$file" && vendors="$vendors${vendor#0x} "
done
while read -r wanted module; do
  case $wanted in
    always) busybox insmod "/modules/$module" ;;
    *)
      for vendor in ${wanted//,/ }; do
        case $vendors in *" $vendor "*) busybox insmod "/modules/$module"; break ;; esac
      done
      ;;
  esac
done </modules/list

# Disks are found a little after their driver is loaded.
tries=0 device=
while [ -z "$device" ]; do
  device=$(busybox findfs "UUID=$root" 2>/dev/null)
  [ -n "$device" ] && break
  tries=$((tries + 1))
  [ "$tries" -gt 1500 ] && fail "no file system with UUID $root was found in 30 s"
  busybox usleep 20000
done
busybox mount -t ext4 -o rw,relatime "$device" /root || fail "cannot mount $device"

if [ "$exit" = initrd ]; then
  echo 'kiln: initrd is done'
  busybox umount /root
  busybox poweroff -f
fi

busybox mount -o move /dev /root/dev
busybox mount -o move /sys /root/sys
echo "kiln: root file system is $device, starting $init"
busybox mount -o move /proc /root/proc
exec busybox switch_root /root "$init"
