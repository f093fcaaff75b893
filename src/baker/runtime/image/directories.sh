#!/usr/lib/kiln/busybox sh
# Makes at each boot what packages and the service ask for. Lines on standard input, fields divided by tabs:
# type, mode, user and group by number, path, argument.

tab=$(printf '\t')
while IFS=$tab read -r type mode user group path argument; do
  case $type in
    directory)
      [ -d "$path" ] || mkdir -p "$path"
      chown "$user:$group" "$path"
      chmod "$mode" "$path"
      ;;
    file)
      [ -e "$path" ] && continue
      mkdir -p "${path%/*}"
      printf '%s' "$argument" >"$path"
      chown "$user:$group" "$path"
      chmod "$mode" "$path"
      ;;
    link)
      [ -e "$path" ] || [ -L "$path" ] && continue
      mkdir -p "${path%/*}"
      ln -s "$argument" "$path"
      ;;
    copy)
      [ -e "$path" ] && continue
      mkdir -p "${path%/*}"
      cp -a "$argument" "$path" || continue
      [ "$mode" = 0000 ] && continue
      chown -R "$user:$group" "$path"
      chmod "$mode" "$path"
      ;;
    adjust)
      [ -e "$path" ] || continue
      [ -L "$path" ] && continue
      chown "$user:$group" "$path"
      chmod "$mode" "$path"
      ;;
    remove) rm -rf "$path" ;;
  esac
done
