import type { StoredContents } from './stored-file.ts';

export type Entry = { readonly kind: 'file'; readonly contents: StoredContents } | FolderEntry;
export interface FolderEntry {
  readonly kind: 'directory';
  readonly entries: Map<string, Entry>;
  removed: boolean;
}

export function folder(): FolderEntry {
  return { kind: 'directory', entries: new Map(), removed: false };
}

export function isLocked(entry: Entry): boolean {
  return entry.kind === 'file' ? entry.contents.locked : [...entry.entries.values()].some(isLocked);
}

export function removeEntry(entry: Entry | undefined): void {
  if (!entry) return;
  if (entry.kind === 'file') {
    entry.contents.removed = true;
    return;
  }
  entry.removed = true;
  for (const child of entry.entries.values()) removeEntry(child);
}
