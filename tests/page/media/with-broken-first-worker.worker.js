import './with-broken-first-worker.ts';
import '../../../workers/media.ts';
