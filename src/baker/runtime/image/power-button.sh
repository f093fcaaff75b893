#!/usr/lib/kiln/busybox sh
# Called by acpid when the power button is pressed, which is how clouds and test beds ask a machine to stop.

if [ -d /run/systemd/system ]; then
  # SIGRTMIN+4 is poweroff.target (systemd(1)).
  exec kill -s 38 1
fi
: >/dev/.kiln-power-off
exec kill -s USR2 1
