import { ProjectError } from '../base/index.ts';
import type { ErrorDetails, Picture } from '../base/index.ts';
import { decodePng } from '../formats/index.ts';
import type { PictureSize, PngFault } from '../formats/index.ts';

const codes = {
  damaged: 'picture-damaged',
  size: 'picture-size',
  unsupported: 'picture-unsupported',
} as const;

/**
 * Decodes a project's picture with `decodePng`, whose faults become errors of projects.
 *
 * @param expected size according to the project
 * @param name name of the file in error messages
 * @throws ProjectError `picture-damaged`, `picture-size` or `picture-unsupported`
 */
export function decodeFramePng(
  file: Uint8Array<ArrayBuffer>,
  expected: PictureSize,
  name: string,
): Promise<Picture> {
  return decodePng(file, expected, { name, fail });
}

function fail(fault: PngFault, message: string, details: ErrorDetails, cause?: unknown): ProjectError {
  const remedy =
    fault === 'unsupported'
      ? 'Save it with 8 bits a channel, in RGB or RGBA, without interlacing.'
      : 'Use another copy of the project, if there is one.';
  return new ProjectError(codes[fault], message, { remedy, details, cause });
}
