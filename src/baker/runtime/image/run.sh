#!/usr/lib/kiln/busybox sh
# Runs the service and starts it again when it ends, more slowly each time; SIGTERM stops it and ends this.
# /usr/lib/kiln/service says: name type pid_file kill_signal kill_group stop_seconds remain_after_exit, and the
# functions before, main, after and stop.

. /usr/lib/kiln/service
mkdir -p /run/kiln
echo $$ >/run/kiln/run.pid
stopping= pid=
trap 'stopping=1' TERM INT

say() {
  echo "kiln: $name $1" >/dev/console
}

# A child that ended and was not waited for still has its folder in /proc.
alive() {
  [ -n "$1" ] && [ -d "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
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
  before || { say 'was not started: a command that comes before it failed'; return 1; }
  [ -n "$stopping" ] && return 1
  (main) &
  pid=$!
  case $type in
    forking)
      wait "$pid"
      status=$?
      [ "$status" = 0 ] || return "$status"
      read_pid_file
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

# The daemon may write its file a little after its parent ended.
read_pid_file() {
  tries=0
  while [ "$tries" -lt 100 ] && [ -z "$stopping" ]; do
    [ -s "$pid_file" ] && read -r pid <"$pid_file" && alive "$pid" && return
    tries=$((tries + 1))
    usleep 50000
  done
  return 1
}

announce() {
  /usr/lib/kiln/announce "$name" "$pid" &
}

await_end() {
  case $type in
    forking)
      while alive "$pid" && [ -z "$stopping" ]; do pause 1; done
      ;;
    oneshot)
      while [ -n "$remain_after_exit" ] && [ -z "$stopping" ]; do pause 3600; done
      ;;
    *)
      wait "$pid"
      status=$?
      ;;
  esac
}

stop_service() {
  MAINPID=$pid stop
  if alive "$pid"; then
    [ -n "$kill_group" ] && kill -s "$kill_signal" -- "-$pid" 2>/dev/null
    kill -s "$kill_signal" "$pid" 2>/dev/null
  fi
  tries=0
  while alive "$pid" && [ "$tries" -lt $((stop_seconds * 20)) ]; do
    tries=$((tries + 1))
    usleep 50000
  done
  alive "$pid" && say "did not stop within $stop_seconds s and is killed"
}

end_group() {
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
