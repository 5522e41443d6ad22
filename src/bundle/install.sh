#!/bin/sh
# Installs Chorus from the parts that lie beside this file, without any network:
#
#   sh install.sh [FOLDER] [--start]
#
# Needs a POSIX shell and coreutils; nothing else. It can be run again at any time.

#VALUES#

set -u
LC_ALL=C
export LC_ALL
staging=

fail() {
  printf 'install.sh: %s\n' "$@" >&2
  exit 1
}

usage() {
  printf '%s\n' "Usage: sh install.sh [FOLDER] [--start]" \
    "Installs Chorus $version ($platform) in FOLDER, by default ./chorus." \
    "  --start   start the server at once" "  --help    print this"
}

cleanup() {
  [ -z "$staging" ] || rm -rf -- "$staging"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

target=
start=no
for argument in "$@"; do
  case $argument in
    --start) start=yes ;;
    --help | -h) usage; exit 0 ;;
    '' | -*) usage >&2; exit 2 ;;
    *) [ -z "$target" ] || { usage >&2; exit 2; }; target=$argument ;;
  esac
done
: "${target:=chorus}"

case $0 in
  */*) here=${0%/*}/ ;;
  *) here=./ ;;
esac
here=$(CDPATH='' cd -- "$here" && pwd -P) || exit 1

absent=
for tool in cat chmod df head ln mkdir mv readlink rm sha256sum sync tail uname wc; do
  command -v "$tool" >/dev/null || absent="$absent $tool"
done
[ -z "$absent" ] || fail "these programs of coreutils are not on PATH:$absent"

system="$(uname -s) $(uname -m)"
[ "$system" = "Linux $machine" ] || fail \
  "this bundle is for Linux on $machine, and this machine is $system." \
  "Make one with \`chorus bundle\` on a machine of this kind."

# --- the folder ---------------------------------------------------------------------------------

mkdir -p -- "$target" 2>/dev/null && [ -d "$target" ] || fail \
  "the folder $target cannot be made: choose another, or get the right to write there."
target=$(CDPATH='' cd -- "$target" && pwd -P) || exit 1
[ -w "$target" ] || fail \
  "nothing can be written in $target: choose another folder, or get the right to write there."
if [ ! -d "$target/releases" ]; then
  for found in "$target"/* "$target"/.[!.]*; do
    case ${found##*/} in
      .env | chorus.yaml) continue ;;
    esac
    if [ -e "$found" ] || [ -L "$found" ]; then
      fail "$target holds other files (${found##*/}): choose an empty or a new folder."
    fi
  done
fi

# --- the parts ----------------------------------------------------------------------------------

missing=
damaged=

verify_part() { # name, bytes, sha256
  file=$here/$1
  if [ ! -f "$file" ]; then
    missing="$missing $1"
    return
  fi
  sum=
  bytes=$(wc -c <"$file")
  [ "$((bytes))" -ne "$2" ] || sum=$(sha256sum <"$file")
  [ "${sum%% *}" = "$3" ] || damaged="$damaged $1"
}

verify_all() {
  printf '%s\n' "Verifying $part_count part(s) in $here"
  each_part verify_part
  [ -z "$missing$damaged" ] && return
  [ -z "$missing" ] || printf 'install.sh: missing:%s\n' "$missing" >&2
  [ -z "$damaged" ] || printf 'install.sh: damaged or cut short:%s\n' "$damaged" >&2
  fail "copy these again from where the bundle was made into $here, then run this again." \
    "Nothing was installed."
}

cat_part() { cat -- "$here/$1"; }

# Writes bytes of the joined parts to a file: offset from 0, bytes, sha256, file.
cut_out() {
  each_part cat_part 2>/dev/null | tail -c "+$(($1 + 1))" 2>/dev/null | head -c "$2" >"$4"
  sum=$(sha256sum <"$4")
  [ "${sum%% *}" = "$3" ] || fail "${4##*/} could not be written to $target: is the disk full?"
}

# --- unpacking ----------------------------------------------------------------------------------

check_space() {
  free_kb=
  before=
  # The name of a file system may hold blanks; what is free stands before the percentage.
  for word in $(df -Pk -- "$target" | tail -n 1); do
    case $word in
      *%) free_kb=$before; break ;;
    esac
    before=$word
  done
  case $free_kb in
    '' | *[!0-9]*) return ;; # It does not say.
  esac
  [ "$free_kb" -ge "$need_kb" ] || fail \
    "too little disk: $((need_kb / 1000)) MB are needed in $target, and $((free_kb / 1000)) MB are free." \
    "Nothing was installed. Make room, or choose a folder on a larger disk."
}

# What a killed installation has left. Its process is named in the folder's name.
remove_leftovers() {
  for old in "$target"/releases/.incoming.*; do
    [ -d "$old" ] || continue
    kill -0 "${old##*.}" 2>/dev/null || rm -rf -- "$old"
  done
}

find_node() {
  if [ -n "$node_sha256" ]; then
    cut_out "$node_offset" "$node_bytes" "$node_sha256" "$staging/node"
    chmod 755 "$staging/node"
    node=$staging/node
  else
    node=$(command -v node) || fail \
      "this bundle has no Node, and there is none on PATH." \
      "Install Node 20.19 or newer, or make the bundle with \`chorus bundle --node\`."
  fi
  found=$("$node" --version 2>&1) || fail "Node does not start on this machine:" "$found" \
    "It needs glibc ${glibc:-(unknown)} or newer, libstdc++ 6, and a folder on a disk that is not mounted noexec."
  [ -n "$node_sha256" ] || "$node" -e \
    'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node $found on PATH is too old: Chorus needs 20.19 or newer."
}

unpack_part() { set -- "$here/$1"; printf '%s\n' "$1"; }

unpack() {
  verify_all
  check_space
  mkdir -p -- "$target/releases" || exit 1
  remove_leftovers
  staging=$target/releases/.incoming.$$
  mkdir -- "$staging" || exit 1
  find_node
  cut_out "$unpacker_offset" "$unpacker_bytes" "$unpacker_sha256" "$staging/unpack.mjs"
  each_part unpack_part >"$staging/parts"
  printf '%s\n' "Unpacking $((archive_bytes / 1000000)) MB into $target/releases/$release"
  "$node" "$staging/unpack.mjs" "$staging/release" "$archive_sha256" "${glibc:--}" \
    <"$staging/parts" || exit 1
  # What is not on the disk yet must not get its name.
  sync -f "$target" 2>/dev/null || sync
  [ -d "$target/releases/$release" ] ||
    mv -T -- "$staging/release" "$target/releases/$release" || exit 1
  rm -rf -- "$staging"
  staging=
}

# --- the switch ---------------------------------------------------------------------------------

# Makes a link in one step: name, where it leads.
point() {
  rm -f -- "$target/.$1.$$"
  ln -s -- "$2" "$target/.$1.$$" && mv -T -- "$target/.$1.$$" "$target/$1" || exit 1
}

# A folder of the operator's own stays.
point_unless_folder() {
  if [ -L "$target/$1" ] || [ ! -e "$target/$1" ]; then point "$1" "current/$1"; fi
}

# Copies a file of the release in one step: name there, name here.
place() {
  cat -- "$target/releases/$release/$1" >"$target/.$2.$$" || exit 1
  case $2 in
    chorus) chmod 755 -- "$target/.$2.$$" ;;
  esac
  mv -T -- "$target/.$2.$$" "$target/$2" || exit 1
}

activate() {
  [ -e "$target/chorus.yaml" ] || place chorus.yaml chorus.yaml
  point_unless_folder models
  if [ -d "$target/releases/$release/cuda" ]; then
    point_unless_folder cuda
  elif [ -L "$target/cuda" ]; then
    rm -f -- "$target/cuda"
  fi
  point current "releases/$release"
  place launcher.sh chorus
}

if [ -d "$target/releases/$release" ]; then
  printf '%s\n' "$target/releases/$release is unpacked already."
else
  unpack
fi
activate
for old in "$target"/releases/*; do
  [ "${old##*/}" = "$release" ] ||
    printf '%s\n' "An earlier release is still there: rm -r $old once no server of it runs."
done
printf '%s\n' "Chorus $version is installed. Start it with: $target/chorus serve"
if [ "$start" = yes ]; then
  trap - EXIT HUP INT TERM
  exec "$target/chorus" serve
fi
