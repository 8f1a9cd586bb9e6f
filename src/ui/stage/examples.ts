/** Pictures to start from on the first visit, served with the page. */
export interface Example {
  readonly name: string;
  readonly file: string;
  /** What is to be seen, for those who do not see it. */
  readonly description: string;
}

export const examples: readonly Example[] = [
  { name: 'Dusk', file: 'dusk.webp', description: 'Hazy mountain ridges under a low orange sun' },
  { name: 'Marbles', file: 'marbles.webp', description: 'Shiny coloured balls on a wooden table' },
  { name: 'Ink', file: 'ink.webp', description: 'Swirls of blue and rust-red ink' },
  { name: 'Coral', file: 'coral.webp', description: 'A maze of pale coral on deep teal' },
];

/** The address of an example's picture, relative to the page. */
export function exampleUrl({ file }: Example): string {
  return `${import.meta.env.BASE_URL}examples/${file}`;
}
