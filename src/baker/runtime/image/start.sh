#!/usr/lib/kiln/busybox sh
# Run to its end by the init before the service is started.

umask 022
mount -t tmpfs -o nosuid,nodev,mode=0755 tmpfs /run
mkdir -p /run/kiln /run/lock /dev/pts /dev/shm
chmod 1777 /run/lock
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /tmp
mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /dev/shm
mount -t devpts -o nosuid,noexec,gid=5,mode=0620,ptmxmode=0666 devpts /dev/pts
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 /sys/fs/cgroup
ln -sf /proc/self/fd /dev/fd
ln -sf fd/0 /dev/stdin
ln -sf fd/1 /dev/stdout
ln -sf fd/2 /dev/stderr
[ -s /etc/hostname ] && hostname -F /etc/hostname
for file in /usr/lib/sysctl.d/*.conf /etc/sysctl.d/*.conf; do
  [ -f "$file" ] && sysctl -q -e -p "$file"
done

/usr/lib/kiln/network &
network=$!
/usr/lib/kiln/directories </usr/lib/kiln/directories.list
[ -e /var/lib/kiln/first-boot-done ] || /usr/lib/kiln/first-boot
wait "$network"
