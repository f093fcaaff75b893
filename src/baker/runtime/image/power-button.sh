#!/usr/lib/kiln/busybox sh
# Called by acpid when the power button is pressed, which is how clouds and test beds ask a machine to stop.

# A machine that is asked to stop early has not announced yet what it listens on. Port 68 is the DHCP client's.
netstat -lntu 2>/dev/null |
  awk '/^(tcp|udp)/ && $4 !~ /:68$/ { print "kiln: listened on " $4 " (" substr($1, 1, 3) ")" }' >/dev/console

if [ -d /run/systemd/system ]; then
  # SIGRTMIN+4 is poweroff.target (systemd(1)).
  exec kill -s 38 1
fi
: >/dev/.kiln-power-off
exec kill -s USR2 1
