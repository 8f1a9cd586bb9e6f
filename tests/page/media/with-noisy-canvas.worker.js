import './with-noisy-canvas.ts';
import '../../../workers/media.ts';
