/** Documents of `docs/` that the build adds to the site as `help/NAME.html`, with their labels. */
export const helpDocuments = [
  { name: 'guide', label: 'Guide for artists' },
  { name: 'models', label: 'Models' },
  { name: 'formats', label: 'Formats' },
  { name: 'hosting', label: 'Hosting Drift' },
] as const;
