import { InputError } from '../../base/index.ts';

/**
 * Fetches a picture that is served with the page.
 *
 * @throws InputError `picture-unreachable` if the request fails.
 */
export async function fetchPicture(url: string): Promise<Blob> {
  const response = await fetch(url).catch(() => null);
  if (response?.ok) return response.blob();
  throw new InputError('picture-unreachable', 'The example picture did not arrive.', {
    remedy: 'Check the network connection and try again, or use a picture of your own.',
    details: { url, status: response?.status ?? null },
  });
}
