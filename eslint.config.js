import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

/**
 * The layers, from the page down: what each folder of `src` may import besides itself, `base` and `formats`.
 * An import that runs any other way is an error, so the drawing in ARCHITECTURE.md stays true.
 */
const layers = {
  base: [],
  formats: [],
  project: [],
  protocol: ['project'],
  compute: [],
  runtime: ['compute'],
  models: ['runtime'],
  diffusion: ['compute', 'runtime'],
  animation: ['diffusion', 'project'],
  media: [],
  store: ['project', 'protocol'],
  ui: ['store', 'project'],
};

const layerRules = Object.entries(layers).map(([layer, allowed]) => {
  const below = { base: [], formats: ['base'] }[layer] ?? ['base', 'formats', ...allowed];
  const forbidden = Object.keys(layers).filter((other) => other !== layer && !below.includes(other));
  return {
    files: [`src/${layer}/**/*.{ts,tsx}`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: forbidden.flatMap((other) => [`../${other}/*`, `../**/../${other}/**`]),
              message: `src/${layer} may import only: ${below.join(', ') || 'nothing'}.`,
            },
            ...(layer === 'runtime'
              ? []
              : [
                  {
                    group: ['onnxruntime-web', 'onnxruntime-web/*'],
                    message: 'Only src/runtime talks to ONNX Runtime.',
                  },
                ]),
          ],
        },
      ],
    },
  };
});

export default tseslint.config(
  { ignores: ['dist', '.cache', 'node_modules', 'test-results', 'public', 'playwright-report'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] } } },
    rules: {
      eqeqeq: 'error',
      curly: ['error', 'multi-line', 'consistent'],
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  { files: ['src/ui/**/*.{ts,tsx}'], ...reactHooks.configs.flat['recommended-latest'] },
  ...layerRules,
  { files: ['**/*.{js,mjs}'], extends: [tseslint.configs.disableTypeChecked] },
);
