/** Program name in metadata. */
export const programName = 'Drift';

/** Escapes JSON to ASCII, for formats without other characters. */
export function asciiJson(json: string): string {
  return json.replace(
    /[^\x20-\x7e\n]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
