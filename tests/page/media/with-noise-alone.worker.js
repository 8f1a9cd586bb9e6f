import './with-noisy-canvas.ts';
import '../../../workers/media.ts';

// Neither is there another way to decode pictures.
Reflect.deleteProperty(globalThis, 'ImageDecoder');
