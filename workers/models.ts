/** Entry point of the models worker: downloads, stores and verifies models. */
import { modelsApi, serve } from '../src/protocol/index.ts';
import { privateModelStorage } from './model-files.ts';
import { modelHandlers } from './model-handlers.ts';

serve(self, modelsApi, modelHandlers(privateModelStorage()));
