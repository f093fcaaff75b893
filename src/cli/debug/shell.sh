#!/dev/kiln-debug/bin/busybox sh
export PATH=/dev/kiln-debug/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux PS1='debug:\w# '
cd /
echo 'kiln: this is the image with tools in /dev/kiln-debug/bin; nothing that you change is kept. exit powers off.'
/dev/kiln-debug/bin/busybox sh
/dev/kiln-debug/bin/busybox poweroff -f
