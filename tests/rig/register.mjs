/** Enables TypeScript in later imports, so it has to be imported first. */
import { register } from 'node:module';

// Node strips types by default from 22.18 on.
if (!process.features.typescript) register('./typescript-loader.mjs', import.meta.url);
