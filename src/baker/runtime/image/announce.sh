#!/usr/lib/kiln/busybox sh
# announce NAME [PID | CGROUP]: says on the console when the service has stayed up for five seconds, and each address that
# is listened on in its first minute. Silent once the service has ended. With a name alone: it has done what it had to do.

name=$1 which=$2 seen=' '

stays() {
  case $which in
    '') ;;
    *[!0-9]*) grep -q . "$(find /sys/fs/cgroup -type d -name "$which" | head -n 1)/cgroup.procs" 2>/dev/null ;;
    *) [ -d "/proc/$which" ] && ! grep -q '^State:.Z' "/proc/$which/status" 2>/dev/null ;;
  esac
}

# Port 68 is the DHCP client's.
addresses() {
  netstat -lntu 2>/dev/null | awk '/^(tcp|udp)/ && $4 !~ /:68$/ { print substr($1, 1, 3) "/" $4 }'
}

sleep 5
stays || exit 0
[ -n "$which" ] && echo "kiln: $name runs" >/dev/console || echo "kiln: $name is done" >/dev/console
tries=0
while [ "$tries" -lt 28 ] && stays; do
  for address in $(addresses); do
    case $seen in *" $address "*) continue ;; esac
    seen="$seen$address "
    echo "kiln: $name listens on ${address#*/} (${address%%/*})" >/dev/console
  done
  tries=$((tries + 1))
  sleep 2
done
