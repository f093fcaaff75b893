#!/usr/lib/kiln/busybox sh
# announce NAME [PID | CGROUP]: says on the console when the service has stayed up for five seconds and come to rest, and each
# address that is listened on in its first minute. Silent once the service has ended. With a name alone: it has done what it had to do.

name=$1 which=$2 seen=' '

stays() {
  case $which in
    '') ;;
    *[!0-9]*) grep -q . "$(find /sys/fs/cgroup -type d -name "$which" | head -n 1)/cgroup.procs" 2>/dev/null ;;
    *) [ -d "/proc/$which" ] && ! grep -q '^State:.Z' "/proc/$which/status" 2>/dev/null ;;
  esac
}

# Processor time of the service so far in milliseconds; nothing where that is not counted.
used() {
  group=/sys/fs/cgroup/kiln-service
  [ -d "$group" ] || group=$(find /sys/fs/cgroup -type d -name "$which" | head -n 1)
  awk '/^usage_usec/ { print int($2 / 1000) }' "$group/cpu.stat" 2>/dev/null
}

# What is still at work is still starting, and may yet find that it can't. Half a minute at most: some always work.
settle() {
  tries=0
  while [ "$tries" -lt 30 ] && stays; do
    earlier=$(used)
    sleep 1
    [ -n "$earlier" ] && [ $(($(used) - earlier)) -ge 300 ] || return
    tries=$((tries + 1))
  done
}

# Port 68 is the DHCP client's.
addresses() {
  netstat -lntu 2>/dev/null | awk '/^(tcp|udp)/ && $4 !~ /:68$/ { print substr($1, 1, 3) "/" $4 }'
}

sleep 5
[ -n "$which" ] && settle
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
