import type { WantedModel } from '../../store/index.ts';

/** A folder that was chosen, from its files: their paths begin with its name. */
export function folderFrom(
  files: readonly { readonly webkitRelativePath: string; readonly file: Blob }[],
): WantedModel {
  const name = files[0]?.webkitRelativePath.split('/')[0] ?? '';
  return {
    kind: 'folder',
    name,
    files: files.map(({ webkitRelativePath, file }) => ({
      path: webkitRelativePath.split('/').slice(1).join('/'),
      file,
    })),
  };
}
