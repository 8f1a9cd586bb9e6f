import './with-noisy-canvas.ts';
import '../../../workers/media.ts';

// Without ImageDecoder, there is no other way to decode pictures.
Reflect.deleteProperty(globalThis, 'ImageDecoder');
