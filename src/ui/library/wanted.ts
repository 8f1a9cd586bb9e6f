import type { WantedModel } from '../../store/index.ts';

/** What a person means by what they typed: the id of a model on the hub, its page there, or a manifest's address. */
export function wantedFrom(text: string): WantedModel | null {
  const typed = text.trim();
  const page = /^https:\/\/huggingface\.co\/([\w.-]+\/[\w.-]+)\/?$/.exec(typed)?.[1];
  if (page !== undefined) return { kind: 'hub', repository: page };
  if (/^https?:\/\//i.test(typed) && URL.canParse(typed)) return { kind: 'manifest', url: typed };
  return /^[\w.-]+\/[\w.-]+$/.test(typed) ? { kind: 'hub', repository: typed } : null;
}

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
