import type { NamedFile } from '../../store/index.ts';

/**
 * Files of a drop or paste, directories expanded recursively with paths as names. Has to be called synchronously in the
 * event handler, after which the browser clears the `DataTransfer`.
 */
export function droppedFiles(data: DataTransfer | null): Promise<NamedFile[]> {
  const files = [...(data?.files ?? [])].map((file) => ({ name: file.name, file }));
  const entries = [...(data?.items ?? [])].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (!entries.some(({ isDirectory }) => isDirectory)) return Promise.resolve(files);
  return Promise.all(entries.map(filesIn)).then((nested) => nested.flat());
}

// Chromium has no global constructors of these interfaces, so `instanceof` cannot be used.
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

async function filesIn(entry: FileSystemEntry): Promise<NamedFile[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => {
      entry.file(resolve, reject);
    });
    return [{ name: entry.fullPath.replace(/^\//, ''), file }];
  }
  if (!isFolder(entry)) return [];
  const reader = entry.createReader();
  const nested: NamedFile[] = [];
  // `readEntries` returns a directory in batches, the last of which is empty.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (part.length === 0) return nested;
    for (const inside of part) for (const file of await filesIn(inside)) nested.push(file);
  }
}
