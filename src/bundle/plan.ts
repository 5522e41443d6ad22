/** Where the bytes of a file in the bundle come from. */
export type EntryContent =
  | {
      readonly kind: 'file';
      /** Where it lies on this machine. */
      readonly source: string;
      readonly bytes: number;
      /** What it must be, where that is known; another content stops the bundle. */
      readonly sha256?: string;
    }
  | { readonly kind: 'text'; readonly text: string }
  /** A symbolic link to a path relative to the link's own folder; never out of the bundle. */
  | { readonly kind: 'link'; readonly target: string };

/** The content of a file that lies on this machine. */
export type FileContent = Extract<EntryContent, { kind: 'file' }>;

/** One file of the bundle. Folders are not entries: they are made on the way. */
export interface BundleEntry {
  /** Path from the release's folder, with `/` between its names. */
  readonly path: string;
  readonly content: EntryContent;
  readonly isExecutable?: boolean;
}

/** Files that belong together, as the operator is told of them. */
export interface BundleGroup {
  readonly title: string;
  readonly entries: readonly BundleEntry[];
}

/** What machine a bundle is for: the kind that it is made on. */
export interface Platform {
  /** As in Node's `process.platform`. */
  readonly os: string;
  /** As in Node's `process.arch`. */
  readonly arch: string;
  /** The C library that the programs were linked with. */
  readonly libc: 'glibc' | 'musl';
}

/** All that goes into a bundle, before a byte of it is written. */
export interface BundlePlan {
  readonly version: string;
  readonly platform: Platform;
  /** Unpacks the archive on the target; the archive begins with it. */
  readonly unpacker: BundleEntry;
  /** The Node binary, second in the archive; undefined = the target has its own. */
  readonly node: BundleEntry | undefined;
  readonly groups: readonly BundleGroup[];
  /** The newest glibc that a program or library of the bundle asks for, such as `2.28`. */
  readonly glibc: string | undefined;
}

/** How many bytes a file has. */
export function contentBytes(content: EntryContent): number {
  switch (content.kind) {
    case 'file':
      return content.bytes;
    case 'text':
      return Buffer.byteLength(content.text);
    case 'link':
      return 0;
  }
}

/** How many bytes files have together. */
export function bytesOf(entries: readonly BundleEntry[]): number {
  return entries.reduce((sum, entry) => sum + contentBytes(entry.content), 0);
}

/** All files in the order of the archive, which depends on their paths alone. */
export function orderedEntries({ unpacker, node, groups }: BundlePlan): readonly BundleEntry[] {
  const rest = groups.flatMap(({ entries }) => entries);
  const sorted = rest.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  return [unpacker, ...(node ? [node] : []), ...sorted];
}
