import './without-webcodecs.ts';
import '../../../workers/media.ts';
