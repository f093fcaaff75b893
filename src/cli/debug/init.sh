#!/dev/kiln-debug/bin/busybox sh
# Starts a shell on the second serial port, then the image's own init.
real=/sbin/init
read -r command_line </proc/cmdline
for word in $command_line; do
  case $word in
    kiln.init=*) real=${word#kiln.init=} ;;
  esac
done
/dev/kiln-debug/bin/setsid /dev/kiln-debug/bin/getty -n -l /dev/kiln-debug/shell -L 115200 ttyS1 vt100 &
exec "$real"
