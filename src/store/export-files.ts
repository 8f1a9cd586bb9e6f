/** Writing files for the Export dialog; loaded lazily on first use. */
import { removeEmpty } from '../base/index.ts';
import { exportParams } from './export-params.ts';
import type { ExportRequest, ExportSources, WrittenFile } from './export.ts';

/** Writes a file, streaming to `target` if it is not null. */
export async function exported(
  request: ExportRequest,
  target: FileSystemFileHandle | null,
  sources: ExportSources,
  call: {
    readonly signal: AbortSignal;
    readonly onEvent: (event: { readonly done: number; readonly of: number }) => void;
  },
): Promise<Omit<WrittenFile, 'name'>> {
  try {
    const params = await exportParams(request, sources);
    call.signal.throwIfAborted();
    const { file, bytes, width, height } = await sources.media.call(
      'export',
      { ...params, target, first: null },
      call,
    );
    // Encoded once: of the worker's temporary files only the latest are kept, and `file` may be one of them.
    let still: Promise<Blob> | null = null;
    return { file, bytes, width, height, still: () => (still ??= stillOf(params, sources)) };
  } catch (error) {
    // The worker removes only what it has begun to write.
    if (target) await removeEmpty(target);
    throw error;
  }
}

/** Encodes the first frame of a file as a PNG: an APNG of one frame. */
async function stillOf(
  { source, frames, options }: Awaited<ReturnType<typeof exportParams>>,
  { media }: ExportSources,
): Promise<Blob> {
  const { signal } = new AbortController();
  const only = { source, frames: frames.slice(0, 1), note: null, document: null, target: null, first: null };
  const { file } = await media.call(
    'export',
    { ...only, options: { ...options, format: 'apng', limit: null } },
    { signal },
  );
  return new Blob(file ? [file] : [], { type: 'image/png' });
}
