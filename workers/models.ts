/** The models worker: fetches models and keeps them on this device, so that downloads never hold up the page. */
import { modelsApi, serve } from '../src/protocol/index.ts';
import { privateModelStorage } from './model-files.ts';
import { modelKeeping } from './model-keeping.ts';

serve(self, modelsApi, modelKeeping(privateModelStorage()));
