import './with-broken-webcodecs.ts';
import '../../../workers/media.ts';
