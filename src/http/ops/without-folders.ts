/** An absolute path up to its last name; a URL's has no space or quote before it, and routes stay. */
const FOLDERS = /(?<=^|[\s"'`(=:])(?!\/admin\/)(?:\/[^\s/"'`():,;]+)*\/(?=[^\s/"'`():,;]+)/g;

/** Leaves the folders out of a text that anybody may read: where things lie is nobody's business. */
export function withoutFolders(text: string): string {
  return text.replaceAll(FOLDERS, '');
}
