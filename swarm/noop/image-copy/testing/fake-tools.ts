/**
 * Stand-ins for skopeo, oc and podman before a registry that is a folder: they answer and complain as the real ones do
 * (skopeo 1.9, podman 4.3 as tried; oc by its source).
 */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type LayerEntry, writeDir } from './image-layout.ts';

/** Before a brace, where the text would else be ours. */
const DOLLAR = '$';

const SCRIPT = String.raw`# PATH has these tools alone.
tool=$(/usr/bin/basename "$0")
echo "$tool $*" >> "$R/calls"
fail() { echo "$2" >&2; exit "$1"; }
# The folder of an image by its reference; else a complaint, and no success.
find() {
  case $1 in
  *private*) echo 'unauthorized: access to the requested resource is not authorized'; return 1 ;;
  *foreign*) echo 'no image found in manifest list for architecture amd64, variant "", OS linux'; return 1 ;;
  esac
  file=$R/refs/$(echo "$1" | /usr/bin/tr / _)
  [ -e "$file" ] || { echo 'manifest unknown: manifest unknown'; return 1; }
  read -r image < "$file" && echo "$image"
}
for last; do :; done
case $tool in
skopeo)
  for arg; do case $arg in docker://*) ref=$arg ;; esac; done
  image=$(find "${DOLLAR}{ref#docker://}") ||
    fail 1 "time=\"2026-01-01T00:00:00Z\" level=fatal msg=\"Error parsing image name \\\"$ref\\\": reading manifest: $(echo "$image" | /usr/bin/sed 's/"/\\"/g')\""
  [ "$1" = inspect ] && exec /bin/cat "$image/dir/manifest.json"
  to=${DOLLAR}{last#dir:}
  /bin/cp "$image/dir/manifest.json" "$to"
  [ -e "$R/break" ] && { kill -9 $PPID; exit 1; }
  /bin/cp "$image"/dir/* "$to"
  ;;
oc)
  image=$(find "$3") || fail 1 "error: unable to read image $3: $image"
  [ "$2" = info ] && { echo "{\"name\":\"$3\",\"digest\":\"$(/bin/cat "$image/digest")\"}"; exit 0; }
  for arg; do case $arg in --path=*) path=${DOLLAR}{arg#--path=} ;; esac; done
  from=$image/files${DOLLAR}{path%%:*} to=${DOLLAR}{path#*:}
  case $from in
  */) [ -d "$from" ] && /bin/cp -R "$from." "$to" ;;
  *) [ -e "$from" -o -h "$from" ] && /bin/cp -P "$from" "$to" ;;
  esac
  exit 0
  ;;
podman)
  /bin/mkdir -p "$R/podman/images" "$R/podman/containers"
  stored() { [ -e "$R/podman/images/$(echo "$1" | /usr/bin/tr / _)" ]; }
  store() { echo "$image" > "$R/podman/images/$(echo "$1" | /usr/bin/tr / _)"; }
  case "$1 $2" in
  'image exists') stored "$3" ;;
  'image inspect') read -r image < "$R/podman/images/$(echo "$last" | /usr/bin/tr / _)" && /bin/cat "$image/digest" ;;
  pull*)
    image=$(find "$last") || fail 125 "Error: initializing source docker://$last: reading manifest in $last: $image"
    store "$last"
    store 4f53cda18c2b
    echo 4f53cda18c2b
    ;;
  create*)
    stored "$4" && read -r image < "$R/podman/images/$(echo "$4" | /usr/bin/tr / _)" || image=$(find "$4")
    echo "$image" > "$R/podman/containers/$3"
    ;;
  cp*)
    read -r image < "$R/podman/containers/${DOLLAR}{2%%:*}"
    at=${DOLLAR}{2#*:}
    while [ -h "$image/files$at" ]; do
      link=$(/bin/readlink "$image/files$at")
      case $link in /*) at=$link ;; *) at=$(/usr/bin/dirname "$at")/$link ;; esac
    done
    [ -e "$image/files$at" ] || fail 125 "Error: \"${DOLLAR}{2#*:}\" could not be found on container 4f53cda18c2b: no such file or directory"
    /bin/cp -R "$image/files$at" "$3"
    ;;
  ps*) /bin/ls "$R/podman/containers" ;;
  rm*) /bin/rm "$R/podman/containers/$last" ;;
  esac
  ;;
esac
`;

export type ToolName = 'skopeo' | 'oc' | 'podman';

/** A registry in a folder. */
export class FakeRegistry {
  readonly folder: string;
  #images = 0;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(join(folder, 'refs'), { recursive: true });
    writeFileSync(join(folder, 'calls'), '');
  }

  /** Puts an image there, or moves its tag. @returns its digest */
  async push(name: string, tag: string, layer: readonly LayerEntry[]): Promise<string> {
    const image = join(this.folder, `image-${this.#images++}`);
    const digest = await writeDir(join(image, 'dir'), [[{ name: 'etc/base', text: 'base' }], layer]);
    for (const entry of layer) {
      const path = join(image, 'files', entry.name);
      mkdirSync(dirname(path), { recursive: true });
      if ('text' in entry) writeFileSync(path, entry.text, { mode: 0o755 });
      else if ('link' in entry) symlinkSync(entry.link, path);
    }
    writeFileSync(join(image, 'digest'), digest);
    for (const reference of [`${name}:${tag}`, `${name}@${digest}`])
      writeFileSync(join(this.folder, 'refs', reference.replaceAll('/', '_')), `${image}\n`);
    return digest;
  }

  /** Puts an image into podman's storage, as if it had been built there. */
  store(name: string, tag: string): void {
    const reference = `${name}:${tag}`.replaceAll('/', '_');
    mkdirSync(join(this.folder, 'podman/images'), { recursive: true });
    copyFileSync(join(this.folder, 'refs', reference), join(this.folder, 'podman/images', reference));
  }

  /** A folder for PATH with these tools alone. */
  tools(...names: ToolName[]): string {
    const bin = join(this.folder, `bin-${names.join('-')}`);
    mkdirSync(bin, { recursive: true });
    for (const name of names) {
      writeFileSync(join(bin, name), `#!/bin/sh\nR='${this.folder}'\n${SCRIPT}`, { mode: 0o755 });
    }
    return bin;
  }

  /** What the tools were asked since the last call of this. */
  calls(): string[] {
    const path = join(this.folder, 'calls');
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    writeFileSync(path, '');
    return lines;
  }
}
