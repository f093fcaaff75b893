#!/usr/lib/kiln/busybox sh
# Brings up every Ethernet interface by DHCP (IPv4). Ends when each has a lease, or after some seconds; the clients stay.

mkdir -p /run/kiln
ip link set lo up
: >/run/kiln/resolv.conf
for path in /sys/class/net/*; do
  interface=${path##*/}
  read -r type <"$path/type"
  # 1 is Ethernet (Linux, if_arp.h).
  [ "$interface" != lo ] && [ "$type" = 1 ] || continue
  ip link set "$interface" up
  udhcpc -i "$interface" -b -t 10 -T 1 -O mtu -O staticroutes -s /usr/lib/kiln/network-event \
    -p "/run/kiln/dhcp-$interface.pid" >/dev/null 2>&1 &
done
wait
