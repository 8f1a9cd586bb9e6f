/** Example picture to start from, served with the page. */
export interface Example {
  readonly name: string;
  readonly file: string;
  /** Description of the picture for screen readers. */
  readonly description: string;
}

export const examples: readonly Example[] = [
  { name: 'Fox', file: 'fox.webp', description: 'The head of an orange fox on a pale ground' },
  { name: 'Strawberry', file: 'strawberry.webp', description: 'A red strawberry on pale green' },
  { name: 'Sailboat', file: 'sailboat.webp', description: 'A boat with a yellow sail on blue water' },
  { name: 'Cactus', file: 'cactus.webp', description: 'A green cactus with two arms on sand yellow' },
];

/** URL of an example picture. */
export function exampleUrl({ file }: Example): string {
  return `${import.meta.env.BASE_URL}examples/${file}`;
}
