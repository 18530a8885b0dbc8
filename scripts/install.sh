#!/bin/sh
# Installs MicoDB's binary for the user who runs it; it needs no root.
#
#   curl -fsSL https://raw.githubusercontent.com/micodb/micodb/main/scripts/install.sh | sh
#
# MICODB_VERSION       vX.Y.Z; without it the latest release
# MICODB_INSTALL_DIR   where the binary goes; without it ~/.micodb/bin
# MICODB_BASE_URL      where releases are, laid out as on GitHub:
#                      BASE/latest/download/FILE and BASE/download/vX.Y.Z/FILE
set -eu

fail() {
  printf 'install: %s\n' "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# platform says what the archives call this machine: os-arch.
platform() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "there is no release for $(uname -s): build from source, as the README says" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) arch=amd64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "there is no release for $(uname -m): build from source, as the README says" ;;
  esac
  printf '%s-%s' "$os" "$arch"
}

# fetch URL FILE downloads; what came over https is not followed to anything else.
fetch() {
  if has curl; then
    case $1 in
      https:*) curl -fsSL --proto '=https' --retry 2 -o "$2" "$1" ;;
      *) curl -fsSL --retry 2 -o "$2" "$1" ;;
    esac
  elif has wget; then
    wget -q -O "$2" "$1"
  else
    fail "neither curl nor wget is here: install one of them"
  fi || fail "$1 can't be downloaded: is the version right, and the network there?"
}

checksum() {
  if has sha256sum; then
    sha256sum "$1"
  elif has shasum; then
    shasum -a 256 "$1"
  else
    fail "neither sha256sum nor shasum is here, and nothing is installed unchecked"
  fi | cut -d ' ' -f 1
}

main() {
  base=${MICODB_BASE_URL:-https://github.com/micodb/micodb/releases}
  dir=${MICODB_INSTALL_DIR:-${HOME:?install: HOME is not set: give MICODB_INSTALL_DIR}/.micodb/bin}
  has tar || fail "tar is not here: install it"
  platform=$(platform)
  if [ -n "${MICODB_VERSION:-}" ]; then
    from=$base/download/$MICODB_VERSION
  else
    from=$base/latest/download
  fi

  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
  fetch "$from/SHA256SUMS" "$work/SHA256SUMS"
  archive=$(sed -n "s/^[0-9a-f]\{64\}  \(micodb-v[^ ]*-$platform\.tar\.gz\)\$/\1/p" "$work/SHA256SUMS" | head -n 1)
  [ -n "$archive" ] || fail "the release at $from has no archive for $platform"
  want=$(sed -n "s/^\([0-9a-f]\{64\}\)  $archive\$/\1/p" "$work/SHA256SUMS" | head -n 1)
  fetch "$from/$archive" "$work/$archive"
  got=$(checksum "$work/$archive")
  [ "$got" = "$want" ] || fail "$archive is not what was released (checksum $got, expected $want): try again, and \
report it if it stays so"

  name=${archive%.tar.gz}
  tar -xzf "$work/$archive" -C "$work" "$name/micodb" || fail "$archive can't be unpacked"
  if cmp -s "$work/$name/micodb" "$dir/micodb"; then
    printf '%s is installed already: %s/micodb\n' "$name" "$dir"
  else
    mkdir -p "$dir" || fail "$dir can't be made: give another MICODB_INSTALL_DIR"
    # A new file beside the old one, then a rename: a server that runs keeps its binary.
    cp "$work/$name/micodb" "$dir/.micodb.$$" || fail "$dir can't be written: give another MICODB_INSTALL_DIR"
    chmod 755 "$dir/.micodb.$$"
    mv -f "$dir/.micodb.$$" "$dir/micodb"
    printf '%s is installed: %s/micodb\n' "$name" "$dir"
  fi
  case :${PATH:-}: in
    *:"$dir":*) ;;
    *) printf 'Add it to your path: export PATH="%s:$PATH"\n' "$dir" ;;
  esac
}

main "$@"
