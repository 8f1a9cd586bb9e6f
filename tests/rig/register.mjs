/** Import this first, and what is imported afterwards may be TypeScript. */
import { register } from 'node:module';

// From 22.18 on Node takes types out by itself.
if (!process.features.typescript) register('./typescript-loader.mjs', import.meta.url);
