#!/bin/sh
# Runs Chorus from the folder that this file lies in: ./chorus serve, ./chorus doctor, ...
# Its settings, data, voices and logs are in that folder, so paths are meant from there.
self=$0
while [ -L "$self" ]; do
  link=$(readlink -- "$self") || exit 1
  case $link in
    /*) self=$link ;;
    *) self=${self%/*}/$link ;;
  esac
done
case $self in
  */*) root=${self%/*}/ ;;
  *) root=./ ;;
esac
CDPATH='' cd -- "$root" || exit 1
node=./current/bin/node
[ -x "$node" ] || node=node
exec "$node" --max-semi-space-size=4 ./current/dist/src/cli/main.js "$@"
