import type { ByteSource } from '../../../src/models/types.ts';
import { diffusionRepository, safetensorsCommit } from '../../../tools/full-model/model.ts';
import type { Repository, RepositoryFiles } from './index.ts';

/**
 * Repositories from files by `owner/name/path`: everything at `main`, except that the diffusion model's safetensors exist
 * only at the commit that adds them; its `main` and `v2.0` have PyTorch files only.
 */
export function published(files: ReadonlyMap<string, ByteSource>): Repository[] {
  const repositories = new Map<string, Map<string, ByteSource>>();
  for (const [path, source] of files) {
    const [owner = '', name = '', ...rest] = path.split('/');
    const own = repositories.get(`${owner}/${name}`) ?? new Map<string, ByteSource>();
    repositories.set(`${owner}/${name}`, own.set(rest.join('/'), source));
  }
  return [...repositories].map(([id, own]) => {
    if (id !== diffusionRepository) return { id, revisions: new Map([['main', own]]) };
    const torch = new Map([...own].filter(([path]) => !path.endsWith('.safetensors')));
    const revisions = new Map<string, RepositoryFiles>([
      ['main', torch],
      ['v2.0', torch],
      [safetensorsCommit, own],
    ]);
    return { id, licence: 'creativeml-openrail-m', revisions };
  });
}
