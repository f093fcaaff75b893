#!/bin/busybox sh
# First process of a debug boot: lays the tools into /dev, which follows into the root file system, and goes on as usual.
busybox mount -t devtmpfs -o mode=0755 devtmpfs /dev
busybox mount -t proc proc /proc
busybox mkdir -p /dev/kiln-debug/bin
busybox cp /bin/busybox /dev/kiln-debug/bin/busybox
busybox cp /debug/init /debug/shell /dev/kiln-debug/
/dev/kiln-debug/bin/busybox --install -s /dev/kiln-debug/bin
busybox umount /proc
exec /init
