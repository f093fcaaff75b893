#!/usr/lib/kiln/busybox sh
# Called by udhcpc with an event, and the lease in the environment.

configure() {
  [ -n "$mtu" ] && ip link set "$interface" mtu "$mtu"
  ip address show dev "$interface" | grep -q " $ip/$mask " || {
    ip -4 address flush dev "$interface"
    ip address add "$ip/$mask" brd + dev "$interface"
  }
  routes
  names >/run/kiln/resolv.conf.new
  mv /run/kiln/resolv.conf.new /run/kiln/resolv.conf
  [ -n "$hostname" ] && hostname "$hostname"
}

# Classless routes replace the router option (RFC 3442).
routes() {
  if [ -n "$staticroutes" ]; then
    set -- $staticroutes
    while [ $# -ge 2 ]; do
      route "$1" "$2"
      shift 2
    done
  elif [ -n "$router" ]; then
    route default "${router%% *}"
  fi
}

# A router outside the network, as with /32 leases, needs a route of its own first.
route() {
  if [ "$2" = 0.0.0.0 ]; then
    ip route replace "$1" dev "$interface"
  else
    ip route replace "$1" via "$2" dev "$interface" 2>/dev/null || {
      ip route replace "$2" dev "$interface"
      ip route replace "$1" via "$2" dev "$interface"
    }
  fi
}

names() {
  [ -n "$domain" ] && echo "search $domain"
  for server in $dns; do echo "nameserver $server"; done
}

case $1 in
  deconfig) ip -4 address flush dev "$interface" ;;
  bound | renew) configure ;;
esac
