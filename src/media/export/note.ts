/** The program that metadata names. */
export const program = 'Drift';

/** JSON in ASCII, for formats whose texts have no other characters: the rest is escaped. */
export function asciiJson(json: string): string {
  return json.replace(
    /[^\x20-\x7e\n]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
