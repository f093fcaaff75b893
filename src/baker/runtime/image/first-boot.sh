#!/usr/lib/kiln/busybox sh
# Makes what must differ from machine to machine. Each file appears whole or not at all; what is there is kept, so that a
# first boot that was cut off goes on at the next. Ends with 1 where something could not be made.

marker=/var/lib/kiln/first-boot-done
[ -e "$marker" ] && exit 0
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin
export LC_ALL=C.UTF-8
umask 077
failed=
signer=

give_up() {
  echo "kiln: first boot: $1" >&2
  failed=1
}

# place NEW PATH MODE UID GID
place() {
  chown "$4:$5" "$1" && chmod "$3" "$1" && mv -f "$1" "$2"
}

# machine_id PATH MODE UID GID
machine_id() {
  [ -s "$1" ] && { read -r identifier <"$1"; return; }
  [ -n "$identifier" ] || { read -r identifier </proc/sys/kernel/random/uuid; identifier=${identifier//-/}; }
  echo "$identifier" >"$1.kiln-new" && place "$1.kiln-new" "$@" || give_up "cannot make $1"
}

# random_seed BYTES PATH MODE UID GID
random_seed() {
  bytes=$1
  shift
  [ -s "$1" ] && return
  head -c "$bytes" /dev/urandom >"$1.kiln-new" && place "$1.kiln-new" "$@" || give_up "cannot make $1"
}

# ssh_host_key TYPE BITS PATH MODE UID GID
ssh_host_key() {
  type=$1 bits=$2
  shift 2
  [ -s "$1" ] && [ -s "$1.pub" ] && return
  rm -f "$1.kiln-new" "$1.kiln-new.pub"
  ssh-keygen -q -N '' -C '' -t "$type" ${bits:+-b "$bits"} -f "$1.kiln-new" &&
    place "$1.kiln-new.pub" "$1.pub" 0644 "$3" "$4" && place "$1.kiln-new" "$@" || give_up "ssh-keygen could not make $1"
}

# signed_by KEY CERTIFICATE: of the pair that signs the next one.
signed_by() {
  signer="-CAkey $1 -CA $2"
}

# tls_key_pair ALGORITHM SUBJECT NAMES DAYS KEY MODE UID GID CERTIFICATE MODE UID GID: two files, or one that has both
tls_key_pair() {
  algorithm=$1 subject=$2 names=$3 days=$4 by=$signer
  shift 4
  signer=
  [ -s "$1" ] && [ -s "$5" ] && return
  # The algorithm is one or several words of openssl's, and so is who signs.
  openssl req -x509 -new -nodes -config /usr/lib/kiln/openssl.cnf -newkey $algorithm -subj "$subject" -days "$days" \
    $by ${names:+-addext "subjectAltName=$names"} -keyout "$1.kiln-new" -out "$5.kiln-new" 2>/run/kiln/openssl.log &&
    { [ "$1" = "$5" ] || place "$5.kiln-new" "$5" "$6" "$7" "$8"; } && place "$1.kiln-new" "$1" "$2" "$3" "$4" ||
    give_up "openssl could not make $1: $(tail -n 1 /run/kiln/openssl.log)"
}

# hash_link CERTIFICATE: the name under which OpenSSL looks it up.
hash_link() {
  hash=$(openssl x509 -noout -hash -in "$1") && ln -sf "${1##*/}" "${1%/*}/$hash.0"
}

# made_by_command PATH MODE UID GID
made_by_command() {
  [ -e "$1" ] || { give_up "the command did not make $1"; return; }
  chown "$3:$4" "$1" && chmod "$2" "$1"
}

mkdir -p /run/kiln /var/lib/kiln
. /usr/lib/kiln/identities
[ -n "$failed" ] && exit 1
sync
: >"$marker.new" && mv "$marker.new" "$marker"
