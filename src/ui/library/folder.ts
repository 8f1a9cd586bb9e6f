import type { WantedModel } from '../../store/index.ts';

/** Builds a `WantedModel` from the files of a directory picker, whose paths begin with the directory's name. */
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
