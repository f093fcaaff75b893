#!/usr/lib/kiln/busybox sh
# Runs the service and starts it again when it ends, more slowly each time; SIGTERM stops it and ends this.
# /usr/lib/kiln/service says: name type pid_file kill_signal kill_mode stop_seconds remain_after_exit, and the
# functions before, main, after and stop.

. /usr/lib/kiln/service
mkdir -p /run/kiln
echo $$ >/run/kiln/run.pid
stopping= pid=
trap 'stopping=1' TERM INT

# All processes of the service are in one control group, whatever they do about their parents and sessions.
group=/sys/fs/cgroup/kiln-service
mkdir -p "$group" 2>/dev/null
[ -e "$group/cgroup.procs" ] || group=

members() {
  [ -n "$group" ] && cat "$group/cgroup.procs" 2>/dev/null || echo "$pid"
}

say() {
  echo "kiln: $name $1" >/dev/console
}

# A child that ended and was not waited for still has its folder in /proc.
alive() {
  [ -n "$1" ] && [ -d "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# What stands for the service when it is known by no process: any of its processes.
serving() {
  if [ -n "$pid" ]; then alive "$pid"; else [ -n "$group" ] && any_left; fi
}

# The trap runs only between commands: sleep in the background, so that it is not kept waiting.
pause() {
  sleep "$1" &
  wait $!
}

seconds() {
  read -r uptime rest </proc/uptime
  echo "${uptime%.*}"
}

start() {
  before || return 1
  [ -n "$stopping" ] && return 1
  ([ -n "$group" ] && echo 0 >"$group/cgroup.procs"; main) &
  pid=$!
  case $type in
    forking)
      wait "$pid"
      status=$?
      [ "$status" = 0 ] || return "$status"
      if [ -n "$pid_file" ]; then read_pid_file || return 1; else only_member; fi
      ;;
    oneshot)
      wait "$pid"
      status=$?
      pid=
      [ "$status" = 0 ] || return "$status"
      ;;
  esac
  MAINPID=$pid after
}

# The daemon may write its file some time after its parent ended.
read_pid_file() {
  tries=0 pid=
  while [ "$tries" -lt 1800 ] && [ -z "$stopping" ] && any_left; do
    [ -s "$pid_file" ] && read -r pid <"$pid_file" && alive "$pid" && return
    tries=$((tries + 1))
    usleep 50000
  done
  return 1
}

any_left() {
  [ -z "$group" ] || grep -q . "$group/cgroup.procs"
}

# Without a PID file: the process that is left, where there is one alone; else all of them stand for the service.
only_member() {
  pid=
  [ -n "$group" ] || return 0
  set -- $(members)
  [ $# = 1 ] && pid=$1
  return 0
}

announce() {
  which=$pid
  [ "$type" = forking ] && [ -z "$which" ] && which=${group##*/}
  /usr/lib/kiln/announce "$name" "$which" &
}

await_end() {
  case $type in
    forking)
      while serving && [ -z "$stopping" ]; do pause 1; done
      ;;
    oneshot)
      while [ -n "$remain_after_exit" ] && [ -z "$stopping" ]; do pause 3600; done
      ;;
    *)
      wait "$pid"
      status=$?
      # It told systemd of another process, and has ended itself: what is left stands for it.
      if [ "$type" = notify ] && [ "$status" = 0 ] && [ -n "$group" ] && any_left; then outlive; fi
      ;;
  esac
}

outlive() {
  only_member
  while serving && [ -z "$stopping" ]; do pause 1; done
}

stop_service() {
  MAINPID=$pid stop
  case $kill_mode in
    control-group) for process in $(members); do kill -s "$kill_signal" "$process" 2>/dev/null; done ;;
    none) ;;
    *) alive "$pid" && kill -s "$kill_signal" "$pid" 2>/dev/null ;;
  esac
  tries=0
  while serving && [ "$tries" -lt $((stop_seconds * 20)) ]; do
    tries=$((tries + 1))
    usleep 50000
  done
  serving && say "did not stop within $stop_seconds s and is killed"
}

end_group() {
  [ -n "$group" ] && echo 1 >"$group/cgroup.kill" 2>/dev/null
  [ -n "$pid" ] || return
  kill -s KILL -- "-$pid" 2>/dev/null
  kill -s KILL "$pid" 2>/dev/null
}

# A service without its keys would fail, or make its own.
while [ -z "$stopping" ] && [ ! -e /var/lib/kiln/first-boot-done ]; do
  /usr/lib/kiln/first-boot && break
  say 'waits for the first boot to succeed'
  pause 5
done

delay=1
while [ -z "$stopping" ]; do
  began=$(seconds) status=0
  start && announce && await_end || [ "$status" != 0 ] || status=1
  if [ -n "$stopping" ]; then
    stop_service
    end_group
    break
  fi
  end_group
  [ $(($(seconds) - began)) -ge 60 ] && delay=1
  say "ended with status $status and is started again in $delay s"
  pause "$delay"
  delay=$((delay * 2))
  [ "$delay" -gt 30 ] && delay=30
done
rm -f /run/kiln/run.pid
