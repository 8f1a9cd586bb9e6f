/** Entry point of the models worker: downloads, stores and verifies models. */
import { modelsApi, serve } from '../src/protocol/index.ts';
import { privateModelStorage } from './model-files.ts';
import { modelKeeping } from './model-keeping.ts';

serve(self, modelsApi, modelKeeping(privateModelStorage()));
