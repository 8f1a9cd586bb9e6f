import { ModelError } from '../base/index.ts';

/**
 * Parses a JSON file, without validating it.
 *
 * @param file URL or name, for errors.
 * @throws ModelError `not-json`
 */
export function parseJson(file: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ModelError('not-json', `${file} is not JSON.`, {
      remedy: 'Check the address: it may be that of a web page and not of a file.',
      details: { url: file },
      cause,
    });
  }
}
